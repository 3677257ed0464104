"""The typed face of a plugin: equal to the hook specifications, and strict about what comes back."""

from __future__ import annotations

import inspect
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from polybroker import hookspecs
from polybroker.broker import Broker
from polybroker.errors import PluginError, SymbolUnknown, Unsupported
from polybroker.hookspecs import hookimpl
from polybroker.matrix import GROUPS, HOOKS, capabilities, markdown, matrix
from polybroker.model.broker_info import BrokerInfo, StatementKind
from polybroker.model.commissions import CommissionPlan, CommissionSchedule
from polybroker.model.executions import Granularity
from polybroker.model.instruments import Stock
from polybroker.plugin_loading import broker_of
from polybroker.session import Session
from polybroker.statements.options import ParseOptions

SPECIFIED = [
    name for name, member in vars(hookspecs).items() if isinstance(getattr(member, "polybroker_spec", None), dict)
]
KIND = StatementKind("fills", "Fills", (".csv",), Granularity.FILL, "UTC", "Press Export.", "fills.csv")
OTHER_KIND = StatementKind("orders", "Orders", (".csv",), Granularity.ORDER, "UTC", "Press Export.", "orders.csv")
STOCK = Stock("ACME")


def broker_with(*, kinds: tuple[StatementKind, ...] = (), **hooks: Any) -> Broker:
    """A broker whose hooks do what the test says."""
    info = BrokerInfo("acme", "Acme", "https://example.org", statement_kinds=kinds)
    return broker_of(
        SimpleNamespace(
            broker_info=hookimpl(lambda: info), **{name: hookimpl(function) for name, function in hooks.items()}
        ),
        "acme",
    )


def symbols(to: Any = None, from_: Any = None) -> Broker:
    return broker_with(
        to_broker_symbol=lambda instrument: to(instrument) if to else "ACME",
        from_broker_symbol=lambda symbol: from_(symbol) if from_ else STOCK,
    )


def rates(plans: Any = None, schedule: Any = None) -> Broker:
    return broker_with(commission_plans=lambda: plans, commission_schedule=lambda plan: schedule)


def statements(kind: Any = None, statement: Any = None) -> Broker:
    return broker_with(
        kinds=(KIND,), recognize_statement=lambda document: kind, parse_statement=lambda documents: statement
    )


IN_A_SESSION = [hook for hook in SPECIFIED if "session" in inspect.signature(getattr(hookspecs, hook)).parameters]
UNDER_ANOTHER_NAME = {
    "open_session": "open",
    "close_session": "close",
    "renew_session": "renew",
    "revoke_login": "revoke",
}


@pytest.mark.parametrize("hook", [hook for hook in SPECIFIED if hook not in IN_A_SESSION])
def test_the_facade_has_every_hook_as_it_is_specified(hook: str) -> None:
    specified, offered = inspect.signature(getattr(hookspecs, hook)), inspect.signature(getattr(Broker, hook))
    assert list(offered.parameters.values())[1:] == list(specified.parameters.values())
    assert offered.return_annotation == specified.return_annotation
    assert inspect.getdoc(getattr(Broker, hook)) == inspect.getdoc(getattr(hookspecs, hook))


@pytest.mark.parametrize("hook", IN_A_SESSION)
def test_a_session_has_every_hook_that_needs_one(hook: str) -> None:
    specified = inspect.signature(getattr(hookspecs, hook)).parameters
    offered = inspect.signature(getattr(Session, UNDER_ANOTHER_NAME.get(hook, hook))).parameters
    expected = {name: parameter.annotation for name, parameter in specified.items() if name not in ("session", "emit")}
    assert {name: parameter.annotation for name, parameter in offered.items() if name != "self"} == expected


def test_every_hook_is_in_one_group_in_the_order_of_the_specification() -> None:
    assert list(HOOKS) == SPECIFIED
    assert len(set(HOOKS)) == len(HOOKS)


def test_indivisible_hooks_are_of_one_group() -> None:
    for together in hookspecs.INDIVISIBLE:
        assert any(together <= set(members) for members in GROUPS.values())


def test_what_a_broker_can_do_is_what_its_plugin_implements() -> None:
    broker = symbols()
    assert broker.hooks == ("broker_info", "to_broker_symbol", "from_broker_symbol")
    assert broker.offers("to_broker_symbol")
    assert not broker.offers("parse_statement")
    assert broker.capabilities["symbols"] == ("to_broker_symbol", "from_broker_symbol")
    assert broker.capabilities["commissions"] == ()
    with pytest.raises(ValueError, match="no hook 'fly'"):
        broker.offers("fly")


