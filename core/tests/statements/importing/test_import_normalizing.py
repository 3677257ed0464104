"""Times, trading days, instruments and charges of normalized executions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import polars as pl
import pytest

from polybroker.errors import StatementError, SymbolUnknown, Unsupported
from polybroker.hookspecs import hookimpl
from polybroker.model.executions import Method
from polybroker.statements.document import Document
from polybroker.statements.importer import Import, ImportOptions, import_statements
from polybroker.statements.options import ParseOptions
from polybroker.statements.schema import EXECUTIONS
from polybroker.statements.statement import Statement


def row(time: str = "2025-03-03 09:30:00", **more: Any) -> dict[str, Any]:
    return {"Account": "A1", "Time": time, "Symbol": "MESH5", "Side": "Buy", "Qty": 1, "Price": "6050.25", **more}


def of(tiny: SimpleNamespace, *rows: dict[str, Any], **options: Any) -> Import:
    parse = ParseOptions(timezone=options.pop("timezone", None), account=options.pop("account", None), day_first=False)
    return import_statements(tiny.acme_csv(rows), brokers=tiny.both, options=ImportOptions(parse=parse, **options))


def only(found: Import, column: str) -> Any:
    [value] = found.executions[column].to_list()
    return value


def warned(found: Import, text: str) -> bool:
    return any(text in warning for warning in found.report.warnings)


def test_executions_have_the_columns_of_the_schema(tiny: SimpleNamespace) -> None:
    found = of(tiny, row())
    assert found.executions.schema == EXECUTIONS
    assert only(found, "parser_version") == "acme/1"


# times


def test_the_default_zone_is_taken_with_a_warning_that_names_it(tiny: SimpleNamespace) -> None:
    found = of(tiny, row())
    assert only(found, "timestamp") == datetime(2025, 3, 3, 15, 30, tzinfo=UTC)
    assert only(found, "local_time") == datetime(2025, 3, 3, 9, 30)  # noqa: DTZ001
    assert only(found, "timezone") == "America/Chicago"
    assert warned(found, "Acme Fills: the file names no time zone; its times are taken as America/Chicago")
    assert warned(found, "--timezone")


def test_the_users_zone_wins_over_the_default_without_a_warning(tiny: SimpleNamespace) -> None:
    found = of(tiny, row(), timezone="Europe/Berlin")
    assert only(found, "timestamp") == datetime(2025, 3, 3, 8, 30, tzinfo=UTC)
    assert not warned(found, "time zone")


def test_the_files_zone_wins_over_the_users(tiny: SimpleNamespace) -> None:
    found = of(tiny, row("2025-03-03T09:30:00-05:00"), timezone="Europe/Berlin")
    assert only(found, "timestamp") == datetime(2025, 3, 3, 14, 30, tzinfo=UTC)
    assert only(found, "timezone") == "-05:00"
    assert not warned(found, "time zone")


def test_rows_with_and_without_a_zone_may_stand_in_one_file(tiny: SimpleNamespace) -> None:
    found = of(tiny, row("2025-03-03T14:00:00Z"), row("2025-03-03 09:30:00"), timezone="America/New_York")
    assert found.executions["timezone"].to_list() == ["UTC", "America/New_York"]
    assert found.executions["timestamp"].dt.hour().to_list() == [14, 14]


def test_an_unknown_zone_is_refused(tiny: SimpleNamespace) -> None:
    with pytest.raises(StatementError, match="America/Chicag"):
        of(tiny, row(), timezone="America/Chicag")


def test_a_time_that_the_clocks_skip_is_a_problem_of_its_row(tiny: SimpleNamespace) -> None:
    found = of(tiny, row("2025-03-09 02:30:00"), row("2025-03-10 02:30:00"))
    assert [(problem.row, problem.message) for problem in found.report.problems] == [
        (2, "the clocks of America/Chicago skip the time 2025-03-09 02:30:00")
    ]
    assert found.executions["source_row"].to_list() == [3]


def test_a_time_that_the_clocks_show_twice_is_the_earlier_one_with_a_warning(tiny: SimpleNamespace) -> None:
    found = of(tiny, row("2025-11-02 01:30:00"))
    assert only(found, "timestamp") == datetime(2025, 11, 2, 6, 30, tzinfo=UTC)
    assert warned(found, "1 of the times lie in the hour that the clocks of America/Chicago show twice")


def test_a_year_that_cannot_be_is_a_problem(tiny: SimpleNamespace) -> None:
    found = of(tiny, row("1902-03-09 02:30:00"), row())
    assert [problem.message for problem in found.report.problems] == ["the year 1902 cannot be right"]
    assert found.executions.height == 1


def test_options_that_change_times_and_mapping_do_not_change_the_identity(tiny: SimpleNamespace) -> None:
    ids = {
        only(of(tiny, row(), **options), "execution_id")
        for options in ({}, {"timezone": "Asia/Tokyo"}, {"symbol_overrides": {"MESH5": "ESH5"}})
    }
    assert len(ids) == 1


# trading days


def test_an_evening_fill_belongs_to_the_next_trading_day(tiny: SimpleNamespace) -> None:
    assert only(of(tiny, row("2025-03-07 17:30:00")), "trading_day") == date(2025, 3, 10)
    assert only(of(tiny, row("2025-03-07 15:30:00", Symbol="AAPL")), "trading_day") == date(2025, 3, 7)


def test_instruments_of_several_groups_have_their_own_days(tiny: SimpleNamespace) -> None:
    found = of(tiny, row("2025-03-07 17:30:00"), row("2025-03-07 17:30:00", Symbol="AAPL"), row(Symbol="??"))
    days = dict(found.executions.select("symbol", "trading_day").rows())
    assert days == {"MES": date(2025, 3, 10), "AAPL": date(2025, 3, 7), "??": date(2025, 3, 3)}


def test_the_brokers_trading_day_wins_and_a_difference_is_told(tiny: SimpleNamespace) -> None:
    found = of(tiny, row(Day="2025-03-04"))
    assert only(found, "trading_day") == date(2025, 3, 4)
    assert warned(found, "1 of 1 trading days of the file differ from those of the times: the time zone may be wrong")


def test_nothing_is_said_against_the_days_of_unknown_symbols(tiny: SimpleNamespace) -> None:
    assert not warned(of(tiny, row(Day="2025-03-04", Symbol="??")), "trading days")


def test_a_single_odd_trading_day_among_many_is_not_told(tiny: SimpleNamespace) -> None:
    rows = [row(f"2025-03-03 09:{minute:02d}:00", Day="2025-03-03") for minute in range(40)]
    found = of(tiny, {**rows[0], "Day": "2025-03-04"}, *rows[1:])
    assert not warned(found, "trading days")


# order


def test_equal_times_are_numbered_in_the_order_of_the_file(tiny: SimpleNamespace) -> None:
    rows = [row(Price="1"), row(Price="2", Account="A2"), row(Price="3"), row("2025-03-03 09:29:59", Price="4")]
    found = of(tiny, *rows)
    assert found.executions.select("source_row", "sequence").rows() == [(5, 0), (2, 0), (3, 0), (4, 1)]


# instruments


def test_a_symbol_is_asked_once_for_each_month(tiny: SimpleNamespace) -> None:
    tiny.acme_plugin.asked.clear()
    of(tiny, row(), row(), row("2025-03-20 09:30:00"), row("2025-04-01 09:30:00", Symbol="MESM5"), row(Symbol="ESH5"))
    assert sorted(tiny.acme_plugin.asked) == [
        ("ESH5", date(2025, 3, 1)),
        ("MESH5", date(2025, 3, 1)),
        ("MESM5", date(2025, 4, 1)),
    ]


def test_a_one_digit_year_follows_the_month_of_the_fill(tiny: SimpleNamespace) -> None:
    found = of(tiny, row(), row("2015-03-03 09:30:00"))
    assert found.executions["instrument_id"].to_list() == ["CME:MES:2015-03", "CME:MES:2025-03"]


def test_an_instrument_fills_what_the_file_leaves_out(tiny: SimpleNamespace) -> None:
    found = of(tiny, row())
    [line] = found.executions.select(
        "symbol", "contract", "raw_symbol", "asset_class", "exchange", "expiration", "currency", "multiplier"
    ).rows()
    assert line == ("MES", "MESH5", "MESH5", "future", "CME", "2025-03", "USD", Decimal(5))


def test_an_unknown_symbol_keeps_its_text_and_has_no_money(tiny: SimpleNamespace) -> None:
    found = of(tiny, row(Symbol="QQQQ9"), row("2025-03-03 09:31:00", Symbol="QQQQ9", Side="Sell", Price="6051"))
    first = found.executions.row(0, named=True)
    assert (first["symbol"], first["contract"], first["raw_symbol"]) == ("QQQQ9",) * 3
    assert first["instrument_id"] == "?:QQQQ9"
    assert (first["asset_class"], first["multiplier"], first["currency"]) == (None, None, None)
    assert found.report.unmapped_symbols == ("QQQQ9",)
    assert warned(found, "QQQQ9")
    assert found.round_trips()["gross_pnl"].to_list() == [None]


def test_multiplier_and_currency_of_the_file_win_except_for_unknown_symbols(tiny: SimpleNamespace) -> None:
    class Stating(tiny.plugin):  # type: ignore[name-defined,misc]
        @hookimpl
        def parse_statement(self, documents: Sequence[Document], options: ParseOptions) -> Statement:
            statement: Statement = super().parse_statement(documents, options)
            stated = pl.when(pl.col("row") > 2)
            fills = statement.fills.with_columns(
                multiplier=stated.then(pl.lit(Decimal(7), EXECUTIONS["multiplier"])),
                currency=stated.then(pl.lit("EUR")),
            )
            return attrs.evolve(statement, fills=fills)

    broker = tiny.broker_of(Stating(tiny.acme.info, "Acme Fill"), "acme")
    rows = [row(), row("2025-03-03 09:31:00"), row("2025-03-03 09:32:00", Symbol="??")]
    found = import_statements(tiny.acme_csv(rows), brokers={"acme": broker})
    known = found.executions.select("multiplier", "currency").rows()
    assert known == [(Decimal(5), "USD"), (Decimal(7), "EUR"), (None, "EUR")]


@pytest.mark.parametrize(
    ("target", "instrument"),
    [
        ("ESH5", "CME:ES:2025-03"),
        ("future:CME:MES:2025-06", "CME:MES:2025-06"),
        ("stock:MES", "MES"),
        ("NQH5", "CME:NQ:2025-03"),
    ],
)
def test_an_override_names_a_brokers_symbol_an_instrument_or_a_common_symbol(
    tiny: SimpleNamespace, target: str, instrument: str
) -> None:
    found = of(tiny, row(Symbol="QQQQ9"), symbol_overrides={"QQQQ9": target})
    assert only(found, "instrument_id") == instrument
    assert only(found, "raw_symbol") == "QQQQ9"
    assert found.report.unmapped_symbols == ()


@pytest.mark.parametrize("target", ["no such thing", "future:CME:"])
def test_an_override_that_nobody_knows_is_refused(tiny: SimpleNamespace, target: str) -> None:
    with pytest.raises(SymbolUnknown, match=target):
        of(tiny, row(), symbol_overrides={"MESH5": target})


def test_the_account_option_is_for_rows_without_one(tiny: SimpleNamespace) -> None:
    found = of(tiny, row(), row(Account=None), account="Mine")
    assert sorted(found.executions["account"]) == ["A1", "Mine"]


# charges


def charges(found: Import) -> list[tuple[Any, ...]]:
    return found.executions.select("commission", "fees", "commission_source").rows()


def test_charges_of_the_file_win_over_everything(tiny: SimpleNamespace) -> None:
    found = of(tiny, row(Commission="-1.24"), plan="large", custom_rates={"*": Decimal(9)})
    assert charges(found) == [(Decimal("-1.24"), None, "file")]


def test_nothing_is_estimated_unasked_where_the_file_carries_charges(tiny: SimpleNamespace) -> None:
    found = of(tiny, row(Commission="-1.24"), row("2025-03-03 09:31:00"))
    assert charges(found)[1] == (None, None, None)


def test_files_without_charges_are_estimated_by_the_default_plan_with_a_warning(tiny: SimpleNamespace) -> None:
    found = of(tiny, row(Qty=3))
    assert charges(found) == [(Decimal("-1.8"), Decimal("-1.05"), "schedule")]
    assert warned(found, "estimated by the plan small (Small)")


def test_a_named_plan_fills_what_the_file_leaves_out_without_a_warning(tiny: SimpleNamespace) -> None:
    found = of(tiny, row(Commission="-1.24"), row("2025-03-03 09:31:00"), plan="large")
    assert charges(found)[1] == (Decimal("-0.5"), Decimal("-0.35"), "schedule")
    assert not warned(found, "plan")


def test_the_automatic_plan_follows_the_contracts_of_the_month(tiny: SimpleNamespace) -> None:
    found = of(tiny, row(Qty=2), row("2025-02-03 09:30:00", Qty=20), plan="auto")
    assert [charge[0] for charge in charges(found)] == [Decimal(-10), Decimal("-1.2")]


def test_a_custom_rate_replaces_the_plans_commission(tiny: SimpleNamespace) -> None:
    found = of(
        tiny, row(Qty=2), row("2025-03-03 09:31:00", Symbol="ESH5"), custom_rates={"MES": Decimal("0.25")}, plan="large"
    )
    assert [charge[0] for charge in charges(found)] == [Decimal("-0.5"), Decimal("-0.5")]


def test_a_custom_rate_for_everything_needs_no_plan(tiny: SimpleNamespace) -> None:
    found = of(tiny, row(Qty=2), custom_rates={"*": Decimal("0.25")})
    assert charges(found) == [(Decimal("-0.5"), None, "schedule")]
    assert not warned(found, "plan")


def test_a_plan_that_the_broker_lacks_is_refused_with_those_it_has(tiny: SimpleNamespace) -> None:
    with pytest.raises(Unsupported, match="no commission plan 'huge'; it has small, large and auto"):
        of(tiny, row(), plan="huge")


def test_a_negative_custom_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        ImportOptions(custom_rates={"MES": Decimal(-1)})


# positions and results


def test_positions_run_over_all_files_and_an_opening_one(tiny: SimpleNamespace, tmp_path: Path) -> None:
    opening = tmp_path / "opening.csv"
    opening.write_text("Symbol,Side,Qty,Price\nMESH5,Short,2,6000\n")
    found = of(tiny, row(Qty=3, Price="6010"), opening=opening)
    assert only(found, "status") == "Reverse To Long"
    assert only(found, "position_quantity") == 1
    assert only(found, "position_effect") == -1
    assert found.round_trips().select("direction", "quantity", "gross_pnl").rows() == [("short", 2, Decimal(-100))]
    assert found.open_positions().select("account", "quantity").rows() == [("A1", 1)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Symbol,Qty\nMESH5,2\n", "Price"),
        ("Symbol,Qty,Price\nMESH5,two,6000\n", "row 2, Quantity"),
        ("Symbol,Qty,Price\nMESH5,2,\n", "row 2, Price"),
        ("Symbol,Qty,Price\nXXXX,2,1\n", "row 2, Symbol: unknown symbol: 'XXXX'"),
        ("Symbol,Qty,Price,Side\nMESH5,2,1,up\n", "row 2, Side"),
    ],
)
def test_an_opening_file_that_cannot_be_read_is_refused(tiny: SimpleNamespace, text: str, message: str) -> None:
    with pytest.raises(StatementError, match=message):
        of(tiny, row(), opening=text.encode())


def test_an_opening_position_needs_its_account_where_there_are_several(tiny: SimpleNamespace) -> None:
    with pytest.raises(StatementError, match="several accounts"):
        of(tiny, row(), row(Account="A2"), opening=b"Symbol,Qty,Price\nMESH5,2,6000\n")


def test_an_opening_frame_may_be_given(tiny: SimpleNamespace) -> None:
    opening = pl.DataFrame(
        {
            "account": ["A1"],
            "instrument_id": ["CME:MES:2025-03"],
            "quantity": [Decimal(-1)],
            "average_price": [Decimal(1)],
        }
    )
    assert only(of(tiny, row(), opening=opening), "status") == "To Close Short"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"account": ["A1"], "quantity": [Decimal(1)]}, "no column instrument_id, average_price"),
        ({"account": ["A1"], "instrument_id": ["X"], "quantity": [1.5], "average_price": [Decimal(1)]}, "not floats"),
    ],
)
def test_an_opening_frame_is_checked(tiny: SimpleNamespace, columns: dict[str, Any], message: str) -> None:
    with pytest.raises(StatementError, match=message):
        of(tiny, row(), opening=pl.DataFrame(columns))


def test_results_are_computed_once_for_each_method(tiny: SimpleNamespace) -> None:
    found = of(tiny, row(Qty=2), row("2025-03-03 10:00:00", Side="Sell"), row("2025-03-03 11:00:00", Side="Sell"))
    assert found.round_trips() is found.round_trips(Method.FIFO)
    assert (found.round_trips().height, found.round_trips(Method.PER_POSITION).height) == (2, 1)
    assert found.totals()["round_trips"].to_list() == [2]


def test_sums_that_no_column_can_hold_are_an_error_and_no_crash(tiny: SimpleNamespace) -> None:
    with pytest.raises(StatementError, match="too large"):
        of(tiny, *(row(f"2025-03-03 09:{minute}:00", Qty="9" * 20) for minute in range(10, 15)))


def test_a_run_without_files_is_refused(tiny: SimpleNamespace) -> None:
    with pytest.raises(StatementError, match="no files"):
        import_statements([], brokers=tiny.both)
