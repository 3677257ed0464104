"""What a law of the contract is, which laws there are, and on what each of them is tried.

A law is a function whose name is the law and whose docstring says the reason. It takes the `subject`, where it is
about files a `sample`, and where it searches for counterexamples Hypothesis' `data`. `@law` states what it needs:
the hooks, and the facts that only a testkit can give. From that the skips follow, each with its reason.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, Final

import hypothesis
from attrs import field, frozen
from hypothesis import strategies as st

from polybroker.matrix import GROUPS
from polybroker.testing.specimen import Specimen
from polybroker.testing.subject import Subject
from polybroker.testing.testkit import Deviation

MARK: Final = "__polybroker_law__"
LawFunction = Callable[..., None]


@frozen
class Law:
    """One law of the contract."""

    name: str
    group: str
    function: LawFunction = field(repr=False)
    hooks: tuple[str, ...]
    needs: tuple[str, ...]
    """The facts beyond the hooks, keys of `KIT_FACTS` or `SAMPLE_FACTS`."""

    @property
    def reason(self) -> str:
        """Why the law is one."""
        return inspect.getdoc(self.function) or ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the law is called with, in order: `subject`, `sample`."""
        return tuple(name for name in inspect.signature(self.function).parameters if name != "data")

    @property
    def per_sample(self) -> bool:
        """Whether the law is about a file."""
        return "sample" in self.arguments

    def test(self, settings: hypothesis.settings | None = None) -> LawFunction:
        """The law as a test function; one that draws data is tried on many."""
        if "data" not in inspect.signature(self.function).parameters:
            return self.function
        test: LawFunction = hypothesis.given(data=st.data())(self.function)
        return settings(test) if settings else test


@frozen
class Case:
    """A law tried on a subject, and on one of its samples where it is about files."""

    law: Law
    subject: Subject
    sample: Specimen | None
    skip: str | None = None
    """Why it cannot be tried."""
    deviation: Deviation | None = None

    @property
    def id(self) -> str:
        """The broker id, with the sample's name."""
        return self.subject.name if self.sample is None else f"{self.subject.name}-{self.sample.name}"

    @property
    def values(self) -> dict[str, object]:
        """The law's arguments."""
        values: dict[str, object] = {"subject": self.subject, "sample": self.sample}
        return {name: values[name] for name in self.law.arguments}

    def check(self, settings: hypothesis.settings | None = None) -> None:
        """Try the law; whatever it raises."""
        self.law.test(settings)(**self.values)


def law(*hooks: str, needs: tuple[str, ...] = (), group: str | None = None) -> Callable[[LawFunction], LawFunction]:
    """Make the function a law that needs these hooks and facts; its group is that of its first hook."""
    unknown = set(needs) - {*KIT_FACTS, *SAMPLE_FACTS, SESSION}
    if unknown:
        raise ValueError(f"no such fact: {', '.join(sorted(unknown))}")
    groups = {hook: name for name, members in GROUPS.items() for hook in members}

    def mark(function: LawFunction) -> LawFunction:
        name = function.__name__
        entry = Law(name, group or groups[hooks[0]], function, hooks, needs)
        test = entry.test()
        setattr(test, MARK, entry)
        return test

    return mark


def law_of(function: object) -> Law | None:
    """The law that a test function is, or None."""
    found = getattr(function, MARK, None)
    return found if isinstance(found, Law) else None


@functools.cache
def catalogue() -> tuple[Law, ...]:
    """All laws of the contract."""
    return tuple(_laws())


def cases(law: Law, subject: Subject) -> list[Case]:
    """Everything that the law is tried on for this broker; a case that cannot be tried says why."""
    if reason := _missing(law, subject):
        return [Case(law, subject, None, skip=reason)]
    if not law.per_sample:
        return [Case(law, subject, None, deviation=_deviation(law, subject, None))]
    if not subject.samples:
        return [Case(law, subject, None, skip=f"{subject.name} ships no sample, and its testkit has none")]
    return [
        Case(law, subject, sample, skip=_lacking(law, sample), deviation=_deviation(law, subject, sample))
        for sample in subject.samples
    ]


KIT_FACTS: Final = {
    "instruments": "instruments",
    "symbol_examples": "symbol examples",
    "near_misses": "near misses",
    "charge_examples": "examples of charges",
    "simulator": "simulator",
}
"""What a law may need of the testkit, in words."""

SESSION: Final = "session"
"""What a law needs that tries a session: a simulator, or a broker that has no wire."""

SAMPLE_FACTS: Final = {
    "table": "is no table",
    "delimited": "is no delimited file",
    "workbook": "is no workbook",
    "write": "has no `write` in the testkit",
    "known": "has no known fills in the testkit",
    "required": "has no required columns in the testkit",
    "side": "has no column of sides that could be found",
    "quantity": "has no column of quantities that could be found",
    "price": "has no column of prices that could be found",
    "symbol": "has no column of symbols that could be found",
    "fill_id": "has no column of fill ids",
    "content_identity": "has a column of fill ids",
    "wall_clock": "states the zone of its times",
}
"""What a law may need of a sample, and what is said of one that lacks it."""


def _missing(law: Law, subject: Subject) -> str | None:
    if subject.broker is None:
        return None if law.hooks == () else f"{subject.name} is broken"
    absent = [hook for hook in law.hooks if not subject.broker.offers(hook)]
    if absent:
        return f"{subject.name} does not offer {absent[0]}"
    if SESSION in law.needs and not subject.connects:
        return f"{subject.name} has no simulator to connect to"
    for need in law.needs:
        if need in KIT_FACTS and getattr(subject.facts, need) in (None, ()):
            who = f"the testkit of {subject.name}" if subject.kit else f"{subject.name} has no testkit, which"
            return f"{who} gives no {KIT_FACTS[need]}" if subject.kit else f"{who} would give {KIT_FACTS[need]}"
    return None


def _lacking(law: Law, sample: Specimen) -> str | None:
    lacking = next((need for need in law.needs if need in SAMPLE_FACTS and not sample.has(need)), None)
    return f"{sample.name} {SAMPLE_FACTS[lacking]}" if lacking else None


def _deviation(law: Law, subject: Subject, sample: Specimen | None) -> Deviation | None:
    for deviation in subject.facts.deviations:
        if deviation.law == law.name and (sample is None or deviation.sample in (None, sample.name)):
            return deviation
    return None


def _laws() -> Iterator[Law]:
    package: Any = importlib.import_module("polybroker.testing.contract")
    for module in sorted(entry.name for entry in pkgutil.iter_modules(package.__path__)):
        if module.startswith("test_"):
            members = vars(importlib.import_module(f"{package.__name__}.{module}")).values()
            yield from (found for member in members if (found := law_of(member)))
