"""The pytest plugin of the contract suite; found by entry point, idle unless `--polybroker` is given.

Against an installed broker, or against all::

    pytest --pyargs polybroker.testing.contract --polybroker acme
    pytest --pyargs polybroker.testing.contract --polybroker all --polybroker-report report.json

Only pytest is imported here: everybody who has polybroker installed loads this module with every run of pytest.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from polybroker.testing.laws import Case
    from polybroker.testing.subject import Subject

CONTRACT = "polybroker.testing.contract"
_NOBODY = "the contract suite needs --polybroker NAME, or --polybroker all"
_REWRITTEN = tuple(f"polybroker.testing.{name}" for name in ("contract", "specimen", "checks", "desk", "terms", "tour"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the contract suite."""
    group = parser.getgroup("polybroker", "contract suite for broker plugins")
    group.addoption(
        "--polybroker",
        action="append",
        default=[],
        metavar="NAME",
        help="try this installed broker (an id or alias, or `all`); may be repeated",
    )
    group.addoption(
        "--polybroker-report", metavar="PATH", help="write the result of every law, by capability, to this JSON file"
    )
    group.addoption(
        "--polybroker-explore",
        action="store_true",
        help="search at random and longer; without it every run tries the same examples",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Load the brokers under test and Hypothesis' profile, if any broker is named."""
    if not config.getoption("polybroker") and any(argument.startswith(CONTRACT) for argument in config.args):
        raise pytest.UsageError(_NOBODY)
    if config.getoption("polybroker"):
        config.pluginmanager.register(ContractRun(config), "polybroker_contract")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Refuse a run of the laws that names no broker, instead of trying them on nobody."""
    named = metafunc.config.getoption("polybroker")
    if not named and (metafunc.module.__name__ or "").startswith(f"{CONTRACT}."):
        raise pytest.UsageError(_NOBODY)


class ContractRun:
    """One run of the suite: who is under test, and what became of every law."""

    def __init__(self, config: pytest.Config) -> None:
        pytest.register_assert_rewrite(*_REWRITTEN)
        from polybroker.errors import UnknownBroker
        from polybroker.testing import profiles
        from polybroker.testing.report import Report
        from polybroker.testing.subject import subjects

        profiles.load(explore=config.getoption("polybroker_explore"))
        try:
            self.subjects: list[Subject] = subjects(config.getoption("polybroker"))
        except UnknownBroker as error:
            raise pytest.UsageError(str(error)) from error
        if not self.subjects:
            raise pytest.UsageError("no broker is installed")
        self.path = config.getoption("polybroker_report")
        self.report = Report(self.subjects)

    def pytest_report_header(self) -> list[str]:
        """Say what is under test."""
        from polybroker.testing.report import header

        return [line for subject in self.subjects for line in header(subject)]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Try a law on every broker that it concerns, and on each of its samples."""
        from polybroker.testing.laws import cases, law_of

        law = law_of(metafunc.function)
        if law is not None:
            found = [case for subject in self.subjects for case in cases(law, subject)]
            metafunc.parametrize(law.arguments, [_parameters(case) for case in found])

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Note on every item which law it tries, so that reports know (from workers, too)."""
        from polybroker.testing.laws import law_of

        law = law_of(getattr(item, "function", None))
        spec: Any = getattr(item, "callspec", None)
        if law is not None and spec is not None:
            subject, sample = spec.params["subject"], spec.params.get("sample")
            facts = {"broker": subject.name, "group": law.group, "law": law.name}
            item.user_properties.append(("polybroker", {**facts, "sample": sample and sample.name}))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep what falsified a law: the message and the example, a line each."""
        from polybroker.testing.report import falsified

        report = yield
        if call.excinfo is not None and call.when == "call":
            report.user_properties.append(("polybroker_failure", falsified(call.excinfo.value)))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the outcome."""
        self.report.add(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report, once: not from the workers of a distributed run."""
        if self.path and not hasattr(session.config, "workerinput"):
            self.report.write(self.path)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """A line for every broker and capability."""
        terminalreporter.section("contract")
        for line in self.report.lines():
            terminalreporter.write_line(line)


def _parameters(case: Case) -> Any:
    marks = []
    if case.skip:
        marks.append(pytest.mark.skip(reason=case.skip))
    elif case.deviation:
        deviation = case.deviation
        marks.append(pytest.mark.xfail(reason=f"{deviation.reason} ({deviation.source})", strict=True))
    return pytest.param(*case.values.values(), id=case.id, marks=marks)
