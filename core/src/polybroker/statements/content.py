"""The bytes of a document, wherever they are."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import BinaryIO

from attrs import define

from polybroker.errors import StatementError, UnsafeDocument
from polybroker.statements.limits import Limits


@define(eq=False)
class Content:
    """A file or bytes of at most `Limits.file_bytes`, of which as little as possible is held in memory."""

    name: str
    size: int
    _source: Path | bytes

    @classmethod
    def at(cls, source: str | os.PathLike[str] | bytes, name: str | None, limits: Limits) -> Content:
        """Look at `source` without reading it. A missing file is a `FileNotFoundError`."""
        if isinstance(source, bytes | bytearray | memoryview):
            data = bytes(source)
            content = cls(name or "statement", len(data), data)
        else:
            path = Path(source)
            facts = path.stat()
            content = cls(name or path.name, facts.st_size, path)
            if not stat.S_ISREG(facts.st_mode):
                raise StatementError("this is no file but a folder or device; name a file", source=content.name)
        if content.size > limits.file_bytes:
            raise UnsafeDocument(
                f"the file has {content.size:,} bytes, more than the {limits.file_bytes:,} that are read; "
                "export a shorter period",
                source=content.name,
            )
        return content

    def open(self) -> BinaryIO:
        """A new reader of the bytes from the beginning."""
        return io.BytesIO(self._source) if isinstance(self._source, bytes) else self._source.open("rb")

    def head(self, count: int) -> bytes:
        """The first bytes."""
        with self.open() as file:
            return file.read(count)

    def read(self) -> bytes:
        """All bytes."""
        if isinstance(self._source, bytes):
            return self._source
        with self._source.open("rb", buffering=0) as file:
            data = file.readall()
        if len(data) != self.size:
            raise StatementError("the file changed while it was read; try again")
        return data
