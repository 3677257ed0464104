"""Runs a case in a process of its own and measures its CPU time and peak memory.

A case is a function `module:name` that takes string arguments, imports what it needs, and returns a
callable: that callable's run is what is measured. What it returns is compared between peers.
"""

from __future__ import annotations

import importlib
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

Work = Callable[[], Mapping[str, Any]]


@frozen
class Measured:
    """CPU seconds (all threads and children), peak resident memory in MB, and the case's answer."""

    cpu: float
    peak: float
    answer: Mapping[str, Any]


def cpu_seconds() -> float:
    """CPU time of this process and of its finished children."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def measure(case: str, *arguments: str, repeat: int = 3) -> Measured:
    """The run with the least CPU out of `repeat`; peak memory of that run."""
    runs = [_once(case, arguments) for _ in range(repeat)]
    return min(runs, key=lambda run: run.cpu)


def _once(case: str, arguments: tuple[str, ...]) -> Measured:
    command = [sys.executable, "-m", "benchmarks.measure", case, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{case} failed:\n{done.stderr[-3000:]}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def _run(case: str, arguments: list[str]) -> None:
    module, name = case.split(":")
    work: Work = getattr(importlib.import_module(module), name)(*arguments)
    before = cpu_seconds()
    answer = work()
    cpu = cpu_seconds() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu": cpu, "peak": peak, "answer": dict(answer)}))


if __name__ == "__main__":
    _run(sys.argv[1], sys.argv[2:])
