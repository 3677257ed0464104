"""What a mutant is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from polybroker.testing.testkit import Testkit


@frozen(kw_only=True)
class Mutant:
    """A change of the reference plugin's source: every `old` text occurs once in it and becomes `new`."""

    name: str
    killer: str
    changes: tuple[tuple[str, str], ...] = ()
    kit: Callable[[Testkit], Testkit] = lambda kit: kit
    dies_by: type[Exception] = AssertionError
    """What the law raises: anything but a failed assertion has to be meant."""
    evaluator: Mapping[str, Callable[[Any], Any]] = field(factory=dict)
    """What replaces the core's functions that apply a schedule, each made from the original."""

    def source(self, original: str) -> str:
        for old, new in self.changes:
            assert original.count(old) == 1, f"{self.name}: {old!r} occurs {original.count(old)} times"
            original = original.replace(old, new)
        return original


def mutant(name: str, killer: str, *changes: str, dies_by: type[Exception] = AssertionError) -> Mutant:
    """A mutant of the given old and new texts, in turn."""
    pairs = tuple(zip(changes[::2], changes[1::2], strict=True))
    return Mutant(name=name, killer=f"test_{killer}", changes=pairs, dies_by=dies_by)
