"""Whose statement a file is, and what is said where that cannot be told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import attrs
import pytest

from polybroker.errors import PluginError, UnknownBroker, UnrecognizedStatement, UnsafeDocument
from polybroker.hookspecs import hookimpl
from polybroker.model.broker_info import BrokerInfo
from polybroker.statements.detection import chosen_broker, claims, recognize, recognize_as
from polybroker.statements.document import Document, open_document
from polybroker.statements.importer import import_statements

ROW = {"Account": "A1", "Time": "2025-03-03 09:30:00", "Symbol": "MESH5", "Side": "Buy", "Qty": 1, "Price": "6050.25"}


def acme_file(tiny: SimpleNamespace) -> Document:
    return open_document(tiny.acme_csv([ROW]), name="acme.csv")


def plain_file(tiny: SimpleNamespace) -> Document:
    return open_document(tiny.plain_csv([ROW]), name="plain.csv")


def strange_file() -> Document:
    return open_document(b"a,b\n1,2\n", name="strange.csv")


def failing(tiny: SimpleNamespace, error: BaseException) -> Any:
    class Failing(tiny.plugin):  # type: ignore[name-defined,misc]
        @hookimpl
        def recognize_statement(self, document: Document) -> None:
            raise error

    kinds = (tiny.kind("broken_kind"),)
    info = BrokerInfo(id="failing", title="Failing", website="https://f.example", statement_kinds=kinds)
    return tiny.broker_of(Failing(info, "-"), "failing")


def test_an_exact_kind_beats_a_generic_one(tiny: SimpleNamespace) -> None:
    found = claims(acme_file(tiny), tiny.both)
    assert [claim.broker.id for claim in found.exact] == ["acme"]
    assert [claim.broker.id for claim in found.generic] == ["plain"]
    broker, kind = recognize(acme_file(tiny), tiny.both)
    assert (broker.id, kind.id) == ("acme", "acme_fills")


def test_a_generic_kind_takes_what_no_exact_one_claims(tiny: SimpleNamespace) -> None:
    broker, kind = recognize(plain_file(tiny), tiny.both)
    assert (broker.id, kind.id) == ("plain", "plain_table")


def test_a_file_that_nobody_claims_is_refused_with_the_installed_brokers(tiny: SimpleNamespace) -> None:
    with pytest.raises(UnrecognizedStatement, match=r"strange\.csv.*no broker knows.*acme, plain") as caught:
        recognize(strange_file(), tiny.both)
    assert caught.value.to_json()["file"] == "strange.csv"


def test_a_file_that_two_brokers_claim_is_refused_with_both_names(tiny: SimpleNamespace) -> None:
    info = attrs.evolve(tiny.acme.info, id="apex", title="Apex")
    twin = tiny.broker_of(tiny.plugin(info, "Acme Fill"), "apex")
    with pytest.raises(UnrecognizedStatement, match=r"more than one.*Acme \(acme\).*Apex \(apex\)"):
        recognize(acme_file(tiny), {**tiny.both, "apex": twin})


def test_a_file_that_does_not_fit_the_chosen_broker_says_whose_it_looks_like(tiny: SimpleNamespace) -> None:
    with pytest.raises(UnrecognizedStatement, match=r"no statement of Acme \(acme\).*looks like Plain \(plain\)"):
        recognize_as(tiny.acme, plain_file(tiny), tiny.both)


def test_a_file_that_fits_nobody_says_what_the_chosen_broker_reads(tiny: SimpleNamespace) -> None:
    with pytest.raises(UnrecognizedStatement, match="which reads: Acme Fills: Press Export"):
        recognize_as(tiny.acme, strange_file(), tiny.both)


def test_a_chosen_broker_reads_its_generic_kind_even_if_another_is_exact(tiny: SimpleNamespace) -> None:
    found = import_statements(acme_file(tiny), broker="plain", brokers=tiny.both)
    assert (found.broker, found.kind) == ("plain", "plain_table")


@pytest.mark.parametrize("error", [RuntimeError("boom"), SystemExit(3), UnrecognizedStatement("not mine")])
def test_a_recognizer_that_raises_is_a_warning_and_hurts_nobody(tiny: SimpleNamespace, error: BaseException) -> None:
    found = import_statements(acme_file(tiny), brokers={"failing": failing(tiny, error), **tiny.both})
    assert found.broker == "acme"
    assert any(warning.startswith("failing could not look at a file") for warning in found.report.warnings)


def test_a_recognizer_that_raises_is_named_where_nobody_else_claims_the_file(tiny: SimpleNamespace) -> None:
    with pytest.raises(UnrecognizedStatement, match=r"failing could not look at a file.*boom"):
        recognize(strange_file(), {"failing": failing(tiny, RuntimeError("boom")), **tiny.both})


def test_the_chosen_brokers_own_failure_is_raised(tiny: SimpleNamespace) -> None:
    with pytest.raises(PluginError, match="failing: recognize_statement raised RuntimeError: boom"):
        recognize_as(failing(tiny, RuntimeError("boom")), acme_file(tiny), tiny.both)


def test_an_unsafe_document_is_called_unsafe_and_not_unknown(tiny: SimpleNamespace) -> None:
    with pytest.raises(UnsafeDocument):
        recognize(strange_file(), {"failing": failing(tiny, UnsafeDocument("too far"))})


def test_a_broker_is_chosen_by_id_or_alias_in_any_case(tiny: SimpleNamespace) -> None:
    assert chosen_broker("ACME", tiny.both) is tiny.acme
    assert chosen_broker("acme_futures", tiny.both) is tiny.acme
    with pytest.raises(UnknownBroker, match=r"no broker 'nobody'.*acme, plain"):
        chosen_broker("nobody", tiny.both)


def test_files_of_several_brokers_are_read_in_one_run(tiny: SimpleNamespace) -> None:
    found = import_statements([plain_file(tiny), acme_file(tiny)], brokers=tiny.both)
    assert (found.broker, found.kind) == ("several", "several")
    assert [(entry.file, entry.broker, entry.rows) for entry in found.files] == [
        ("plain.csv", "plain", 1),
        ("acme.csv", "acme", 1),
    ]
    assert found.executions["broker_id"].to_list() == ["acme", "plain"]
    assert found.report.rows == 2


def test_equal_accounts_of_two_brokers_have_positions_of_their_own(tiny: SimpleNamespace) -> None:
    closing = open_document(tiny.plain_csv([{**ROW, "Side": "Sell", "Time": "2025-03-03 10:00:00"}]), name="plain.csv")
    found = import_statements([acme_file(tiny), closing], brokers=tiny.both)
    assert found.executions["status"].to_list() == ["To Open Long", "To Open Short"]
    assert found.round_trips().height == 0
    assert found.open_positions().height == 2