@pytest.mark.parametrize(
    ("hook", "arguments"),
    [
        ("to_broker_symbol", (STOCK,)),
        ("from_broker_symbol", ("ACME", None)),
        ("recognize_statement", (None,)),
        ("parse_statement", ((), ParseOptions())),
        ("commission_plans", ()),
        ("commission_schedule", ("fixed",)),
    ],
)
def test_a_hook_that_is_not_there_is_unsupported(hook: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(Unsupported, match=f"acme does not offer {hook}"):
        getattr(broker_with(), hook)(*arguments)


def test_arguments_reach_the_plugin_by_name_and_answers_come_back() -> None:
    asked: list[Any] = []

    def from_broker_symbol(on: date, symbol: str) -> Stock:
        asked.append((symbol, on))
        return Stock(symbol)

    broker = broker_with(to_broker_symbol=lambda: "X", from_broker_symbol=from_broker_symbol)
    assert broker.from_broker_symbol("ABC", date(2025, 3, 1)) == Stock("ABC")
    assert asked == [("ABC", date(2025, 3, 1))]
    assert broker.to_broker_symbol(STOCK) == "X"
    assert broker.broker_info() is broker.info


async def eventually() -> str:
    return "later"


@pytest.mark.parametrize(
    ("call", "got"),
    [
        (lambda: symbols(to=lambda _: None).to_broker_symbol(STOCK), "a text, but returned NoneType"),
        (lambda: symbols(to=lambda _: "").to_broker_symbol(STOCK), "a text, but returned an empty text"),
        (lambda: symbols(to=lambda _: b"A").to_broker_symbol(STOCK), "a text, but returned bytes"),
        (lambda: symbols(to=lambda _: eventually()).to_broker_symbol(STOCK), "a text, but returned coroutine"),
        (lambda: symbols(from_=lambda _: "ACME").from_broker_symbol("A", None), "an instrument, but returned str"),
        (lambda: statements(kind="fills").recognize_statement(None), "a StatementKind or None, but returned str"),
        (lambda: statements(kind=OTHER_KIND).recognize_statement(None), "the kind 'orders', which broker_info lacks"),
        (lambda: statements(statement=[]).parse_statement((), ParseOptions()), "a Statement, but returned list"),
        (lambda: rates(plans="abc").commission_plans(), "a sequence of CommissionPlan, but returned str"),
        (lambda: rates(plans=iter(())).commission_plans(), "a sequence of CommissionPlan"),
        (lambda: rates(plans=["a"]).commission_plans(), "CommissionPlan only, but returned str"),
        (
            lambda: rates(
                plans=[CommissionPlan(id="a", title="A"), CommissionPlan(id="a", title="B")]
            ).commission_plans(),
            "two plans of one id",
        ),
        (lambda: rates(schedule={}).commission_schedule("a"), "a CommissionSchedule, but returned dict"),
        (
            lambda: rates(schedule=CommissionSchedule(plan="b", rates=(), source="", as_of=None)).commission_schedule(
                "a"
            ),
            r"commission_schedule\('a'\) returned the schedule of 'b'",
        ),
    ],
)
def test_a_wrong_answer_is_a_plugin_error_that_names_plugin_hook_and_type(call: Any, got: str) -> None:
    with pytest.raises(PluginError, match=f"acme: .*{got}"):
        call()


def test_right_answers_pass() -> None:
    plans = [CommissionPlan(id="a", title="A"), CommissionPlan(id="b", title="B")]
    schedule = CommissionSchedule(plan="b", rates=(), source="", as_of=None)
    broker = rates(plans, schedule)
    assert broker.commission_plans() == tuple(plans)
    assert broker.commission_schedule("b") is schedule
    assert statements().recognize_statement(SimpleNamespace()) is None  # type: ignore[arg-type]
    assert statements(KIND).recognize_statement(SimpleNamespace()) is KIND  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit(2), RecursionError("deep"), KeyError("x")])
def test_an_exception_of_a_hook_is_a_plugin_error_with_its_cause(error: BaseException) -> None:
    def raising(_: str) -> Any:
        raise error

    with pytest.raises(PluginError, match=f"acme: from_broker_symbol raised {type(error).__name__}") as caught:
        symbols(from_=raising).from_broker_symbol("A", None)
    assert caught.value.__cause__ is error


def test_errors_of_the_contract_and_interrupts_pass_as_they_are() -> None:
    def unknown(symbol: str) -> Any:
        raise SymbolUnknown(symbol)

    def interrupted(_: str) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(SymbolUnknown, match="'A'"):
        symbols(from_=unknown).from_broker_symbol("A", None)
    with pytest.raises(KeyboardInterrupt):
        symbols(from_=interrupted).from_broker_symbol("A", None)


def test_a_kind_is_found_by_its_id() -> None:
    assert statements().statement_kind("fills") is KIND
    with pytest.raises(Unsupported, match="no kind of statement 'x'; it has: fills"):
        statements().statement_kind("x")
    with pytest.raises(Unsupported, match="it has: none"):
        symbols().statement_kind("x")


def test_the_matrix_is_computed_from_the_hooks() -> None:
    table = matrix([symbols()])
    assert list(table["acme"]) == list(HOOKS)
    assert {hook for hook, offered in table["acme"].items() if offered} == set(symbols().hooks)
    assert capabilities(["parse_statement"])["statements"] == ("parse_statement",)
    assert markdown([symbols()]).splitlines() == [
        "| broker | symbols | statements | commissions | auth | accounts | orders | market data | limits |",
        "|---|---|---|---|---|---|---|---|---|",
        "| Acme (`acme`) | yes | - | - | - | - | - | - | - |",
    ]
