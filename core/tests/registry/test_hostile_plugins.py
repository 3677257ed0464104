"""A plugin that breaks the contract is refused with the reason, and the one beside it works."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from polybroker.errors import PluginError
from polybroker.faults import abandoned
from polybroker.hookspecs import hookimpl
from polybroker.model.broker_info import BrokerInfo
from polybroker.plugin_checks import colour
from polybroker.plugin_loading import RefusedPluginError, broker_of
from polybroker.registry import Registry

INFO = 'return BrokerInfo(id="acme", title="Acme", website="https://example.org")'
KIND = """
KIND = StatementKind(id="fills", title="Fills", extensions=(".csv",), granularity=Granularity.FILL,
                     timezone="UTC", export_instructions="Press Export.", sample="fills.csv")
"""
OFFICE = f"""
@hookimpl
def broker_info():
    {INFO}
"""

HOSTILE: dict[str, tuple[str, str]] = {
    "raises at import": ("raise RuntimeError('no such luck')", "raised RuntimeError: no such luck"),
    "does not compile": ("def broken(:", "raised SyntaxError"),
    "needs what is not there": ("import a_module_that_nobody_has", "raised ModuleNotFoundError"),
    "exits at import": ("import sys; sys.exit(3)", "raised SystemExit: 3"),
    "interrupts at import": ("raise KeyboardInterrupt", "raised KeyboardInterrupt"),
    "raises without words": (
        "class Mute(Exception):\n    def __str__(self): raise ValueError\nraise Mute",
        "raised Mute: (it cannot say why)",
    ),
    "is empty": ("", "implements no broker_info"),
    "forgot the mark": (f"def broker_info():\n    {INFO}", "its broker_info carries no @hookimpl"),
    "info raises": ("@hookimpl\ndef broker_info(): raise ValueError('later')", "broker_info raised ValueError: later"),
    "info exits": ("@hookimpl\ndef broker_info(): raise SystemExit", "broker_info raised SystemExit"),
    "info is a dict": ("@hookimpl\ndef broker_info(): return {'id': 'acme'}", "BrokerInfo, but returned dict"),
    "info is nothing": ("@hookimpl\ndef broker_info(): pass", "BrokerInfo, but returned NoneType"),
    "info names another id": (OFFICE.replace('"acme"', '"amce"'), "names the id 'amce'"),
    "info has no title": (OFFICE.replace('"Acme"', '" "'), "has no title"),
    "info has a website that is none": (OFFICE.replace('"https://example.org"', "None"), "has no website"),
    "info has a list of aliases": (OFFICE.replace("website=", "aliases=['a'], website="), "no tuple of texts"),
    "info has a loud alias": (OFFICE.replace("website=", "aliases=('ACME',), website="), "the alias 'ACME'"),
    "info has an odd stage": (OFFICE.replace("website=", "stage='ready', website="), "the stage 'ready'"),
    "info has kinds that are none": (
        OFFICE.replace("website=", "statement_kinds=('csv',), website="),
        "no tuple of StatementKind",
    ),
    "info promises files that nobody reads": (
        KIND + OFFICE.replace("website=", "statement_kinds=(KIND,), website="),
        "there is no parse_statement",
    ),
    "info has one kind twice": (
        KIND + OFFICE.replace("website=", "statement_kinds=(KIND, KIND), website="),
        "two kinds of statements of one id",
    ),
    "a sample outside of the package": (
        KIND.replace("fills.csv", "../../secrets") + OFFICE.replace("website=", "statement_kinds=(KIND,), website="),
        "names the sample '../../secrets'",
    ),
    "reads files of no kind": (
        OFFICE + "@hookimpl\ndef recognize_statement(document): pass\n@hookimpl\ndef parse_statement(documents): pass",
        "names no kinds of statements",
    ),
    "of another time": (
        OFFICE.replace("website=", "api_version=7, website=") + "@hookimpl\ndef fly(): pass",
        "API version 7; this core has 0",
    ),
    "misspells a hook": (
        OFFICE + "@hookimpl\ndef commission_shedule(plan): pass",
        "there is no such hook; did you mean commission_schedule?",
    ),
    "misspells beyond recognition": (OFFICE + "@hookimpl\ndef xyzzy(): pass", "marks xyzzy as a hook"),
    "misspells by specname": (
        OFFICE + "@hookimpl(specname='commission_plan')\ndef plans(): pass",
        "did you mean commission_plans?",
    ),
    "forgot one mark": (
        OFFICE + "def to_broker_symbol(instrument): pass\n@hookimpl\ndef from_broker_symbol(symbol): pass",
        "its to_broker_symbol carries no @hookimpl",
    ),
    "half a group": (
        OFFICE + "@hookimpl\ndef to_broker_symbol(instrument): pass",
        "to_broker_symbol without from_broker_symbol: they come together or not at all",
    ),
    "half of the rates": (
        OFFICE + "@hookimpl\ndef commission_plans(): return ()",
        "commission_plans without commission_schedule",
    ),
    "async where def is due": (
        "@hookimpl\nasync def broker_info():\n    " + INFO,
        "its broker_info is written as `async def`, but the hook is `def`",
    ),
    "a generator where def is due": (
        "@hookimpl\ndef broker_info():\n    yield 1\n    " + INFO,
        "written as `def with yield`",
    ),
    "an async generator where def is due": (
        "@hookimpl\nasync def broker_info():\n    yield 1",
        "written as `async def with yield`",
    ),
    "an argument that is never passed": (
        "@hookimpl\ndef broker_info(config):\n    " + INFO,
        "takes an unknown argument config; the hook's arguments are: none",
    ),
    "a default that would always hold": (
        OFFICE + "@hookimpl\ndef from_broker_symbol(symbol, on=None): pass",
        "gives on a default",
    ),
    "takes anything": (
        OFFICE + "@hookimpl\ndef commission_schedule(**arguments): pass",
        "takes **arguments, which is never passed",
    ),
    "one hook twice": (
        OFFICE + "@hookimpl(specname='broker_info')\ndef facts(): pass",
        "implements broker_info more than once",
    ),
    "wraps": (
        OFFICE + "@hookimpl(wrapper=True)\ndef commission_plans():\n    return (yield)",
        "is a wrapper, but a broker has one plugin only",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_broken_plugin_is_refused_with_the_reason(name: str, workshop: Any) -> None:
    source, reason = HOSTILE[name]
    assert reason in workshop.reasons(source)


def test_a_good_plugin_has_no_reason_against_it(workshop: Any) -> None:
    assert workshop.reasons(OFFICE) == ""


def test_all_reasons_are_given_at_once(workshop: Any) -> None:
    source = OFFICE + "@hookimpl\ndef to_broker_symbol(instrument): pass\n@hookimpl\nasync def commission_plans(): pass"
    reason = workshop.reasons(source)
    assert "without from_broker_symbol" in reason
    assert "`async def`" in reason


def test_a_plugin_of_another_api_version_is_told_only_that(workshop: Any) -> None:
    source = OFFICE.replace("website=", "api_version=1, website=") + "@hookimpl\ndef place_order(order): pass"
    assert workshop.reasons(source) == "it is written for API version 1; this core has 0"


def test_a_hook_of_a_later_core_may_be_marked_optional(workshop: Any) -> None:
    assert workshop.reasons(OFFICE + "@hookimpl(optionalhook=True)\ndef tomorrow(): pass") == ""


def test_an_import_that_hangs_is_given_up_and_hurts_nobody(workshop: Any) -> None:
    release = threading.Event()
    entry_points = [workshop.fake("asleep", release.wait), workshop.good("healthy")]
    registry = Registry(entry_points, import_seconds=0.2)
    try:
        assert list(registry.brokers()) == ["healthy"]
        assert registry.broken()["asleep"].reason == "importing module_of_asleep took longer than 0.2 s"
        with pytest.raises(PluginError, match=r"asleep is broken: .* took longer"):
            registry.broker("asleep")
    finally:
        release.set()
        abandoned.pop().join(5)


def test_a_broker_info_that_hangs_counts_as_the_import_does(workshop: Any) -> None:
    release = threading.Event()

    class Slow:
        @hookimpl
        def broker_info(self) -> BrokerInfo:
            release.wait()
            raise AssertionError

    registry = Registry([workshop.fake("slow", Slow)], import_seconds=0.2)
    try:
        assert "took longer" in registry.broken()["slow"].reason
    finally:
        release.set()
        abandoned.pop().join(5)


def test_a_class_is_no_plugin(workshop: Any) -> None:
    registry = Registry([workshop.fake("acme", lambda: SimpleNamespace)])
    assert "it is a class" in registry.broken()["acme"].reason


def test_an_object_may_be_a_plugin(workshop: Any) -> None:
    class Desk:
        @hookimpl
        def broker_info(self) -> BrokerInfo:
            return BrokerInfo(id="acme", title="Acme", website="https://example.org")

        @property
        def moody(self) -> str:
            raise RuntimeError

    assert Registry([workshop.fake("acme", Desk)]).broker("acme").info.title == "Acme"


def test_an_object_that_fights_back_breaks_only_itself(workshop: Any) -> None:
    class Thorny:
        def __dir__(self) -> list[str]:
            raise RuntimeError("do not look")

    registry = Registry([workshop.fake("acme", Thorny), workshop.good("healthy")])
    assert "do not look" in registry.broken()["acme"].reason
    assert registry.broker("healthy")


@pytest.mark.parametrize("broker_id", ["Acme", "acme-1", "1acme", "", "acme.eu", "ärger"])
def test_an_id_is_of_small_letters_digits_and_underlines(broker_id: str, workshop: Any) -> None:
    registry = Registry([workshop.good(broker_id)])
    assert "is not of small letters" in registry.broken()[broker_id].reason


def test_the_colour_of_a_function_is_how_it_was_written() -> None:
    import functools

    async def asynchronous() -> None: ...
    async def asynchronous_stream() -> Any:
        yield

    def stream() -> Any:
        yield

    @functools.wraps(asynchronous)
    def wrapped() -> None: ...

    assert colour(lambda: None) == "def"
    assert colour(asynchronous) == colour(functools.partial(asynchronous)) == colour(wrapped) == "async def"
    assert colour(asynchronous_stream) == "async def with yield"
    assert colour(stream) == "def with yield"


def test_a_refusal_keeps_every_reason_apart() -> None:
    with pytest.raises(RefusedPluginError) as caught:
        broker_of(SimpleNamespace(to_broker_symbol=print), "acme")
    assert caught.value.reasons == (
        "its to_broker_symbol carries no @hookimpl",
        "it implements no broker_info, the one mandatory hook",
    )
