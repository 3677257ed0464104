"""What installed distributions offer by entry point: found quickly, read lazily, imported by nobody yet.

Only standard library modules are imported here, and none that costs much: the command line looks for further
commands on its way to `--help`.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Iterator
from typing import Any, Final

BROKERS: Final = "polybroker.brokers"
"""The entry-point group of plugins: name = broker id, value = module."""
COMMANDS: Final = "polybroker.commands"
"""The entry-point group of further commands: name = command, value = a click command."""


class Offer:
    """One entry point: a name, where its object is, and the distribution it comes from."""

    __slots__ = ("_distribution", "_entry_point", "name", "value")

    def __init__(self, entry_point: Any, distribution: importlib.metadata.Distribution | None = None) -> None:
        self.name = str(entry_point.name)
        self.value = str(entry_point.value)
        self._entry_point = entry_point
        self._distribution = distribution if distribution is not None else getattr(entry_point, "dist", None)

    def __repr__(self) -> str:
        return f"<Offer {self.name} = {self.value}>"

    def load(self) -> Any:
        """Import and return the object; whatever the import raises."""
        return self._entry_point.load()

    @property
    def distribution(self) -> str | None:
        """The distribution's name; None where it has none or hides it."""
        return self._fact("name")

    @property
    def version(self) -> str | None:
        """The distribution's version; None where it has none or hides it."""
        return self._fact("version")

    def _fact(self, name: str) -> str | None:
        try:
            value = getattr(self._distribution, name)
        except Exception:  # damaged metadata raises anything
            return None
        return value if isinstance(value, str) else None


def offers(entry_points: Iterable[Any]) -> list[Offer]:
    """The given entry points, without those that cannot even tell their name."""
    found = []
    for entry_point in entry_points:
        try:
            found.append(Offer(entry_point))
        except Exception:  # noqa: S112 - damaged metadata raises anything
            continue
    return found


def installed(group: str) -> tuple[list[Offer], list[str]]:
    """The entry points of `group`, and the distributions that could not be read.

    Of two distributions of one name the first on the path counts, as for an import.
    """
    found: list[Offer] = []
    unreadable: list[str] = []
    seen: set[str] = set()
    for distribution in _distributions(unreadable):
        try:
            text = distribution.read_text("entry_points.txt")
            if not text or f"[{group}]" not in text:
                continue
            key = _key(distribution)
            if key not in seen:
                seen.add(key)
                found += [Offer(entry_point, distribution) for entry_point in _section(text, group)]
        except Exception:  # damaged metadata raises anything
            unreadable.append(_place(distribution))
    return found, unreadable


def _distributions(unreadable: list[str]) -> Iterator[importlib.metadata.Distribution]:
    try:
        yield from importlib.metadata.distributions()
    except Exception as error:  # a foreign finder on sys.meta_path raises anything
        unreadable.append(f"the rest of the path ({type(error).__name__})")


def _key(distribution: importlib.metadata.Distribution) -> str:
    """The normalized name; the path knows it at a hundredth of what reading the metadata costs."""
    name = getattr(distribution, "_normalized_name", None) or distribution.name
    return str(name).lower().replace("-", "_").replace(".", "_")


def _section(text: str, group: str) -> Iterator[importlib.metadata.EntryPoint]:
    """The entry points of one section of an `entry_points.txt`; reading all sections would cost four times as much."""
    current = ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):
            current = line.strip("[]").strip()
        elif current == group and line and not line.startswith(("#", ";")):
            name, equals, value = line.partition("=")
            if equals:
                yield importlib.metadata.EntryPoint(name.strip(), value.strip(), group)


def _place(distribution: importlib.metadata.Distribution) -> str:
    return str(getattr(distribution, "_path", distribution))
