"""The command line as a whole: help, exit status, errors in words, further commands, start-up."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from polybroker.cli import options
from polybroker.cli.root import BUILT_IN, Root, main
from polybroker.errors import AmbiguousStatement, PluginError, StatementError, UnsafeDocument
from polybroker.model.executions import Method
from polybroker.model.instruments import AssetClass
from polybroker.statements.options import CommissionSign

COMMANDS = sorted(BUILT_IN)


def root_that(callback: Callable[[], Any]) -> Root:
    """A root command that does one thing."""
    root = Root("polybroker", invoke_without_command=True, callback=callback)
    root.params.append(click.Option(["--json"], is_flag=True, expose_value=False, callback=choose_json))
    return root


def choose_json(ctx: click.Context, _: object, chosen: bool) -> None:
    ctx.obj.json = chosen


def raising(error: BaseException, *arguments: str) -> Any:
    def fail() -> None:
        raise error

    return CliRunner().invoke(root_that(fail), arguments)


def command_of(name: str) -> click.Command:
    module = name.replace("-", "_")
    command: click.Command = getattr(import_module(f"polybroker.cli.{module}"), module)
    return command


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_tells_what_their_own_help_tells(name: str) -> None:
    command = command_of(name)
    assert command.name == name
    assert command.help.splitlines()[0] == BUILT_IN[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_says_what_every_option_means(name: str, desk: Any) -> None:
    result = desk.run(name, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: polybroker {name}")
    command = command_of(name)
    assert all(option.help for option in command.params if isinstance(option, click.Option))


@pytest.mark.parametrize(
    ("choices", "meant"),
    [(options.METHODS, Method), (options.SIGNS, CommissionSign)],
)
def test_the_choices_of_the_options_are_those_of_the_model(choices: tuple[str, ...], meant: Any) -> None:
    assert list(choices) == [str(member) for member in meant]


def test_the_asset_classes_to_choose_from_exist() -> None:
    assert set(options.ASSET_CLASSES) < {str(member) for member in AssetClass}


def test_the_version_is_that_of_the_distribution(desk: Any) -> None:
    from importlib.metadata import version

    assert version("polybroker") in desk.run("--version").stdout


def test_an_unknown_command_is_wrong_usage_and_the_nearest_is_named(desk: Any) -> None:
    result = desk.run("convrt")
    assert result.exit_code == 2
    assert "No such command 'convrt'. Did you mean convert?" in result.stderr


def test_a_file_that_is_not_there_is_status_2(desk: Any) -> None:
    result = desk.run("check", "nowhere.csv")
    assert result.exit_code == 2
    assert "'nowhere.csv' does not exist" in result.stderr
    assert desk.run("check").exit_code == 2
    assert desk.run("check", desk.folder).exit_code == 2


def test_a_file_that_is_not_there_is_told_as_json_where_json_was_asked_for(desk: Any) -> None:
    result = desk.run("convert", "nowhere.csv", "--format", "json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == "USAGE"


def test_a_refusal_says_what_where_and_what_to_do() -> None:
    error = AmbiguousStatement(
        "dates can be read in two ways", question="--day-first or --month-first", source="a.csv", row=3, column="Date"
    )
    result = raising(error)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "Error: dates can be read in two ways",
        "  in a.csv, row 3, column Date",
        "  to settle it: --day-first or --month-first",
    ]


def test_a_refusal_is_json_on_stdout_where_json_was_asked_for() -> None:
    result = raising(StatementError("no such column", source="a.csv", row=1, column="Price"), "--json")
    assert result.exit_code == 1
    assert result.stderr == ""
    assert json.loads(result.stdout) == {
        "error": {
            "code": "STATEMENT_INVALID",
            "message": "no such column",
            "file": "a.csv",
            "row": 1,
            "column": "Price",
        }
    }


def test_a_fault_of_a_plugin_is_called_one() -> None:
    assert "fault of the plugin" in raising(PluginError("acme: parse_statement raised KeyError: 'x'")).stderr


def test_an_unsafe_file_is_answered_with_what_to_do() -> None:
    assert "nothing was read" in raising(UnsafeDocument("too large", source="a.xlsx")).stderr


@pytest.mark.parametrize("error", [KeyError("x"), AssertionError(), RecursionError("deep"), BaseException("panic")])
def test_an_unexpected_error_is_one_line_with_its_type_and_no_traceback(error: BaseException) -> None:
    result = raising(error)
    assert result.exit_code == 1
    assert result.stderr.startswith("Sorry, polybroker failed where it should not: ")
    assert type(error).__name__ in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert json.loads(raising(error, "--json").stdout)["error"]["code"] == "INTERNAL"


def test_memory_that_runs_out_is_called_so() -> None:
    assert raising(MemoryError()).stderr == "Error: there is not enough memory for this.\n"


def test_an_interrupt_is_no_error() -> None:
    result = raising(KeyboardInterrupt())
    assert (result.exit_code, result.stderr.strip()) == (130, "interrupted")


def test_a_traceback_is_shown_on_demand(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Traceback" not in desk.run("show", "nobody").stderr
    assert "Traceback" in desk.run("show", "nobody", "--debug").stderr
    assert "Traceback" in desk.run("--debug", "show", "nobody").stderr
    monkeypatch.setenv("POLYBROKER_DEBUG", "1")
    assert "Traceback" in desk.run("show", "nobody").stderr
    monkeypatch.setenv("POLYBROKER_DEBUG", "0")
    assert "Traceback" not in desk.run("show", "nobody").stderr


def test_control_characters_of_files_never_reach_the_terminal() -> None:
    result = raising(StatementError("a\x1b[31mb\u202ec", source="x\x07\n.csv"))
    assert result.stderr == "Error: a\\x1b[31mb\\u202ec\n  in x\\x07\\n.csv\n"


def test_the_interpreter_is_left_without_a_traceback_where_the_reader_goes_away(desk: Any) -> None:
    desk.install_paper()
    command = f"{sys.executable} -m polybroker rates paper | true; echo status ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, cwd=desk.folder)
    assert "Traceback" not in result.stderr
    assert "BrokenPipe" not in result.stderr


# further commands


@pytest.fixture
def further(desk: Any) -> Any:
    good = desk.module("import click\n@click.command()\ndef hello():\n    click.echo('Good day')\n")
    bad = desk.module("raise RuntimeError('not today')")
    odd = desk.module("command = 3")
    entries = {"hello": f"{good}:hello", "bad": f"{bad}:command", "odd": f"{odd}:command", "gone": "nowhere_at_all:x"}
    desk.install("polybroker-more", "polybroker.commands", entries)
    desk.install("polybroker-rival", "polybroker.commands", {"twin": f"{good}:hello", "show": f"{good}:hello"})
    desk.install("polybroker-other", "polybroker.commands", {"twin": f"{good}:hello"})
    return desk


def test_a_command_of_another_distribution_works(further: Any) -> None:
    assert further.run("hello").stdout == "Good day\n"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bad", "raised RuntimeError: not today"),
        ("odd", "gives a int, which is no click command"),
        ("gone", "No module named 'nowhere_at_all'"),
        ("twin", "both add it"),
    ],
)
def test_a_broken_command_says_why_and_hurts_no_other(name: str, reason: str, further: Any) -> None:
    result = further.run(name, "--any", "thing", "--help")
    assert result.exit_code == 1
    assert f"the command {name} is broken" in result.stderr
    assert reason in result.stderr
    assert further.run("hello").exit_code == 0


def test_help_lists_further_commands_without_importing_them(further: Any) -> None:
    before = set(sys.modules)
    text = further.run("--help").stdout
    assert "hello  (from polybroker-more)" in text
    assert "gone   (broken: polybroker-more names the module nowhere_at_all" in text
    assert "both add it)" in text
    assert text.count("  show ") == 1
    assert not any(name.startswith("made_") for name in set(sys.modules) - before)


def test_a_command_of_the_core_cannot_be_replaced(further: Any) -> None:
    assert further.run("show", "--help").stdout.startswith("Usage: polybroker show [OPTIONS] BROKER")


def test_a_name_near_a_further_command_is_answered_with_it(further: Any) -> None:
    assert "Did you mean hello?" in further.run("helo").stderr


# start-up


def cpu(*command: str) -> float:
    """The least CPU of a few runs, in seconds."""
    return min(_cpu_once(command) for _ in range(5))


def _cpu_once(command: tuple[str, ...]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def test_help_takes_at_most_three_times_what_importing_click_takes() -> None:
    click_alone = cpu("-c", "import click")
    for arguments in (["--help"], ["convert", "--help"], ["brokers", "--help"]):
        assert cpu("-m", "polybroker", *arguments) < 3 * click_alone


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_loads_neither_tables_nor_plugins_nor_what_draws(arguments: list[str]) -> None:
    heavy = {"polars", "numpy", "rich", "pluggy", "attrs", "polybroker_amp_cqg", "httpx", "hypothesis"}
    code = f"""
