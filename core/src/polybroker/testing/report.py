"""What became of every law: lines for people, JSON for machines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from attrs import asdict, define, field, frozen

from polybroker.matrix import GROUPS
from polybroker.testing.subject import Subject

VERSION: Final = 1
"""Of the JSON report."""
OUTCOMES: Final = ("passed", "failed", "deviation", "skipped")
_LONGEST: Final = 500


class PytestReport(Protocol):
    """What is used of pytest's report."""

    when: Any
    outcome: Any
    user_properties: Any
    longrepr: Any


@frozen(kw_only=True)
class Result:
    """What became of one law, on one sample where it is about files."""

    law: str
    sample: str | None
    outcome: str
    """One of `OUTCOMES`; a stale deviation is `failed`."""
    reason: str | None = None
    """Why it was skipped, is excused, or failed."""
    example: str | None = None
    """What falsified it."""


@define
class Report:
    """The results of one run."""

    subjects: Sequence[Subject]
    results: dict[tuple[str, str], list[Result]] = field(factory=dict)
    """By broker id and group."""

    def add(self, report: PytestReport) -> None:
        """Take in one of pytest's reports; those that are about no law are ignored."""
        facts = dict(report.user_properties)
        place = facts.get("polybroker")
        outcome = _outcome(report)
        if not isinstance(place, Mapping) or outcome is None:
            return
        message, example = facts.get("polybroker_failure") or (None, None)
        excuse = getattr(report, "wasxfail", None)
        reason: str | None
        if outcome == "skipped":
            reason = _skip_reason(report.longrepr)
        elif outcome == "deviation":
            reason = excuse
        else:
            reason = None if outcome == "passed" else message or str(report.longrepr).splitlines()[-1]
        result = Result(law=place["law"], sample=place["sample"], outcome=outcome, reason=reason, example=example)
        self.results.setdefault((place["broker"], place["group"]), []).append(result)

    def to_json(self) -> dict[str, Any]:
        """The report as JSON-ready data: brokers, their capabilities, and the laws of each."""
        return {"version": VERSION, "brokers": [self._broker(subject) for subject in self.subjects]}

    def write(self, path: str) -> None:
        """Write the report as JSON."""
        Path(path).write_text(json.dumps(self.to_json(), indent=2) + "\n", encoding="utf-8")

    def lines(self) -> Iterator[str]:
        """A verdict for every broker and capability."""
        for subject in self.subjects:
            for group in GROUPS:
                counts = Counter(result.outcome for result in self.results.get((subject.name, group), ()))
                if counts:
                    words = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES if counts[outcome])
                    yield f"{subject.name}: {group}: {words}"

    def _broker(self, subject: Subject) -> dict[str, Any]:
        broker = subject.broker
        return {
            "id": subject.name,
            "distribution": broker and broker.distribution,
            "version": broker and broker.version,
            "broken": subject.broken,
            "hooks": list(broker.hooks) if broker else [],
            "capabilities": {group: self._group(subject, group) for group in GROUPS},
        }

    def _group(self, subject: Subject, group: str) -> dict[str, Any]:
        results = self.results.get((subject.name, group), [])
        offered = bool(subject.broker and subject.broker.capabilities[group])
        counts = {outcome: sum(result.outcome == outcome for result in results) for outcome in OUTCOMES}
        return {"offered": offered, **counts, "laws": [asdict(result) for result in results]}


def header(subject: Subject) -> Iterator[str]:
    """Who is under test, in a line or two."""
    if subject.broker is None:
        yield f"polybroker: {subject.name}, broken: {subject.broken}"
        return
    kit = f"testkit with {len(subject.samples)} samples" if subject.kit else "no testkit"
    yield f"polybroker: {subject.title}, {kit}"
    for group, hooks in subject.broker.capabilities.items():
        if hooks:
            yield f"  {group}: {', '.join(hooks)}"


def falsified(error: BaseException) -> tuple[str, str | None]:
    """The first line of what went wrong, and of the example that showed it."""
    message = next((line for line in f"{type(error).__name__}: {error}".splitlines() if line.strip()), "")
    notes = [line.strip() for note in getattr(error, "__notes__", ()) for line in note.splitlines() if line.strip()]
    drawn = [line for line in notes if line.startswith("Draw ")]
    example = " ".join(drawn) if drawn else next((line for line in notes if line.startswith("Falsifying")), None)
    return message[:_LONGEST], example and example[:_LONGEST]


def _outcome(report: PytestReport) -> str | None:
    """The outcome of the law; None for a phase that decides nothing."""
    if hasattr(report, "wasxfail"):
        return "deviation" if report.outcome == "skipped" else "failed"
    if report.outcome == "skipped":
        return "skipped"
    if report.outcome == "failed":
        return "failed"
    return "passed" if report.when == "call" else None


def _skip_reason(longrepr: object) -> str:
    text = longrepr[2] if isinstance(longrepr, tuple) else longrepr
    return str(text).removeprefix("Skipped: ")
