"""Takes secrets out of texts: out of logs, of errors, and of what is recorded."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

from polybroker.model.secret import REDACTED, Secret

HIDDEN_HEADERS: Final = frozenset({"authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key"})
_TOKEN = re.compile(
    r"""(?i)((?:access|refresh|id|request|md)_?-?token(?:_?secret)?|password|passwd|client_?secret|api_?key|code_verifier"""
    r"""|authorization|bearer|basic)(["']?\s*[:=]\s*["']?(?:bearer\s+|basic\s+)?|\s+)([^\s"'&,;}]{4,})"""
)
_SHORTEST: Final = 4


class Redactor:
    """Knows the secrets of a connection, in every spelling in which they travel."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._spellings: set[str] = set()
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: Secret) -> None:
        """Redact this secret too from now on: as it is, URL-encoded, and base64."""
        value = secret.reveal()
        if len(value) < _SHORTEST:
            return
        raw = value.encode()
        encoded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
        self._spellings |= {value, quote(value, safe=""), quote_plus(value), *encoded}
        self._spellings |= {text.rstrip("=") for text in encoded}

    def clean(self, text: str) -> str:
        """`text` without the known secrets and without whatever stands where a token or password does."""
        for spelling in sorted(self._spellings, key=len, reverse=True):
            text = text.replace(spelling, REDACTED)
        return _TOKEN.sub(rf"\1\2{REDACTED}", text)

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers, those that carry credentials blotted out."""
        return {
            name: REDACTED if name.lower() in HIDDEN_HEADERS else self.clean(value) for name, value in headers.items()
        }


class RedactingFilter(logging.Filter):
    """A logging filter that lets no known secret through, in message, arguments or traceback."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the record in place; every record passes."""
        record.msg, record.args = self._redactor.clean(record.getMessage()), None
        if record.exc_info:
            record.exc_text = self._redactor.clean(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True


def reveal(value: Any) -> Any:
    """`value` with every `Secret` inside replaced by its text; for the moment before the bytes are made."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [reveal(item) for item in value]
    return value


def secrets_in(value: Any) -> Iterable[Secret]:
    """Every `Secret` inside mappings and sequences."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from secrets_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from secrets_in(item)
