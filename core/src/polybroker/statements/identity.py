"""The identity of an execution for which the broker gives no fill id: a hash of what the file says.

Version `h1`. The state is two unsigned 64-bit lanes, at first `START`. A field is absorbed as one or two pairs
of 64-bit words (one word for each lane); with the finalizer of splitmix64 as `mix`, arithmetic modulo 2**64::

    first  = mix((first  ^ word_1) + GAMMA[0])
    second = mix((second ^ word_2) + GAMMA[1])

Fields, in this order:

1. the texts `account`, `transaction_id`, `order_id`, `raw_symbol`. Null is the word `NULL` for both lanes; a
   number of at most 18 digits without sign or leading zeros is its value for both lanes; any other text is the
   little-endian halves of the 16-byte BLAKE2b digest of its UTF-8 form;
2. the magnitudes of `commission` and `fees`, then `quantity` and `price`: the number times 10**18 as a signed
   128-bit integer, its low 64 bits and then its high ones, each for both lanes; null is 0 and 0;
3. one word for both lanes: 1 (buy) or 2 (sell), plus 4 where the file states the time's zone, plus 8 where
   `commission` is null, plus 16 where `fees` is null;
4. microseconds since 1970: UTC where the file states the zone, else the wall clock.

At the end `first = mix(first + second)`, then `second = mix(second + first)`. The text is `h1:` and both lanes
in hexadecimal. Time zones, symbol mapping, the sign of charges and other options have no part in it, so an
import with other options finds the same executions. Any change needs a new version.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from hashlib import blake2b
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from attrs import frozen

from polybroker.ledger.decimal_buffers import decimal_words
from polybroker.statements.distinct import combinations, encoded, is_repetitive

VERSION: Final = "h1"
START: Final = (0x706F6C7962726F6B, 0x65725F68315F5F5F)
GAMMA: Final = (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03)
NULL: Final = 0xFFFFFFFFFFFFFFFF

_TEXTS: Final = ("account", "transaction_id", "order_id", "raw_symbol")
_NUMBERS: Final = ("commission", "fees", "quantity", "price")
_SHORT_NUMBER: Final = 10**18
_ZERO: Final = Decimal(0)
_PREFIX: Final = np.frombuffer(f"{VERSION}:".encode(), dtype=np.uint8)
_BLOCK: Final = 1 << 14
"""Rows handled at a time, so that intermediate arrays stay in the processor's cache."""

Lane = npt.NDArray[np.uint64]
"""One word of every row; or of length 1, the same for all rows."""


@frozen(eq=False)
class ContentHash:
    """The two lanes of the hash, one value a row."""

    first: Lane
    second: Lane

    def text(self) -> pl.Series:
        """The identities as text, `h1:` and 32 hexadecimal digits."""
        rows = len(self.first)
        if not rows:
            return pl.Series("execution_id", [], dtype=pl.String)
        digits = np.empty((rows, len(_PREFIX) + 32), dtype=np.uint8)
        digits[:, : len(_PREFIX)] = _PREFIX
        for start in range(0, rows, _BLOCK):
            part = slice(start, start + _BLOCK)
            lanes = np.stack([self.first[part], self.second[part]], axis=1).astype(">u8")
            pairs = lanes.view(">u2").astype(np.uint16)
            digits[part, len(_PREFIX) :] = _hexadecimal().take(pairs).view(np.uint8).reshape(-1, 32)
        return pl.Series("execution_id", digits).cast(pl.List(pl.UInt8)).cast(pl.Binary).cast(pl.String)

    def scattered(self, chosen: npt.NDArray[np.bool_], values: ContentHash) -> ContentHash:
        """These hashes with others at the chosen rows."""
        first, second = self.first.copy(), self.second.copy()
        first[chosen], second[chosen] = values.first, values.second
        return ContentHash(first, second)


def given_hash(fills: pl.DataFrame) -> ContentHash:
    """A hash of account and fill id, to find equal ones by; it is never stored."""
    state = _State()
    for name in ("account", "execution_id"):
        state.absorb(*_text_words(fills.get_column(name)))
    return _continued(state.lanes, [], fills.height)


def content_hash(fills: pl.DataFrame) -> ContentHash:
    """The hash of every row of `fills`, a frame with the columns of `DRAFT`."""
    if fills.is_empty():
        return ContentHash(*np.empty((2, 0), dtype=np.uint64))
    words: list[Lane] = []
    for name in _NUMBERS:
        words += _number_words(fills.get_column(name), magnitude=name in ("commission", "fees"))
    words += (_shape_word(fills), _time_word(fills))
    return _continued(_text_lanes([fills.get_column(name) for name in _TEXTS]), words, fills.height)


def _text_lanes(columns: Sequence[pl.Series]) -> Sequence[Lane]:
    """The state after the texts of each row."""
    filled = [column for column in columns if column.null_count() < len(column)]
    codes = None
    if filled and all(is_repetitive(column) for column in filled):
        # The texts come first, so that the state is the same for all rows with the same texts.
        firsts, codes = combinations(filled)
        columns = [column.gather(firsts) for column in columns]
    state = _State()
    for column in columns:
        state.absorb(*_text_words(column))
    return state.lanes if codes is None else [lane.take(codes.to_numpy()) for lane in state.lanes]


