"""Every error that polybroker raises on purpose, by what the caller may do about it.

::

    BrokerError                     base of all; carries a stable `code`
    ├── Unsupported                 this broker cannot do that; nothing was sent
    ├── Rejected                    the broker refused; `code` says why, `reason` in its own words
    ├── AuthError                   the login is not accepted
    │   └── ReauthRequired          a person has to log in again
    ├── Unavailable                 nothing was sent: safe to try again
    ├── OutcomeUnknown              may have been sent: ask the broker before anything else
    ├── RateLimited                 wait `retry_after` seconds
    ├── StatementError              a file cannot be read as asked: `source`, `row`, `column`
    │   ├── UnrecognizedStatement   no broker, or more than one, claims the file
    │   ├── AmbiguousStatement      the file can be read in two ways: `question` settles it
    │   └── UnsafeDocument          the file breaks a limit of the document guard
    ├── SymbolUnknown               no instrument for that text
    ├── UnknownBroker               no such broker is installed
    └── PluginError                 a plugin broke its contract
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class ErrorCode(StrEnum):
    """The unified codes that mean the same for every broker, and those of the core itself."""

    AUTH_EXPIRED = "AUTH_EXPIRED"
    AUTH_REVOKED = "AUTH_REVOKED"
    RATE_LIMITED = "RATE_LIMITED"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    INVALID_ORDER = "INVALID_ORDER"
    MARKET_CLOSED = "MARKET_CLOSED"
    SYMBOL_NOT_FOUND = "SYMBOL_NOT_FOUND"
    ACCOUNT_RESTRICTED = "ACCOUNT_RESTRICTED"
    BROKER_UNAVAILABLE = "BROKER_UNAVAILABLE"

    UNSUPPORTED = "UNSUPPORTED"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    STATEMENT_INVALID = "STATEMENT_INVALID"
    STATEMENT_UNRECOGNIZED = "STATEMENT_UNRECOGNIZED"
    STATEMENT_AMBIGUOUS = "STATEMENT_AMBIGUOUS"
    DOCUMENT_UNSAFE = "DOCUMENT_UNSAFE"
    BROKER_UNKNOWN = "BROKER_UNKNOWN"
    PLUGIN_BROKEN = "PLUGIN_BROKEN"


class BrokerError(Exception):
    """Base of all polybroker errors."""

    code: ErrorCode = ErrorCode.BROKER_UNAVAILABLE

    def __init__(self, message: str, *, code: ErrorCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code

    def to_json(self) -> dict[str, Any]:
        """The error as JSON-ready data: `code`, `message` and, for files, `file`, `row`, `column`."""
        return {"code": str(self.code), "message": self.message, "file": None, "row": None, "column": None}


class Unsupported(BrokerError):
    """The broker does not offer this; raised before any I/O."""

    code = ErrorCode.UNSUPPORTED


class Rejected(BrokerError):
    """The broker refused the request; `reason` is its own text."""

    code = ErrorCode.INVALID_ORDER

    def __init__(self, message: str, *, code: ErrorCode | None = None, reason: str | None = None) -> None:
        super().__init__(message, code=code)
        self.reason = reason


class AuthError(BrokerError):
    """The broker does not accept the login."""

    code = ErrorCode.AUTH_EXPIRED


class ReauthRequired(AuthError):
    """Only a person logging in again can help."""


class Unavailable(BrokerError):
    """Nothing was sent; trying again is safe."""

    code = ErrorCode.BROKER_UNAVAILABLE


class OutcomeUnknown(BrokerError):
    """The request may have been sent; look before sending anything again."""

    code = ErrorCode.OUTCOME_UNKNOWN


class RateLimited(BrokerError):
    """The broker asks to wait `retry_after` seconds (None: it did not say how long)."""

    code = ErrorCode.RATE_LIMITED

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StatementError(BrokerError):
    """A statement file cannot be read as asked.

    `source` is the file's name; `row` is 1-based as a spreadsheet or editor shows it; `column` is the header's text.
    """

    code = ErrorCode.STATEMENT_INVALID

    def __init__(
        self, message: str, *, source: str | None = None, row: int | None = None, column: str | None = None
    ) -> None:
        super().__init__(message)
        self.source = source
        self.row = row
        self.column = column

    def __str__(self) -> str:
        place = [part for part in (self.source, self.row and f"row {self.row}", self.column) if part]
        return f"{', '.join(str(part) for part in place)}: {self.message}" if place else self.message

    def to_json(self) -> dict[str, Any]:
        """The error as JSON-ready data, with its place in the file."""
        return {**super().to_json(), "file": self.source, "row": self.row, "column": self.column}


class UnrecognizedStatement(StatementError):
    """No installed broker claims the file, or several do; the message names them."""

    code = ErrorCode.STATEMENT_UNRECOGNIZED


class AmbiguousStatement(StatementError):
    """The file can be read in more than one way; `question` names the option that settles it."""

    code = ErrorCode.STATEMENT_AMBIGUOUS

    def __init__(
        self,
        message: str,
        *,
        question: str,
        source: str | None = None,
        row: int | None = None,
        column: str | None = None,
    ) -> None:
        super().__init__(message, source=source, row=row, column=column)
        self.question = question


class UnsafeDocument(StatementError):
    """The file breaks a limit of the document guard (size, ratio, far cell, ...)."""

    code = ErrorCode.DOCUMENT_UNSAFE


class SymbolUnknown(BrokerError):
    """No instrument is known for this symbol text."""

    code = ErrorCode.SYMBOL_NOT_FOUND

    def __init__(self, symbol: str, message: str | None = None) -> None:
        super().__init__(message or f"unknown symbol {symbol!r}")
        self.symbol = symbol


class UnknownBroker(BrokerError):
    """No broker of that id or alias is installed."""

    code = ErrorCode.BROKER_UNKNOWN


class PluginError(BrokerError):
    """A plugin broke its contract; the message names the plugin, the hook and what was wrong."""

    code = ErrorCode.PLUGIN_BROKEN
