"""What is under test: an installed broker, its testkit, and the brokers that are installed beside it."""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from attrs import define, field

from polybroker.broker import Broker
from polybroker.discovery import Offer, installed
from polybroker.faults import in_words
from polybroker.model.broker_info import StatementKind
from polybroker.registry import BrokenBroker, Registry
from polybroker.testing.specimen import Specimen
from polybroker.testing.testkit import StatementSample, Testkit

TESTKITS: Final = "polybroker.testkits"
"""The entry-point group of testkits: name = broker id, value = a callable that returns a `Testkit`."""


@define(eq=False, slots=False)
class Subject:
    """One broker under test. `broken` says why it cannot be tried at all."""

    name: str
    broker: Broker | None
    kit: Testkit | None = None
    neighbours: Mapping[str, Broker] = field(factory=dict)
    """All brokers that can be used here, this one included."""
    broken: str | None = None

    def __repr__(self) -> str:
        return f"<{self.title}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))

    @property
    def title(self) -> str:
        """The broker id with its distribution and version."""
        if self.broker is None:
            return self.name
        return f"{self.name} ({self.broker.distribution or 'not installed'} {self.broker.version or '-'})"

    @property
    def plugin(self) -> Broker:
        """The broker; `LookupError` where the plugin is broken."""
        if self.broker is None:
            raise LookupError(f"{self.name} is broken: {self.broken}")
        return self.broker

    @property
    def facts(self) -> Testkit:
        """The testkit; an empty one where the plugin brings none."""
        return self.kit or Testkit()

    @property
    def connects(self) -> bool:
        """Whether a session can be tried: with the kit's simulator, or because the broker reaches no host at all."""
        if self.broker is None or not self.broker.offers("open_session"):
            return False
        worlds = self.broker.info.environments
        return self.facts.simulator is not None or bool(worlds and not any(world.hosts for world in worlds))

    @cached_property
    def samples(self) -> tuple[Specimen, ...]:
        """The kit's samples; without any, the files that `broker_info` names."""
        if self.broker is None:
            return ()
        samples = self.facts.samples or shipped_samples(self.broker)
        return tuple(Specimen(sample, self.broker) for sample in samples)


def sample_file(broker: Broker, kind: StatementKind) -> bytes | None:
    """The sample that a kind names, from the `data` folder of the plugin's package; None: it is not there."""
    if broker.package is None:
        return None
    try:
        return importlib.resources.files(broker.package).joinpath("data", kind.sample).read_bytes()
    except (OSError, ImportError):
        return None


def shipped_samples(broker: Broker) -> tuple[StatementSample, ...]:
    """The sample files that a broker's kinds name, as far as they are there."""
    found = ((kind, sample_file(broker, kind)) for kind in broker.info.statement_kinds)
    return tuple(StatementSample(name=kind.sample, content=content, kind=kind.id) for kind, content in found if content)


def subjects(names: Sequence[str], registry: Registry | None = None) -> list[Subject]:
    """The brokers of those ids or aliases with their kits; `all` stands for every installed one.

    Raises `UnknownBroker` for a name that nobody has.
    """
    registry = registry or Registry()
    usable, broken = registry.brokers(), registry.broken()
    kits, _ = installed(TESTKITS)
    offers = {offer.name: offer for offer in kits}
    chosen = list(dict.fromkeys(_ids(names, registry, broken)))
    return [_subject(name, usable, broken, offers.get(name)) for name in chosen]


def _ids(names: Sequence[str], registry: Registry, broken: Mapping[str, BrokenBroker]) -> list[str]:
    ids: list[str] = []
    for name in names:
        if name == "all":
            ids += registry.ids()
        else:
            ids.append(name if name in broken else registry.broker(name).id)
    return ids


def _subject(
    name: str, usable: Mapping[str, Broker], broken: Mapping[str, BrokenBroker], offer: Offer | None
) -> Subject:
    if name in broken:
        return Subject(name, None, neighbours=usable, broken=broken[name].reason)
    kit, fault = _kit(offer) if offer else (None, None)
    return Subject(name, None if fault else usable[name], kit, usable, broken=fault)


def _kit(offer: Offer) -> tuple[Testkit | None, str | None]:
    try:
        kit = offer.load()()
    except Exception as error:
        return None, f"its testkit {offer.value} raised {in_words(error)}"
    if not isinstance(kit, Testkit):
        return None, f"its testkit {offer.value} has to return a Testkit, but returned {type(kit).__name__}"
    return kit, None