def _continued(lanes: Sequence[Lane], words: Sequence[Lane], rows: int) -> ContentHash:
    """The hash from the state of `lanes`, with further words that both lanes absorb."""
    found = ContentHash(np.empty(rows, dtype=np.uint64), np.empty(rows, dtype=np.uint64))
    for start in range(0, rows, _BLOCK):
        part = slice(start, start + _BLOCK)
        state = _State([_part(lane, part).copy() for lane in lanes])
        for word in words:
            state.absorb(_part(word, part), _part(word, part))
        found.first[part], found.second[part] = state.finish()
    return found


def _part(lane: Lane, part: slice) -> Lane:
    return lane if len(lane) == 1 else lane[part]


@cache
def _hexadecimal() -> npt.NDArray[np.uint32]:
    """The four digits of each number of 16 bits, as characters."""
    numbers = np.arange(1 << 16)[:, np.newaxis] >> np.array([12, 8, 4, 0])
    digits = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)[numbers & 15]
    table: npt.NDArray[np.uint32] = digits.view(np.uint32).reshape(-1)
    return table


_ROUNDS: Final = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))


def _mix(lane: Lane, scratch: Lane) -> None:
    """The finalizer of splitmix64 in place: every bit of the value reaches every other."""
    for shift, factor in _ROUNDS:
        np.right_shift(lane, shift, out=scratch)
        lane ^= scratch
        lane *= factor
    np.right_shift(lane, np.uint64(31), out=scratch)
    lane ^= scratch


class _State:
    def __init__(self, lanes: list[Lane] | None = None) -> None:
        self.lanes = lanes or [np.full(1, start, dtype=np.uint64) for start in START]
        self._scratch = np.empty_like(self.lanes[0])

    def absorb(self, *words: Lane) -> None:
        for index, word in enumerate(words):
            lane = self.lanes[index]
            # As long as all words were of length 1 the lane is so too, which makes empty columns free.
            if len(word) > len(lane):
                lane = self.lanes[index] = lane ^ word
                self._scratch = np.empty_like(lane)
            else:
                lane ^= word
            lane += np.uint64(GAMMA[index])
            _mix(lane, self._scratch[: len(lane)])

    def finish(self) -> tuple[Lane, Lane]:
        first, second = np.broadcast_arrays(*self.lanes)
        first = first + second
        scratch = np.empty_like(first)
        _mix(first, scratch)
        second = second + first
        _mix(second, scratch)
        return first, second


def _text_words(texts: pl.Series) -> tuple[Lane, Lane]:
    if texts.null_count() == len(texts):
        return _constant(NULL), _constant(NULL)
    numbers = texts.cast(pl.Int64, strict=False)
    if numbers.null_count() == len(texts):
        return _digests(texts)
    short = (numbers >= 0) & (numbers < _SHORT_NUMBER) & (numbers.cast(pl.String) == texts)
    values = numbers.fill_null(0).cast(pl.UInt64, wrap_numerical=True).to_numpy()
    if short.all(ignore_nulls=False):
        return values, values
    chosen = short.fill_null(value=False).to_numpy()
    first, second = _digests(texts)
    return np.where(chosen, values, first), np.where(chosen, values, second)


def _digests(texts: pl.Series) -> tuple[Lane, Lane]:
    if not is_repetitive(texts):
        table = _digest_table(texts.to_list())
        return table[:, 0], table[:, 1]
    dictionary = encoded(texts)
    table = _digest_table(dictionary.texts.to_list())
    return table[:, 0][dictionary.codes], table[:, 1][dictionary.codes]


def _digest_table(texts: list[str | None]) -> Lane:
    null = NULL.to_bytes(8, "little") * 2
    digests = [null if text is None else blake2b(text.encode(), digest_size=16).digest() for text in texts]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64, copy=False).reshape(-1, 2)


def _number_words(numbers: pl.Series, *, magnitude: bool) -> tuple[Lane, Lane]:
    if numbers.null_count() == len(numbers):
        return _constant(0), _constant(0)
    known = numbers.fill_null(_ZERO) if numbers.null_count() else numbers
    words = decimal_words(known.abs() if magnitude else known).view(np.uint64)
    return words[:, 0], words[:, 1]


def _shape_word(fills: pl.DataFrame) -> Lane:
    word: Lane = _constant(2) - (fills.get_column("side") == "buy").to_numpy()
    word += _flag(fills.get_column("timestamp").is_not_null(), 4)
    word += _flag(fills.get_column("commission").is_null(), 8)
    word += _flag(fills.get_column("fees").is_null(), 16)
    return word


def _flag(mask: pl.Series, value: int) -> Lane:
    return mask.to_numpy() * np.uint64(value)


def _time_word(fills: pl.DataFrame) -> Lane:
    moments, clocks = fills.get_column("timestamp"), fills.get_column("local_time")
    micros = clocks.to_physical()
    if moments.null_count() < len(moments):
        micros = moments.to_physical().fill_null(micros)
    return micros.cast(pl.UInt64, wrap_numerical=True).to_numpy()


def _constant(word: int) -> Lane:
    return np.full(1, word, dtype=np.uint64)
