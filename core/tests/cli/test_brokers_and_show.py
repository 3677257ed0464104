"""What is installed, what it can do, and why something is broken."""

from __future__ import annotations

import json
from typing import Any

import pytest


@pytest.fixture
def paper(desk: Any) -> Any:
    desk.install_paper()
    desk.install_plugin("wreck", "raise RuntimeError('ran aground\\x1b[2J')")
    return desk


def entry(answer: Any, broker_id: str) -> Any:
    return next(entry for entry in answer["brokers"] if entry["id"] == broker_id)


def test_brokers_lists_the_working_and_the_broken(paper: Any) -> None:
    result = paper.run("brokers")
    assert result.exit_code == 0
    line = next(line for line in result.stdout.splitlines() if line.startswith("paper"))
    assert "Paper & Sons" in line
    assert "symbols, statements, commissions" in line
    assert "notes_of_paper" in line
    assert "polybroker-paper 1.0" in line
    assert "wreck is broken: importing " in result.stderr
    assert "RuntimeError: ran aground\\x1b[2J" in result.stderr


def test_brokers_as_json_has_capabilities_or_the_reasons(paper: Any) -> None:
    answer = paper.json("brokers", "--json")
    known = entry(answer, "paper")
    assert known["broken"] is None
    assert known["hooks"][0] == "broker_info"
    assert known["capabilities"]["symbols"] == ["to_broker_symbol", "from_broker_symbol"]
    assert known["capabilities"]["statements"] == ["recognize_statement", "parse_statement"]
    assert known["statement_kinds"][0]["export_instructions"] == "Open the ledger.\nPress Export."
    assert (known["distribution"], known["version"]) == ("polybroker-paper", "1.0")
    [reason] = entry(answer, "wreck")["broken"]
    assert "ran aground" in reason
    assert [entry["id"] for entry in answer["brokers"]] == sorted(entry["id"] for entry in answer["brokers"])


def test_a_name_that_two_claim_is_told(paper: Any) -> None:
    info = "BrokerInfo('rival', 'Rival', 'https://r.example', aliases=('paper', 'notes_of_paper'))"
    paper.install_plugin(
        "rival",
        f"""
        from polybroker import BrokerInfo, hookimpl
        @hookimpl
        def broker_info():
            return {info}
        """,
    )
    notes = paper.run("brokers").stderr
    assert "the name paper is claimed by paper and rival" in notes
    assert "the name notes_of_paper is claimed by paper and rival" in notes


def test_show_tells_all_of_one_broker(paper: Any) -> None:
    result = paper.run("show", "notes-of-paper")
    assert result.exit_code == 0
    for text in ("Paper & Sons (paper)", "https://paper.example/rates", "recognize_statement, parse_statement"):
        assert text in result.stdout
    assert "symbols      to_broker_symbol, from_broker_symbol" in result.stdout
    assert "Press Export." in result.stdout
    assert paper.json("show", "paper", "--json") == entry(paper.json("brokers", "--json"), "paper")


def test_show_tells_why_a_broker_is_broken(paper: Any) -> None:
    result = paper.run("show", "wreck")
    assert result.exit_code == 1
    assert result.stdout.startswith("wreck is broken:\n  importing ")
    assert "polybroker-wreck 1.0" in result.stdout
    answer = paper.json("show", "wreck", "--json")
    assert answer["id"] == "wreck"
    assert "ran aground" in answer["broken"][0]


def test_an_unknown_broker_is_refused_with_what_there_is(paper: Any) -> None:
    result = paper.run("show", "papr")
    assert result.exit_code == 1
    assert "did you mean paper" in result.stderr
    error = paper.json("show", "papr", "--json")["error"]
    assert error["code"] == "BROKER_UNKNOWN"
    assert set(error) == {"code", "message", "file", "row", "column"}


@pytest.mark.parametrize(
    "source",
    [
        "while True: print('flood')",
        "import time; time.sleep(600)",
        "import threading; threading.Event().wait()",
    ],
)
def test_a_plugin_that_never_ends_costs_its_limit_and_nothing_more(source: str, desk: Any) -> None:
    desk.install_paper()
    desk.install_plugin("endless", source)
    result = desk.process("brokers", "--json", timeout=30)
    assert result.returncode == 0
    answer = json.loads(result.stdout)
    assert "took longer than 1 s" in entry(answer, "endless")["broken"][0]
    assert entry(answer, "paper")["broken"] is None


def test_what_a_plugin_prints_does_not_mix_with_the_answer(desk: Any) -> None:
    desk.install_plugin(
        "chatty",
        """
        print("hello from chatty")
        from polybroker import BrokerInfo, hookimpl
        @hookimpl
        def broker_info():
            print("asked")
            return BrokerInfo("chatty", "Chatty", "https://c.example")
        """,
    )
    result = desk.process("show", "chatty", "--json")
    assert json.loads(result.stdout)["id"] == "chatty"
    assert "hello from chatty" in result.stderr


def test_a_plugin_that_exits_cannot_set_the_exit_status(desk: Any) -> None:
    desk.install_paper()
    desk.install_plugin("quitter", "import sys; sys.exit(0)")
    result = desk.process("show", "quitter")
    assert result.returncode == 1
    assert "SystemExit: 0" in result.stdout
    assert desk.process("show", "paper").returncode == 0
