"""Which brokers are installed: found by entry point, imported when asked for, refused with reasons.

A plugin that raises, hangs, exits or breaks the contract's form is reported as broken and hurts no other. The honest
limits: a plugin is code that was installed on purpose and runs in this process. An import that ran out of time is
left behind in its thread; one that holds the interpreter lock, or calls `os._exit`, cannot be contained.
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import define, field, frozen

from polybroker.broker import Broker
from polybroker.discovery import BROKERS, Offer, installed, offers
from polybroker.errors import PluginError, UnknownBroker
from polybroker.plugin_loading import RefusedPluginError, load_broker


@frozen
class BrokenBroker:
    """An installed plugin that cannot be used, and why."""

    id: str
    reasons: tuple[str, ...]
    distribution: str | None = None
    version: str | None = None
    error: PluginError | None = field(default=None, eq=False, repr=False)

    @property
    def reason(self) -> str:
        """All reasons in one line."""
        return "; ".join(self.reasons)


@define(eq=False)
class _Slot:
    """One broker id: the distributions that offer it, and what became of it."""

    offers: list[Offer]
    lock: threading.Lock = field(factory=threading.Lock)
    outcome: Broker | BrokenBroker | None = None


class Registry:
    """The installed brokers. Safe to use from several threads; every plugin is imported at most once.

    `entry_points` replaces what is installed, for tests. `import_seconds` limits the import of each plugin.
    """

    def __init__(self, entry_points: Iterable[Any] | None = None, *, import_seconds: float | None = None) -> None:
        self._given = None if entry_points is None else offers(entry_points)
        self._seconds = import_seconds
        self._lock = threading.Lock()
        self._found: dict[str, _Slot] | None = None
        self._unreadable: list[str] = []

    def ids(self) -> tuple[str, ...]:
        """The ids of all installed brokers, broken ones included, in alphabetical order; imports none."""
        return tuple(self._slots)

    def broker(self, name: str) -> Broker:
        """The broker of that id or alias.

        An id imports that one plugin, an alias all of them. Raises `UnknownBroker`, and `PluginError` with the reasons
        where the plugin is broken.
        """
        found = self.find(name)
        if isinstance(found, Broker):
            return found
        origin = f" (from {found.distribution})" if found.distribution else ""
        raise PluginError(f"the plugin {found.id}{origin} is broken: {found.reason}") from found.error

    def find(self, name: str) -> Broker | BrokenBroker:
        """As `broker`, but a broken one is returned, not raised."""
        wanted = name.strip().lower().replace("-", "_")
        if wanted in self._slots:
            return self._outcome(wanted)
        claimants = [broker for broker in self.brokers().values() if wanted in broker.info.aliases]
        if len(claimants) == 1:
            return claimants[0]
        if claimants:
            ids = " and ".join(broker.id for broker in claimants)
            raise UnknownBroker(f"the name {name!r} is claimed by {ids}: ask for either by that id")
        raise UnknownBroker(self._unknown(name, wanted))

    def brokers(self) -> Mapping[str, Broker]:
        """All brokers that can be used, by id; imports every plugin."""
        return {id_: found for id_ in self._slots if isinstance(found := self._outcome(id_), Broker)}

    def broken(self) -> Mapping[str, BrokenBroker]:
        """All brokers that cannot be used, by id, with the reasons; imports every plugin."""
        return {id_: found for id_ in self._slots if isinstance(found := self._outcome(id_), BrokenBroker)}

    def shadowed(self) -> Mapping[str, tuple[str, ...]]:
        """The aliases that lead nowhere or elsewhere, with the ids of all that claim them; imports every plugin.

        A broker's id wins over another's alias; an alias that two claim belongs to neither.
        """
        claims: dict[str, list[str]] = {id_: [id_] for id_ in self._slots}
        for broker in self.brokers().values():
            for alias in dict.fromkeys(broker.info.aliases):
                if alias != broker.id:
                    claims.setdefault(alias, []).append(broker.id)
        return {name: tuple(ids) for name, ids in claims.items() if len(ids) > 1}

    @property
    def _slots(self) -> dict[str, _Slot]:
        with self._lock:
            if self._found is None:
                found, self._unreadable = (self._given, []) if self._given is not None else installed(BROKERS)
                self._found = {}
                for offer in sorted(found, key=lambda offer: offer.name):
                    self._found.setdefault(offer.name, _Slot([])).offers.append(offer)
            return self._found

    def _outcome(self, id_: str) -> Broker | BrokenBroker:
        slot = self._slots[id_]
        with slot.lock:
            if slot.outcome is None:
                slot.outcome = self._loaded(id_, slot.offers)
            return slot.outcome

    def _loaded(self, id_: str, claims: list[Offer]) -> Broker | BrokenBroker:
        if len(claims) > 1:
            origins = " and ".join(offer.distribution or offer.value for offer in claims)
            return BrokenBroker(id_, (f"two plugins have this id: {origins}; uninstall one of them",))
        [offer] = claims
        try:
            return load_broker(offer, self._seconds)
        except RefusedPluginError as error:
            return BrokenBroker(id_, error.reasons, offer.distribution, offer.version, error)

    def _unknown(self, name: str, wanted: str) -> str:
        brokers = self.brokers()
        names = [*self._slots, *(alias for broker in brokers.values() for alias in broker.info.aliases)]
        near = difflib.get_close_matches(wanted, names, n=3)
        sentences = [f"no broker {name!r} is installed" + (f"; did you mean {' or '.join(near)}?" if near else ".")]
        sentences.append(f"Installed: {', '.join(brokers) or 'none'}.")
        if broken := self.broken():
            sentences.append(f"Broken: {', '.join(broken)}.")
        if self._unreadable:
            sentences.append(f"Could not be read: {', '.join(self._unreadable)}.")
        sentences.append("A broker comes with its plugin: pip install polybroker-NAME.")
        return " ".join(sentences)


_default = Registry()


def find_broker(name: str) -> Broker:
    """The installed broker of that id or alias; see `Registry.broker`."""
    return _default.broker(name)


def brokers() -> Mapping[str, Broker]:
    """All installed brokers that can be used, by id; imports every plugin."""
    return _default.brokers()


def broken_brokers() -> Mapping[str, BrokenBroker]:
    """All installed brokers that cannot be used, by id, with the reasons; imports every plugin."""
    return _default.broken()
