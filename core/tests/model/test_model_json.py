from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polybroker.model import accounts, broker_info, commissions, executions, orders, quotes
from polybroker.model.commissions import Basis, CommissionSchedule, Rate
from polybroker.model.executions import Execution, RoundTrip
from polybroker.model.instruments import Future, Instrument, Option, Pair, Stock
from polybroker.model.json import from_json, to_json
from polybroker.model.login import Secrets
from polybroker.model.products import Product
from polybroker.model.secret import Secret
from polybroker.testing import strategies
from polybroker.testing.strategies import records, values

SCHEDULE = CommissionSchedule(
    plan="1",
    rates=(Rate(amount=Decimal("0.62"), basis=Basis.UNIT, currency="USD"),),
    source="s",
    as_of=date(2026, 1, 2),
)


def records_of(*modules: Any) -> list[type]:
    found = {entry for module in modules for entry in vars(module).values() if isinstance(entry, type)}
    return sorted((cls for cls in found if attrs.has(cls)), key=lambda cls: cls.__qualname__)


RECORDS = records_of(accounts, broker_info, commissions, executions, orders, quotes)


@st.composite
def order_requests(draw: st.DrawFn) -> orders.OrderRequest:
    kind = draw(st.sampled_from(orders.OrderType))
    limit, stop = orders._NEEDS[kind]
    trailing = kind is orders.OrderType.TRAILING_STOP
    in_force = draw(st.sampled_from(orders.TimeInForce))
    price = strategies.exact_decimals(0, 100)
    linkage = draw(st.one_of(st.none(), st.sampled_from(orders.Linkage)))
    return orders.OrderRequest(
        legs=draw(st.lists(records(orders.Leg, ratio=st.integers(1, 5)), min_size=1, max_size=2).map(tuple)),
        quantity=draw(strategies.quantities()),
        order_type=kind,
        limit_price=draw(price) if limit else None,
        stop_price=draw(price) if stop else None,
        trail_percent=draw(strategies.exact_decimals("0.01", 5)) if trailing else None,
        time_in_force=in_force,
        good_till=draw(strategies.utc_times()) if in_force is orders.TimeInForce.GTD else None,
        linkage=linkage,
        linked=()
        if linkage is None
        else (orders.single(draw(strategies.stocks()), orders.OrderSide.SELL, Decimal(1)),) * 2,
    )


def drawn(cls: type) -> st.SearchStrategy[Any]:
    if cls is orders.OrderRequest:
        return order_requests()
    if cls is orders.Order:
        return records(cls, request=order_requests())
    return values(cls)


def there_and_back(value: Any, cls: Any) -> Any:
    return from_json(json.loads(json.dumps(to_json(value))), cls)


@pytest.mark.parametrize("cls", [*RECORDS, Product], ids=lambda cls: cls.__name__)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_record_survives_json(cls: type, data: st.DataObject) -> None:
    record = data.draw(drawn(cls))
    assert there_and_back(record, cls) == record


@settings(deadline=None)
@given(strategies.instruments())
def test_an_instrument_is_found_again_by_its_asset_class(instrument: Instrument) -> None:
    assert there_and_back(instrument, Instrument) == instrument
    assert there_and_back(instrument, type(instrument)) == instrument
    assert there_and_back([instrument], list[Instrument]) == [instrument]
    assert there_and_back([instrument, None], list[Instrument | None]) == [instrument, None]
    for other in {Future, Option, Stock, Pair} - {type(instrument)}:
        with pytest.raises(ValueError, match="asset_class"):
            from_json(to_json(instrument), other)


def plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(type(key) is str and plain(entry) for key, entry in value.items())
    if isinstance(value, list | tuple):
        return all(map(plain, value))
    return value is None or type(value) in (str, int, bool)


@settings(deadline=None)
@given(strategies.executions(), strategies.schedules())
def test_json_holds_nothing_but_plain_values(execution: Execution, schedule: CommissionSchedule) -> None:
    assert plain(to_json(execution))
    assert plain(to_json(schedule))


@settings(deadline=None)
@given(strategies.executions())
def test_the_forms_of_values(execution: Execution) -> None:
    data = to_json(execution)
    assert data["timestamp"] == execution.timestamp.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert data["local_time"] == execution.local_time.strftime("%Y-%m-%dT%H:%M:%S.%f")
    assert data["trading_day"] == execution.trading_day.isoformat()
    assert data["side"] == execution.side.value
    assert "E" not in data["quantity"]
    assert Decimal(data["quantity"]) == execution.quantity


