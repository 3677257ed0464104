"""The contract suite's report in words: a line for each capability, and what broke a law."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from polybroker.cli.visible import visible

Facts = Mapping[str, Any]


def kept(broker: Facts) -> bool:
    """Whether something was tried and no law was broken."""
    groups = broker["capabilities"].values()
    return any(group["passed"] for group in groups) and not any(group["failed"] for group in groups)


def lines(broker: Facts) -> Iterator[str]:
    """The verdict on one broker of the report."""
    yield f"{broker['id']} ({broker['distribution'] or 'not installed'} {broker['version'] or '-'})"
    for name, group in broker["capabilities"].items():
        yield f"  {name:<12} {_verdict(group)}"
        yield from _failures(group["laws"])
        yield from _reasons(group["laws"], "deviation", "owned up to")
        if group["offered"]:
            yield from _reasons(group["laws"], "skipped", "not tried", but=" does not offer ")
    broken = sum(group["failed"] for group in broker["capabilities"].values())
    yield ""
    if kept(broker):
        yield f"{broker['id']} keeps the contract."
    elif broken:
        yield f"{broker['id']} breaks the contract: {broken} {'law' if broken == 1 else 'laws'} failed."
    else:
        yield f"{broker['id']} was not tried on any law."


def _verdict(group: Facts) -> str:
    tried = group["passed"] + group["failed"] + group["deviation"]
    if group["failed"]:
        return f"BROKEN: {group['failed']} of {tried} failed"
    if tried:
        more = f", {group['deviation']} deviations" if group["deviation"] else ""
        return f"kept: {group['passed']} passed{more}"
    return "offered, but no law could be tried" if group["offered"] else "not offered"


def _failures(laws: Sequence[Facts]) -> Iterator[str]:
    for law in laws:
        if law["outcome"] == "failed":
            sample = f" ({visible(law['sample'])})" if law["sample"] else ""
            yield f"    {law['law']}{sample}"
            for text in (law["reason"], law["example"]):
                if text:
                    yield f"      {visible(text)}"


def _reasons(laws: Sequence[Facts], outcome: str, word: str, but: str | None = None) -> Iterator[str]:
    reasons = dict.fromkeys(law["reason"] or "" for law in laws if law["outcome"] == outcome)
    for reason in reasons:
        if but is None or but not in reason:
            yield f"    {word}: {visible(reason)}"
