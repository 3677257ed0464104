"""Whose statement a document is."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from polybroker.broker import Broker
from polybroker.errors import BrokerError, UnknownBroker, UnrecognizedStatement, UnsafeDocument
from polybroker.model.broker_info import StatementKind
from polybroker.registry import brokers as installed_brokers
from polybroker.statements.document import Document


@frozen
class Claim:
    """A broker that takes a document for its own, and the kind that it takes it for."""

    broker: Broker
    kind: StatementKind

    def __str__(self) -> str:
        return f"{self.broker.info.title} ({self.broker.id}): {self.kind.title}"


@frozen
class Claims:
    """All brokers that claim one document, and what went wrong in those that could not be asked."""

    exact: tuple[Claim, ...] = ()
    generic: tuple[Claim, ...] = ()
    failures: Mapping[str, str] = field(factory=dict)
    """Why a broker's recognizer failed, by broker id."""

    @property
    def best(self) -> tuple[Claim, ...]:
        """The exact claims; the generic ones where there is none."""
        return self.exact or self.generic


def claims(document: Document, brokers: Mapping[str, Broker]) -> Claims:
    """Ask every broker that reads statements whether `document` is one of its own.

    A recognizer that fails hurts nobody else. `UnsafeDocument` passes through: no broker can read such a file.
    """
    found: list[Claim] = []
    failures: dict[str, str] = {}
    for broker in brokers.values():
        if not broker.offers("recognize_statement"):
            continue
        try:
            kind = broker.recognize_statement(document)
        except UnsafeDocument:
            raise
        except BrokerError as error:
            failures[broker.id] = str(error)
        else:
            if kind is not None:
                found.append(Claim(broker, kind))
    return Claims(
        tuple(claim for claim in found if claim.kind.exact),
        tuple(claim for claim in found if not claim.kind.exact),
        failures,
    )


def recognize(
    document: Document, brokers: Mapping[str, Broker], *, warnings: list[str] | None = None
) -> tuple[Broker, StatementKind]:
    """The one broker whose statement `document` is, and its kind.

    Exact kinds beat generic ones. Recognizers that failed are added to `warnings`. Raises
    `UnrecognizedStatement` where no broker or more than one claims the document; the message names them.
    """
    found = claims(document, brokers)
    if warnings is not None:
        warnings.extend(_failure_texts(found))
    if len(found.best) == 1:
        return found.best[0].broker, found.best[0].kind
    if found.best:
        raise UnrecognizedStatement(
            f"more than one broker claims this file: {_list(found.best)}; name the broker to settle it",
            source=document.name,
        )
    readers = sorted(broker.id for broker in brokers.values() if broker.offers("recognize_statement"))
    known = f"the installed ones are {', '.join(readers)}" if readers else "no installed broker reads statements"
    raise _refusal(
        document,
        f"no broker knows this file; {known}. Export it again as the broker's instructions say, "
        "or name the broker to learn what does not fit",
        found,
    )


def recognize_as(broker: Broker, document: Document, brokers: Mapping[str, Broker] | None = None) -> StatementKind:
    """The kind that `document` is of the broker that the user chose.

    Raises `UnrecognizedStatement` where it is none; the message says whose it looks like instead, among `brokers`
    (default: all that are installed).
    """
    if not broker.offers("recognize_statement"):
        raise UnrecognizedStatement(f"{_title(broker)} reads no statements", source=document.name)
    kind = broker.recognize_statement(document)
    if kind is not None:
        return kind
    asked = installed_brokers() if brokers is None else brokers
    others = {name: other for name, other in asked.items() if other.id != broker.id}
    found = claims(document, others)
    if found.best:
        raise _refusal(document, f"this is no statement of {_title(broker)}; it looks like {_list(found.best)}", found)
    kinds = "; ".join(f"{kind.title}: {kind.export_instructions}" for kind in broker.info.statement_kinds)
    raise _refusal(document, f"this is no statement of {_title(broker)}, which reads: {kinds or 'nothing'}", found)


def chosen_broker(name: str, brokers: Mapping[str, Broker]) -> Broker:
    """The broker of that id or alias, in any case; `UnknownBroker` names those that there are."""
    word = name.strip().casefold()
    for broker in brokers.values():
        if word in {broker.id.casefold(), *(alias.casefold() for alias in broker.info.aliases)}:
            return broker
    raise UnknownBroker(f"no broker {name!r} is installed; there are: {', '.join(sorted(brokers)) or 'none'}")


def _title(broker: Broker) -> str:
    return f"{broker.info.title} ({broker.id})"


def _list(found: tuple[Claim, ...]) -> str:
    return "; ".join(sorted(str(claim) for claim in found))


def _failure_texts(found: Claims) -> list[str]:
    return [f"{broker} could not look at a file: {message}" for broker, message in sorted(found.failures.items())]


def _refusal(document: Document, message: str, found: Claims) -> UnrecognizedStatement:
    texts = [message, *_failure_texts(found)]
    return UnrecognizedStatement("; ".join(texts), source=document.name)
