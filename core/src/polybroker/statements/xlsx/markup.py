"""XML parts without entities and document types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn
from xml.parsers import expat

from polybroker.errors import StatementError, UnsafeDocument

_LONGEST_TOKEN: Final = 4 << 20
_ERRORS: Final = (expat.ExpatError, ValueError, LookupError)
"""What expat raises for a document that is not well-formed, or of an encoding that it does not know."""


class XmlParser:
    """Parses one part piece by piece; document types, and with them all entities but the five of XML, are refused."""

    def __init__(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], object],
        end: Callable[[str], object] | None = None,
        characters: Callable[[str], object] | None = None,
    ) -> None:
        self._part = part
        self._size = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = _refuse
        self._parser.EntityDeclHandler = _refuse
        self._parser.StartElementHandler = start
        self._parser.EndElementHandler = end
        self._parser.CharacterDataHandler = characters

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        """Parse a further piece; `StatementError` where the whole is no well-formed document."""
        self._size += len(piece)
        try:
            self._parser.Parse(piece, last)
        except _ERRORS as error:
            raise not_well_formed(self._part, str(error)) from error
        # expat scans an unfinished token from its beginning with every piece: one without end takes for ever.
        if self._size - self._parser.CurrentByteIndex > _LONGEST_TOKEN and not last:
            raise UnsafeDocument(
                f"the part {self._part} has a tag or comment of more than {_LONGEST_TOKEN:,} bytes; "
                "export the workbook again"
            )


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
