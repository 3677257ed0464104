"""The identity of executions without a fill id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybroker.statements.identity import GAMMA, NULL, START, content_hash
from polybroker.statements.schema import DRAFT

WORD = 2**64
FILL: Mapping[str, Any] = {
    "account": "AMP-1",
    "transaction_id": "609533386765",
    "order_id": "A-7",
    "raw_symbol": "EPH5",
    "commission": Decimal("-1.24"),
    "fees": None,
    "quantity": Decimal(2),
    "price": Decimal("6050.25"),
    "side": "buy",
    "timestamp": None,
    "local_time": datetime(2024, 11, 29, 9, 30, 0, 123456),  # noqa: DTZ001 - a wall clock
}


def frame(*fills: Mapping[str, Any]) -> pl.DataFrame:
    rows = [[fill.get(name) for name in DRAFT] for fill in fills]
    return pl.DataFrame(rows, schema=DRAFT, orient="row")


def hashed(*fills: Mapping[str, Any]) -> list[str]:
    return content_hash(frame(*fills)).text().to_list()


def reference(fill: Mapping[str, Any]) -> str:
    """The documented algorithm, word by word, on Python integers."""
    lanes = list(START)

    def mix(value: int) -> int:
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % WORD
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB % WORD
        return value ^ (value >> 31)

    def absorb(first: int, second: int | None = None) -> None:
        lanes[0] = mix(((lanes[0] ^ first) + GAMMA[0]) % WORD)
        lanes[1] = mix(((lanes[1] ^ (first if second is None else second)) + GAMMA[1]) % WORD)

    for name in ("account", "transaction_id", "order_id", "raw_symbol"):
        text = fill[name]
        if text is None:
            absorb(NULL)
        elif text.isascii() and text.isdigit() and len(text) <= 18 and (text == "0" or text[0] != "0"):
            absorb(int(text))
        else:
            digest = blake2b(text.encode(), digest_size=16).digest()
            absorb(int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little"))
    for name in ("commission", "fees", "quantity", "price"):
        number = fill[name] or Decimal(0)
        if name in ("commission", "fees"):
            number = abs(number)
        scaled = int(number.scaleb(18)) % 2**128
        absorb(scaled % WORD)
        absorb(scaled // WORD)
    zoned = fill["timestamp"] is not None
    absorb(
        (1 if fill["side"] == "buy" else 2) + 4 * zoned + 8 * (fill["commission"] is None) + 16 * (fill["fees"] is None)
    )
    moment = fill["timestamp"] if zoned else fill["local_time"].replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    absorb((since.days * 86_400_000_000 + since.seconds * 1_000_000 + since.microseconds) % WORD)
    first = mix((lanes[0] + lanes[1]) % WORD)
    second = mix((lanes[1] + first) % WORD)
    return f"h1:{first:016x}{second:016x}"


numbers = st.decimals(-(10**12), 10**12, places=6)
texts = st.none() | st.text(min_size=1, max_size=8) | st.from_regex(r"0?[0-9]{1,20}", fullmatch=True)
moments = st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001
fills = st.fixed_dictionaries(
    {
        **dict.fromkeys(("account", "transaction_id", "order_id"), texts),
        "raw_symbol": st.text(min_size=1, max_size=8),
        "commission": st.none() | numbers,
        "fees": st.none() | numbers,
        "quantity": st.decimals(Decimal("0.000001"), 10**6, places=6),
        "price": numbers,
        "side": st.sampled_from(["buy", "sell"]),
        "timestamp": st.none() | moments.map(lambda moment: moment.replace(tzinfo=UTC)),
        "local_time": moments,
    }
)


def test_version_h1_never_changes() -> None:
    bare = {**FILL, **dict.fromkeys(("account", "transaction_id", "order_id", "commission"))}
    zoned = {**FILL, "timestamp": datetime(2024, 11, 29, 15, 30, tzinfo=UTC), "fees": Decimal("-0.02"), "side": "sell"}
    assert hashed(FILL, bare, zoned) == [
        "h1:9908c2a1b7fe3f8fca26854005b5d00b",
        "h1:afdede3e9c01a51b754c981f2041c64a",
        "h1:aa918cb932862cb114ce3365576423a8",
    ]


@given(st.lists(fills, min_size=1, max_size=12))
def test_the_columns_agree_with_the_documented_algorithm(rows: list[dict[str, Any]]) -> None:
    assert hashed(*rows) == [reference(row) for row in rows]


def test_many_distinct_texts_are_hashed_like_few() -> None:
    rows = [{**FILL, "order_id": f"order-{number}"} for number in range(1500)]
    rows[7]["order_id"] = None
    assert hashed(*rows) == [reference(row) for row in rows]


@pytest.mark.parametrize(
    "change",
    [
        {"account": "AMP-2"},
        {"account": None},
        {"transaction_id": "609533386766"},
        {"order_id": None},
        {"raw_symbol": "EPM5"},
        {"side": "sell"},
        {"quantity": Decimal("2.000001")},
        {"price": Decimal("-6050.25")},
        {"commission": None},
        {"commission": Decimal(0)},
        {"fees": Decimal("-1.24")},
        {"local_time": datetime(2024, 11, 29, 9, 30, 0, 123457)},  # noqa: DTZ001
        {"timestamp": datetime(2024, 11, 29, 9, 30, 0, 123456, tzinfo=UTC)},
    ],
)
def test_every_source_value_takes_part(change: dict[str, Any]) -> None:
    one, other = hashed(FILL, {**FILL, **change})
    assert one != other


@pytest.mark.parametrize(
    "change",
    [
        {"commission": Decimal("1.24")},
        {"quantity": Decimal("2.000")},
        {"timezone": "America/New_York"},
        {"symbol_key": "MES"},
        {"row": 17, "file": 3, "sequence": 9},
    ],
)
def test_options_and_places_take_no_part(change: dict[str, Any]) -> None:
    one, other = hashed(FILL, {**FILL, **change})
    assert one == other


def test_fields_are_not_confused_with_their_neighbours() -> None:
    swapped = {**FILL, "transaction_id": FILL["order_id"], "order_id": FILL["transaction_id"]}
    charged = {**FILL, "commission": None, "fees": FILL["commission"]}
    assert len(set(hashed(FILL, swapped, charged))) == 3


def test_no_rows_have_no_identities() -> None:
    assert hashed() == []
