"""From files to executions and round trips, in every form, written whole or refused."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from polybroker import registry
from polybroker.statements import export
from polybroker.statements.importer import import_statements
from polybroker.statements.schema import EXACT, EXECUTIONS

HEADER = "note,ticker,side,quantity,price,when,fee\n"
NOTES = HEADER + (
    "n1,MES,buy,2,6000.25,2025-03-03 14:30:00,-1.24\n"
    "n2,MES,sell,2,6010.250,2025-03-03 15:30:00,-1.24\n"
    "n3,ACME,buy,10,100.10,2025-03-04 14:30:00,-1\n"
    "n4,ACME,sell,4,101,2025-03-04 15:00:00,-1\n"
    "n5,ACME,void,4,101,2025-03-04 15:00:00,\n"
)
BAD = NOTES + "n6,ACME,sell,1,oops,2025-03-04 16:00:00,-1\n"


@pytest.fixture
def notes(desk: Any) -> Any:
    desk.install_paper()
    Path("notes.csv").write_text(NOTES)
    Path("bad.csv").write_text(BAD)
    return desk


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_convert_prints_the_shape_that_programs_rely_on(notes: Any) -> None:
    result = notes.run("convert", "notes.csv", "--format", "json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert list(answer) == ["broker", "kind", "files", "executions", "report"]
    assert (answer["broker"], answer["kind"]) == ("paper", "notes")
    assert answer["files"] == [{"file": "notes.csv", "broker": "paper", "kind": "notes", "rows": 5}]
    report = answer["report"]
    assert list(report) == [
        "rows", "used", "joined", "executions", "skipped", "problems", "unmapped_symbols", "warnings"
    ]  # fmt: skip
    assert (report["rows"], report["used"], report["executions"]) == (5, 4, 4)
    assert report["skipped"] == [{"reason": "void note", "rows": 1}]


def test_an_execution_is_exact_text_with_utc_times_and_nulls(notes: Any) -> None:
    first, second = notes.json("convert", "notes.csv", "--format", "json")["executions"][:2]
    fields = [*EXECUTIONS]
    place = fields.index("source_file")
    assert list(first) == [*fields[:place], "source", *fields[place + 2 :]]
    assert first["timestamp"] == "2025-03-03T14:30:00.000000Z"
    assert first["trading_day"] == "2025-03-03"
    assert (first["price"], second["price"]) == ("6000.25", "6010.25")
    assert (first["commission"], first["fees"], first["commission_source"]) == ("-1.24", None, "file")
    assert (first["instrument_id"], first["contract"], first["multiplier"]) == ("CME:MES:2025-03", "MESH5", "5")
    assert (first["position_effect"], second["position_effect"], second["position_quantity"]) == ("2", "-2", "0")
    assert first["source"] == {"file": "notes.csv", "row": 2}
    assert first["order_id"] is None


def test_the_command_and_the_library_give_the_same_data(notes: Any) -> None:
    registry._default = registry.Registry()
    found = import_statements("bad.csv")
    assert notes.json("convert", "bad.csv", "--format", "json") == export.conversion(found)
    assert notes.json("trades", "bad.csv", "--format", "json") == export.trades(found)


def test_json_is_ascii_and_keeps_every_text(notes: Any) -> None:
    name = 'Zoë \u2028\x85 \U0001f600 "x" \x7f'
    result = notes.run("convert", "notes.csv", "--account", name, "--format", "json")
    assert result.stdout.isascii()
    assert "\x7f" not in result.stdout
    assert {execution["account"] for execution in json.loads(result.stdout)["executions"]} == {name}


def test_a_table_shows_the_executions_and_what_became_of_the_rows(notes: Any) -> None:
    result = notes.run("convert", "notes.csv")
    lines = result.stdout.splitlines()
    assert lines[0].split()[:3] == ["time", "(UTC)", "contract"], "no account is named, so there is no such column"
    assert "2025-03-03 14:30:00" in lines[2]
    assert "To Open Long" in lines[2]
    assert "5 rows: 4 used, 1 skipped; 4 executions" in lines
    assert "  skipped 1: void note" in lines


def test_csv_has_every_field_and_defuses_formulas(notes: Any) -> None:
    result = notes.run("convert", "notes.csv", "--format", "csv", "--account", "=cmd()")
    first = rows(result.stdout)[0]
    assert list(first) == [*EXECUTIONS]
    assert first["account"] == "'=cmd()"
    assert (first["commission"], first["price"]) == ("-1.24", "6000.25")
    assert "Warning:" in result.stderr


def test_the_form_follows_the_extension_of_the_output(notes: Any) -> None:
    assert notes.run("convert", "notes.csv", "--output", "out.csv").stdout == ""
    assert [row["execution_id"] for row in rows(Path("out.csv").read_text())] == ["n1", "n2", "n3", "n4"]
    notes.run("convert", "notes.csv", "--output", "OUT.JSON")
    assert len(json.loads(Path("OUT.JSON").read_text())["executions"]) == 4
    notes.run("convert", "notes.csv", "--output", "out.parquet")
    frame = pl.read_parquet("out.parquet")
    assert frame.schema == EXECUTIONS
    assert frame["price"][0] == Decimal("6000.25")
    notes.run("convert", "notes.csv", "--output", "out.txt")
    assert "To Open Long" in Path("out.txt").read_text()
    notes.run("convert", "notes.csv", "--output", "out.data", "--format", "json")
    assert json.loads(Path("out.data").read_text())["broker"] == "paper"


def test_parquet_goes_through_a_pipe(notes: Any) -> None:
    command = [sys.executable, "-m", "polybroker", "trades", "notes.csv", "--format", "parquet"]
    result = subprocess.run(command, capture_output=True, check=True, cwd=notes.folder, env={"PYTHONPATH": "."})
    assert pl.read_parquet(io.BytesIO(result.stdout))["net_pnl"].dtype == EXACT


@pytest.mark.parametrize("output", ["out.xyz", "out", "folder/", "notes.csv"])
def test_an_output_that_cannot_be_is_wrong_usage(output: str, notes: Any) -> None:
    Path("folder").mkdir()
    result = notes.run("convert", "notes.csv", "--output", output)
    assert result.exit_code == 2
    assert Path("notes.csv").read_text() == NOTES


def test_a_folder_that_is_not_there_is_a_missing_file(notes: Any) -> None:
    result = notes.run("convert", "notes.csv", "--output", "no/such.csv")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == "Error: no/such.csv: No such file or directory"


def test_a_disk_that_is_full_is_called_so(notes: Any) -> None:
    result = notes.run("convert", "notes.csv", "--output", "/dev/full", "--format", "csv")
    assert result.exit_code == 1
    assert result.stderr == "Error: /dev/full: No space left on device\n"
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "polybroker", "convert", "notes.csv"]
        piped = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": "."}, check=False
        )
    assert piped.returncode == 1
    assert piped.stderr == "Error: the answer could not be written: No space left on device\n"


# problems


def test_rows_with_problems_leave_the_others_and_set_the_status(notes: Any) -> None:
    for command, key in (("convert", "executions"), ("trades", "round_trips")):
        result = notes.run(command, "bad.csv", "--format", "json")
        assert result.exit_code == 1
        assert json.loads(result.stdout)[key]
    [problem] = notes.json("convert", "bad.csv", "--format", "json")["report"]["problems"]
    assert problem == {"file": "bad.csv", "row": 7, "column": "price", "message": "'oops' is no number"}
    assert "Problem: bad.csv, row 7, column price: 'oops' is no number" in notes.run("convert", "bad.csv").stderr
    assert "Problem: bad.csv, row 7" in notes.run("trades", "bad.csv", "--format", "json").stderr


@pytest.mark.parametrize("command", ["convert", "trades"])
def test_an_output_is_not_written_over_problems_unless_partial_is_said(command: str, notes: Any) -> None:
    Path("out.csv").write_text("before")
    result = notes.run(command, "bad.csv", "--output", "out.csv")
    assert result.exit_code == 1
    assert "out.csv was not written (--partial" in result.stderr
    assert "in bad.csv, row 7, column price" in result.stderr
    assert Path("out.csv").read_text() == "before"
    result = notes.run(command, "bad.csv", "--output", "out.csv", "--partial")
    assert result.exit_code == 1
    assert "Problem: bad.csv, row 7" in result.stderr
    assert rows(Path("out.csv").read_text())


def test_a_refused_output_is_told_as_json_where_json_was_asked_for(notes: Any) -> None:
    result = notes.run("convert", "bad.csv", "--output", "out.json", "--format", "json")
    assert json.loads(result.stdout)["error"] | {"message": ""} == {
        "code": "STATEMENT_INVALID",
        "message": "",
        "file": "bad.csv",
        "row": 7,
        "column": "price",
    }
    assert not Path("out.json").exists()


def test_many_problems_are_listed_in_part(notes: Any) -> None:
    Path("many.csv").write_text(NOTES + "".join(f"m{n},ACME,sell,1,oops,2025-03-04 16:00:00,-1\n" for n in range(50)))
    result = notes.run("check", "many.csv")
    assert result.stdout.count("Problem: ") == 20
    assert "... and 30 more problems" in result.stdout
    assert len(notes.json("check", "many.csv", "--json")["report"]["problems"]) == 50


# trades


def test_trades_prints_the_shape_that_programs_rely_on(notes: Any) -> None:
    answer = notes.json("trades", "notes.csv", "--format", "json", "--account", "A1")
    assert list(answer) == ["round_trips", "open_positions", "totals"]
    assert answer["round_trips"][0] == {
        "account": "A1",
        "symbol": "MES",
        "contract": "MESH5",
        "direction": "long",
        "quantity": "2",
        "entry_time": "2025-03-03T14:30:00.000000Z",
        "exit_time": "2025-03-03T15:30:00.000000Z",
        "entry_price": "6000.25",
        "exit_price": "6010.25",
        "gross_pnl": "100",
        "fees": "-2.48",
        "net_pnl": "97.52",
        "currency": "USD",
        "trading_day": "2025-03-03",
    }
    assert answer["open_positions"] == [
        {"account": "A1", "contract": "ACME", "quantity": "6", "average_price": "100.1"}
    ]
    assert answer["totals"] == [
        {
            "currency": "USD",
            "gross_pnl": "103.6",
            "fees": "-3.88",
            "net_pnl": "99.72",
            "round_trips": 2,
            "wins": 2,
            "losses": 0,
        }
    ]


def test_totals_can_be_split_and_never_mix_currencies(notes: Any) -> None:
    totals = notes.json("trades", "notes.csv", "--format", "json", "--by", "symbol", "--by", "trading_day")["totals"]
    assert [(row["symbol"], row["trading_day"], row["currency"], row["net_pnl"]) for row in totals] == [
        ("ACME", "2025-03-04", "USD", "2.2"),
        ("MES", "2025-03-03", "USD", "97.52"),
    ]


def test_tables_of_trades_have_their_titles(notes: Any) -> None:
    text = notes.run("trades", "notes.csv", "--by", "symbol").stdout
    for part in ("Round trips\n", "Open positions\n", "Totals\n", "97.52", "5 rows: 4 used"):
        assert part in text


def test_trades_as_csv_are_the_round_trips(notes: Any) -> None:
    assert [row["net_pnl"] for row in rows(notes.run("trades", "notes.csv", "--format", "csv").stdout)] == [
        "97.52",
        "2.2",
    ]


def test_the_method_can_be_chosen(notes: Any) -> None:
    content = HEADER + "".join(
        f"{note},ACME,{side},1,{price},2025-03-04 14:{minute}:00,\n"
        for note, side, price, minute in [("a", "buy", 10, 10), ("b", "buy", 20, 11), ("c", "sell", 30, 12)]
    )
    Path("two.csv").write_text(content)
    entries = {
        method: notes.json("trades", "two.csv", "--format", "json", "--method", method)["round_trips"][0]["entry_price"]
        for method in ("fifo", "lifo", "average")
    }
    assert entries == {"fifo": "10", "lifo": "20", "average": "15"}
    held = notes.json("trades", "two.csv", "--format", "json", "--method", "per-position")
    assert held["round_trips"] == []


def test_own_rates_and_symbols_win(notes: Any) -> None:
    plain = HEADER.replace(",fee", "") + "x1,?,buy,1,10,2025-03-04 14:30:00\nx2,MES,buy,3,6000,2025-03-04 14:30:00\n"
    Path("plain.csv").write_text(plain)
    unknown = notes.json("convert", "plain.csv", "--format", "json", "--plan", "small")
    assert unknown["report"]["unmapped_symbols"] == ["?"]
    charged = {entry["raw_symbol"]: entry["commission"] for entry in unknown["executions"]}
    assert charged["MES"] == "-1.8"
    mapped = notes.json(
        "convert", "plain.csv", "--format", "json", "--symbol", "?=ACME", "--rate", "MES=0.25", "--rate", "*=1"
    )
    assert {entry["contract"]: entry["commission"] for entry in mapped["executions"]} == {
        "ACME": "-1",
        "MESH5": "-0.75",
    }
    assert {entry["commission_source"] for entry in mapped["executions"]} == {"schedule"}


def test_positions_from_before_are_taken_from_a_file(notes: Any) -> None:
    Path("held.csv").write_text("Symbol,Quantity,Price,Date\nACME,-6,105,2025-01-02\n")
    answer = notes.json("trades", "notes.csv", "--format", "json", "--opening", "held.csv")
    covered = next(trip for trip in answer["round_trips"] if trip["symbol"] == "ACME")
    assert (covered["direction"], covered["entry_price"], covered["quantity"]) == ("short", "105", "6")
    assert notes.run("trades", "notes.csv", "--opening", "nowhere.csv").exit_code == 2


# options


def test_a_zone_is_checked_and_a_near_one_named(notes: Any) -> None:
    result = notes.run("convert", "notes.csv", "--timezone", "america/new york", "--format", "json")
    assert json.loads(result.stdout)["executions"][0]["timestamp"] == "2025-03-03T19:30:00.000000Z"
    for wrong, right in (("America/Chikago", "America/Chicago"), ("Chicago", "America/Chicago")):
        result = notes.run("convert", "notes.csv", "--timezone", wrong)
        assert result.exit_code == 2
        assert f"did you mean {right}?" in result.stderr


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--rate", "MES", "is not of the form ROOT=AMOUNT"),
        ("--rate", "MES=cheap", "'cheap' is not a number"),
        ("--rate", "MES=-1", "written without a sign"),
        ("--symbol", "=MES", "is not of the form RAW=SYMBOL"),
        ("--map", "price", "is not of the form FIELD=COLUMN"),
        ("--method", "hifo", "'hifo' is not one of"),
    ],
)
def test_a_value_that_makes_no_sense_is_wrong_usage(option: str, value: str, complaint: str, notes: Any) -> None:
    result = notes.run("convert", "notes.csv", option, value)
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_one_key_given_two_values_is_wrong_usage(notes: Any) -> None:
    assert notes.run("convert", "notes.csv", "--rate", "A=1", "--rate", "A=2").exit_code == 2


def given(*arguments: str) -> dict[str, Any]:
    """What the options of `convert` amount to."""
    from polybroker.cli.convert import convert

    context = convert.make_context("convert", [__file__, *arguments], obj=CliRunner())
    return context.params


def test_a_symbol_may_hold_the_sign_that_divides() -> None:
    assert given("--symbol", "ES=F=ES")["symbols"] == {"ES=F": "ES"}
    assert given("--map", "price=Price = USD")["columns"] == {"price": "Price = USD"}


def test_questions_of_a_file_are_answered_by_options() -> None:
    from polybroker.cli.options import parse_options

    answers = parse_options(given("--day-first", "--decimal-point", "--commission-sign", "positive"))
    assert (answers.day_first, answers.decimal_comma, str(answers.commission_sign)) == (True, False, "positive")
    silent = parse_options(given())
    assert (silent.day_first, silent.decimal_comma, silent.commission_sign, silent.asset_class) == (None,) * 4


# whose file


def test_check_says_whose_file_it_is_and_how_well_it_reads(notes: Any) -> None:
    result = notes.run("check", "notes.csv")
    assert result.exit_code == 0
    assert "notes.csv: Paper & Sons (paper), Contract notes; 5 rows" in result.stdout
    assert "5 rows: 4 used, 1 skipped; 4 executions" in result.stdout
    answer = notes.json("check", "bad.csv", "--json")
    assert list(answer) == ["broker", "kind", "files", "report"]
    assert notes.run("check", "bad.csv").exit_code == 1


def test_a_file_that_nobody_knows_is_refused_with_advice(notes: Any) -> None:
    Path("foreign.csv").write_text("alpha,beta\n1,2\n")
    result = notes.run("check", "foreign.csv")
    assert result.exit_code == 1
    assert "Error: " in result.stderr
    assert "in foreign.csv" in result.stderr
    error = notes.json("convert", "foreign.csv", "--format", "json")["error"]
    assert (error["code"], error["file"]) == ("STATEMENT_UNRECOGNIZED", "foreign.csv")


def test_a_broker_that_is_not_there_is_refused(notes: Any) -> None:
    assert notes.json("check", "notes.csv", "--broker", "papr", "--json")["error"]["code"] == "BROKER_UNKNOWN"
    assert notes.run("check", "notes.csv", "--broker", "notes-of-paper").exit_code == 0


def test_several_files_are_one_history(notes: Any) -> None:
    Path("again.csv").write_text(NOTES)
    answer = notes.json("convert", "notes.csv", "again.csv", "--format", "json")
    assert answer["report"]["rows"] == 10
    assert [entry["execution_id"] for entry in answer["executions"]] == ["n1", "n2", "n3", "n4"]


def test_nothing_to_convert_is_no_error(notes: Any) -> None:
    Path("none.csv").write_text(NOTES.splitlines()[0] + "\nn5,ACME,void,4,101,2025-03-04 15:00:00,\n")
    answer = notes.json("convert", "none.csv", "--format", "json")
    assert answer["executions"] == []
    assert notes.json("trades", "none.csv", "--format", "json")["round_trips"] == []
    assert notes.run("convert", "none.csv").exit_code == 0
    assert "Round trips: none" in notes.run("trades", "none.csv").stdout
    assert notes.run("convert", "none.csv", "--format", "csv").stdout.startswith("execution_id,")
