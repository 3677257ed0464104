"""XML parts without entities and document types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NoReturn
from xml.parsers import expat

from polybroker.errors import StatementError, UnsafeDocument

XML_ERRORS: Final = (expat.ExpatError, ValueError, LookupError)
"""What expat raises for a document that is not well-formed, or of an encoding that it does not know."""


def xml_parser() -> expat.XMLParserType:
    """A parser that refuses document types, and with them all entities but the five of XML."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    return parser


def feed(parser: expat.XMLParserType, pieces: Iterable[bytes], part: str) -> None:
    """Parse `pieces` to their end; `StatementError` where they are no well-formed document."""
    try:
        for piece in pieces:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except XML_ERRORS as error:
        raise not_well_formed(part, str(error)) from error


def not_well_formed(part: str, detail: str) -> StatementError:
    """The error for a part that is no XML."""
    return StatementError(f"the part {part} of the workbook is broken ({detail}); export it again")


def local_name(name: str) -> str:
    """`name` without its prefix: workbooks are written with any."""
    return name.rpartition(":")[2]


def attribute(attributes: dict[str, str], name: str) -> str | None:
    """An attribute by its local name; the one without prefix wins."""
    if name in attributes:
        return attributes[name]
    return next((value for key, value in attributes.items() if local_name(key) == name), None)


def _refuse(*_: object) -> NoReturn:
    raise UnsafeDocument("the workbook declares a document type or entities, which no statement needs; export it again")
