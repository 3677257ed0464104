"""A plugin that brings little is tried as far as that goes, and told what is missing."""

from __future__ import annotations

import polybroker_acme
import pytest
from attrs import evolve
from polybroker_acme import testing

from polybroker.plugin_loading import broker_of
from polybroker.testing.laws import cases, catalogue
from polybroker.testing.subject import Subject
from polybroker.testing.testkit import Deviation, Testkit

LAWS = {law.name: law for law in catalogue()}


def acme(kit: Testkit | None) -> Subject:
    broker = broker_of(polybroker_acme, "acme", package=polybroker_acme.__name__)
    return Subject("acme", broker, kit, {"acme": broker})


def test_without_a_testkit_the_shipped_samples_are_tried() -> None:
    bare = acme(None)
    assert [sample.name for sample in bare.samples] == ["trades.csv"]
    tried = {law.name for law in catalogue() for case in cases(law, bare) if case.skip is None}
    assert {"test_a_sample_is_read_whole", "test_overlapping_exports_merge", "test_charges_are_negative"} <= tried
    for name in ("test_a_sample_is_read_whole", "test_a_side_is_what_the_file_says", "test_line_ends_mean_nothing"):
        for case in cases(LAWS[name], bare):
            case.check()


def test_columns_are_found_by_what_they_hold() -> None:
    stated = {"side": "B/S", "quantity": "Lots", "price": "Fill Price", "symbol": "Contract"}
    assert acme(None).samples[0].columns == stated
    fills = evolve(testing.testkit().samples[1], columns={})
    assert acme(Testkit(samples=(fills,))).samples[0].columns == {**stated, "fill_id": "Fill ID"}


@pytest.mark.parametrize(
    ("law", "reason"),
    [
        ("test_near_misses_are_unknown", "acme has no testkit, which would give near misses"),
        ("test_what_was_written_is_read", "acme has no testkit, which would give instruments"),
        ("test_known_fills_are_read_as_a_person_reads_them", "trades.csv has no known fills in the testkit"),
        ("test_a_fill_id_counts_once", "trades.csv has no column of fill ids"),
        ("test_further_sheets_mean_nothing", "trades.csv is no workbook"),
    ],
)
def test_what_is_missing_is_the_reason_of_the_skip(law: str, reason: str) -> None:
    assert [case.skip for case in cases(LAWS[law], acme(None))] == [reason]


def test_a_sample_that_cannot_be_read_is_tried_and_fails() -> None:
    broken = evolve(testing.testkit().samples[0], content=b"PK\x03\x04 this was a workbook once")
    subject = acme(Testkit(samples=(broken,)))
    [case] = cases(LAWS["test_a_sample_is_read_whole"], subject)
    assert case.skip is None
    with pytest.raises(Exception, match="workbook"):
        case.check()
    assert [case.skip for case in cases(LAWS["test_rewriting_changes_nothing"], subject)] == ["trades.csv is no table"]


def test_a_deviation_can_be_about_one_sample() -> None:
    excuse = Deviation(law="test_charges_are_negative", reason="rebates", source="their manual", sample="fills.csv")
    subject = acme(evolve(testing.testkit(), deviations=(excuse,)))
    found = {case.sample.name: case.deviation for case in cases(LAWS[excuse.law], subject) if case.sample}
    assert {name for name, deviation in found.items() if deviation} == {"fills.csv"}