import sys
from polybroker.cli import main
try:
    main.main({arguments!r})
finally:
    print(sorted({heavy!r} & set(sys.modules)), file=sys.stderr)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stderr.strip() == "[]"


def test_the_script_and_the_module_are_one(desk: Any) -> None:
    script = Path(sys.executable).parent / "polybroker"
    result = subprocess.run([str(script), "--help"], capture_output=True, text=True, check=True)
    assert result.stdout == desk.process("--help").stdout


def test_main_is_what_the_distribution_installs() -> None:
    from polybroker import cli

    assert cli.main is main


def test_letters_that_a_terminal_lacks_are_no_reason_to_fail(desk: Any) -> None:
    desk.install_plugin(
        "local",
        """
        from polybroker import BrokerInfo, hookimpl
        @hookimpl
        def broker_info():
            return BrokerInfo("local", "Börse 株", "https://l.example")
        """,
    )
    result = desk.process("show", "local", encoding="ascii", more={"PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0
    assert "B\\xf6rse \\u682a (local)" in result.stdout


def test_a_broken_plugin_is_named_where_no_plugin_knows_the_file(desk: Any) -> None:
    desk.install_paper()
    desk.install_plugin("wreck", "1 / 0")
    Path("foreign.csv").write_text("alpha,beta\n1,2\n")
    assert "which could not be asked: " in desk.run("check", "foreign.csv").stderr
