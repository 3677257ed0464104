"""Prints every ratio of the speed targets, with the figures behind it."""

from __future__ import annotations

import sys

from benchmarks import data
from benchmarks.measure import Measured, measure
from benchmarks.wire import FRAMES, REQUESTS


def report(what: str, ours: float, peer: float, unit: str = "s CPU", bound: str = "") -> None:
    """One line: our figure, the peer's, their ratio and the bound it is held to."""
    print(f"{what:<58} {ours:9.3f} {peer:9.3f} {unit:<7} ratio {ours / peer:6.2f}   {bound}", flush=True)


def same(first: Measured, second: Measured) -> None:
    """Two ways have to give one answer, else their times say nothing."""
    if first.answer != second.answer:
        raise SystemExit(f"the answers differ: {first.answer} and {second.answer}")


def workbook() -> None:
    """A 100,000-row workbook."""
    path = str(data.amp_workbook())
    ours = measure("benchmarks.ours:statement", path, "amp_cqg")
    floor = measure("benchmarks.floor:workbook", path)
    ordinary = measure("benchmarks.ordinary:workbook", path, repeat=1)
    same(ours, ordinary)
    report("workbook, 100,000 rows x 40: import / bare fastexcel read", ours.cpu, floor.cpu, bound="at most 1.3")
    report("workbook: ordinary way / import", ordinary.cpu, ours.cpu, bound="at least 14")
    report("workbook: peak memory, import / bare fastexcel read", ours.peak, floor.peak, "MB")


def csv_file() -> None:
    """A file of a million fills."""
    path = str(data.csv_fills())
    ours = measure("benchmarks.ours:statement", path, "generic_csv")
    floor = measure("benchmarks.floor:csv_file", path)
    ordinary = measure("benchmarks.ordinary:csv_file", path, repeat=1)
    same(ours, ordinary)
    report("csv, 1,000,000 fills: import / bare polars scan", ours.cpu, floor.cpu, bound="at most 4")
    report("csv: ordinary way / import", ordinary.cpu, ours.cpu, bound="at least 10")
    report("csv: peak memory, import / bare polars scan", ours.peak, floor.peak, "MB", bound="at most 3")


def matching() -> None:
    """FIFO alone, and its growth."""
    per_fill = {}
    for rows in (10_000, 100_000, 1_000_000, 3_000_000):
        run = measure("benchmarks.ours:matching", str(rows), "2000")
        per_fill[rows] = run.cpu / rows * 1e6
        print(
            f"matching, {rows:>9,} fills over 2,000 contracts: {per_fill[rows]:.3f} microseconds CPU a fill", flush=True
        )
    report("matching: a fill at 3,000,000 / at 100,000", per_fill[3_000_000], per_fill[100_000], "us", bound="about 1")


def wire() -> None:
    """HTTP at 1 and 100 concurrent requests, and a stream of quotes."""
    for concurrent in ("1", "100"):
        peer = measure("benchmarks.wire:aiohttp_requests", concurrent)
        for backend in ("asyncio", "trio"):
            ours = measure("benchmarks.wire:our_requests", concurrent, backend)
            what = f"http, {concurrent} concurrent, {backend}: a request / aiohttp's"
            report(what, ours.cpu / REQUESTS * 1e6, peer.cpu / REQUESTS * 1e6, "us CPU", bound="at most 2")
    for backend in ("asyncio", "trio"):
        run = measure("benchmarks.wire:quote_stream", backend)
        print(f"quotes, {backend}: {FRAMES / run.cpu:,.0f} JSON frames a second of CPU to Quote objects", flush=True)


def startup() -> None:
    """The help of a command against importing click."""
    bare = measure("benchmarks.startup:command", "-c", "import click", repeat=7)
    for arguments in (("--help",), ("convert", "--help"), ("brokers", "--help")):
        ours = measure("benchmarks.startup:command", "-m", "polybroker", *arguments, repeat=7)
        report(f"polybroker {' '.join(arguments)} / import click", ours.cpu, bare.cpu, bound="at most 3")


PARTS = {"workbook": workbook, "csv": csv_file, "matching": matching, "wire": wire, "startup": startup}

if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
