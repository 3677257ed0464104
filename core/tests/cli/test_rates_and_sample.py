"""Commission tables, sample files and how to export one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def paper(desk: Any) -> Any:
    desk.install_paper()
    return desk


def test_rates_are_a_table_with_a_column_for_each_plan(paper: Any) -> None:
    result = paper.run("rates", "paper")
    assert result.exit_code == 0
    cells = [line.split() for line in result.stdout.splitlines()]
    assert ["symbol", "charge", "per", "small", "large"] in cells
    assert ["MES", "commission", "unit,", "USD", "0.6", "0.5"] in cells
    assert ["everything", "nfa", "unit,", "USD", "0.02", "0.02"] in cells
    assert "every stock" in result.stdout
    assert "0.001 min 1" in result.stdout
    assert "small: Small accounts (0 to 1,000 contracts a month)" in result.stdout
    assert "Source: A price list, 2026-01-02" in result.stdout


def test_rates_of_one_plan(paper: Any) -> None:
    table = paper.run("rates", "paper", "--plan", "large").stdout
    assert "0.5" in table
    assert "small" not in table


def test_rates_as_json_are_exact_texts(paper: Any) -> None:
    answer = paper.json("rates", "notes_of_paper", "--json")
    assert answer["broker"] == "paper"
    small, large = answer["plans"]
    assert (small["id"], small["contracts_to"], large["contracts_to"]) == ("small", 1000, None)
    assert small["as_of"] == "2026-01-02"
    assert small["rates"][0] == {
        "symbols": ["MES", "MNQ"],
        "asset_class": None,
        "liquidity": None,
        "part": "commission",
        "basis": "unit",
        "amount": "0.6",
        "currency": "USD",
        "minimum": None,
        "maximum": None,
        "maximum_fraction": None,
    }
    assert small["rates"][1]["minimum"] == "1"


def test_a_plan_that_is_not_there_is_refused_with_those_that_are(paper: Any) -> None:
    result = paper.run("rates", "paper", "--plan", "huge")
    assert result.exit_code == 1
    assert "no plan 'huge'; it has: small, large" in result.stderr


def test_a_broker_without_rates_is_unsupported(paper: Any) -> None:
    paper.install_plugin(
        "bare",
        """
        from polybroker import BrokerInfo, hookimpl
        @hookimpl
        def broker_info():
            return BrokerInfo("bare", "Bare", "https://b.example")
        """,
    )
    assert paper.json("rates", "bare", "--json")["error"]["code"] == "UNSUPPORTED"
    assert "bare reads no statements" in paper.run("sample", "bare").stderr


def test_a_sample_is_written_as_shipped_with_the_export_instructions(paper: Any) -> None:
    result = paper.run("sample", "paper")
    assert result.exit_code == 0
    assert Path("notes.csv").read_bytes() == b"note,ticker\r\n1,ACME\r\n"
    assert "Open the ledger." in result.stdout
    assert "Press Export." in result.stdout
    assert "Other kinds (--kind): ledger" in result.stdout


def test_a_file_that_the_user_did_not_name_is_never_overwritten(paper: Any) -> None:
    Path("notes.csv").write_text("my own")
    result = paper.run("sample", "paper")
    assert result.exit_code == 2
    assert "notes.csv is there already" in result.stderr
    assert Path("notes.csv").read_text() == "my own"


def test_a_sample_goes_where_it_is_told(paper: Any) -> None:
    Path("folder").mkdir()
    assert paper.run("sample", "paper", "--output", "folder").exit_code == 0
    assert Path("folder/notes.csv").exists()
    Path("mine.csv").write_text("old")
    assert paper.run("sample", "paper", "--kind", "notes", "--output", "mine.csv").exit_code == 0
    assert Path("mine.csv").read_bytes().startswith(b"note,ticker")
    result = paper.process("sample", "paper", "--output", "-")
    assert result.stdout == "note,ticker\n1,ACME\n"
    assert "Press Export." in result.stderr


def test_a_folder_that_is_not_there_is_status_2(paper: Any) -> None:
    result = paper.run("sample", "paper", "--output", "no/such/notes.csv")
    assert result.exit_code == 2
    assert "Error: no/such/notes.csv: No such file or directory" in result.stderr


def test_a_kind_that_is_not_there_is_refused(paper: Any) -> None:
    assert "it has: notes, ledger" in paper.run("sample", "paper", "--kind", "x").stderr


def test_a_sample_that_is_not_shipped_is_the_plugins_fault(paper: Any) -> None:
    result = paper.run("sample", "paper", "--kind", "ledger")
    assert result.exit_code == 1
    assert "names the sample 'missing.csv', but does not ship it" in result.stderr