def test_a_schedule_as_json() -> None:
    assert to_json(SCHEDULE) == {
        "plan": "1",
        "rates": [
            {
                "amount": "0.62", "basis": "unit", "currency": "USD", "part": "commission", "symbols": [],
                "asset_class": None, "liquidity": None, "minimum": None, "maximum": None, "maximum_fraction": None,
            }
        ],
        "source": "s",
        "as_of": "2026-01-02",
        "places": 10,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("plan", 5, "5 is not of type str at $.plan"),
        ("plan", None, "None is not of type str at $.plan"),
        ("places", "10", "'10' is not of type int at $.places"),
        ("places", True, "True is not of type int at $.places"),
        ("places", 19, "'places'"),
        ("as_of", "2026-1-2", "'2026-1-2' is not a date at $.as_of"),
        ("as_of", "2026-02-30", "$.as_of"),
        ("as_of", "2026-01-02T00:00:00", "$.as_of"),
        ("rates.0.amount", "0,62", "'0,62' is not a number at $.rates[0].amount"),
        ("rates.0.amount", 0.62, "exact text is due, not 0.62 at $.rates[0].amount"),
        ("rates.0.amount", 1, "exact text is due, not 1 at $.rates[0].amount"),
        ("rates.0.amount", "1E-30", "at $.rates[0].amount"),
        ("rates.0.basis", "piece", "'piece' is not a valid Basis at $.rates[0].basis"),
        ("rates.0.symbols.0", 7, "7 is not of type str at $.rates[0].symbols[0]"),
        ("rates.0.minimun", "1", "no such field: minimun at $.rates[0]"),
        ("extra", 1, "no such field: extra at $"),
    ],
)
def test_an_error_names_the_path_of_the_field(path: str, value: Any, message: str) -> None:
    data = to_json(SCHEDULE)
    *steps, last = path.split(".")
    target: Any = data
    for step in steps:
        target = target[int(step) if step.isdigit() else step]
    if last.isdigit():
        target.insert(int(last), value)
    else:
        target[last] = value
    with pytest.raises(ValueError) as caught:
        from_json(data, CommissionSchedule)
    assert message in str(caught.value)


def test_all_errors_of_a_document_are_named() -> None:
    data = to_json(SCHEDULE)
    del data["plan"]
    data["rates"][0]["amount"] = None
    with pytest.raises(ValueError, match=r"'plan' is missing at \$.*at \$\.rates\[0\]\.amount"):
        from_json(data, CommissionSchedule)


@pytest.mark.parametrize(
    "data", [None, 5, "x", [], {}, {"asset_class": "bond"}, {"asset_class": None}, {"ticker": "A"}]
)
def test_what_is_no_instrument_is_refused(data: Any) -> None:
    for cls in (Instrument, Stock, Pair):
        with pytest.raises(ValueError):
            from_json(data, cls)


@pytest.mark.parametrize(
    "text",
    ["2025-03-03T09:30:00.000000", "2025-03-03T09:30:00Z", "2025-03-03T09:30:00.000000+00:00", "2025-03-03", None,
     "2025-03-03 09:30:00.000000Z", "2025-13-03T09:30:00.000000Z", 1741000000],
)  # fmt: skip
def test_a_time_is_written_in_one_way(text: Any) -> None:
    with pytest.raises(ValueError):
        from_json(text, datetime)


def test_a_naive_time_is_no_utc_time() -> None:
    with pytest.raises(ValueError, match="zone"):
        to_json(datetime(2025, 3, 3))  # noqa: DTZ001


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    there = datetime(2025, 3, 3, 9, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert to_json(there) == "2025-03-03T14:30:00.000000Z"
    assert from_json(to_json(there), datetime) == there
    assert from_json(to_json(there), datetime).tzinfo is UTC


@settings(deadline=None)
@given(strategies.round_trips())
def test_a_wall_time_and_a_utc_time_are_not_confused(trip: RoundTrip) -> None:
    data = to_json(trip)
    with pytest.raises(ValueError, match=r"entry_time"):
        from_json({**data, "entry_time": data["entry_time"].removesuffix("Z")}, RoundTrip)


def test_a_float_is_refused_wherever_it_stands() -> None:
    for cls in (Decimal, int, str, float):
        with pytest.raises(ValueError):
            from_json(1.5, cls)


def test_a_secret_never_travels() -> None:
    secrets = Secrets(values={"access_token": Secret("hush")})
    with pytest.raises(TypeError, match="never travels"):
        to_json(secrets)
    with pytest.raises(ValueError) as caught:
        from_json({"values": {"access_token": "hush"}}, Secrets)
    assert "hush" not in str(caught.value)
