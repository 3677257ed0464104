"""Values that must never be seen: in no log, error, repr, traceback, pickle or JSON."""

from __future__ import annotations

from typing import Final, NoReturn

REDACTED: Final = "***"


class Secret:
    """A text that only `reveal` gives away; every other way of turning it into text or bytes is refused.

    Equality is by value (in constant time); a secret has no hash, so that it never becomes a dictionary key.
    """

    __hash__ = None  # type: ignore[assignment]
    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError("a secret is a text")
        self._value = value

    def reveal(self) -> str:
        """The text itself: call it where the byte leaves, nowhere else."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        from hmac import compare_digest

        return compare_digest(self._value.encode(), other._value.encode())

    def __repr__(self) -> str:
        return f"Secret({REDACTED!r})"

    def __str__(self) -> NoReturn:
        raise TypeError("a secret is no text: call reveal() where it is sent")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("a secret cannot be formatted")

    def __bytes__(self) -> NoReturn:
        raise TypeError("a secret cannot become bytes")

    def __iter__(self) -> NoReturn:
        raise TypeError("a secret cannot be iterated")

    def __len__(self) -> NoReturn:
        raise TypeError("the length of a secret is a secret")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")
