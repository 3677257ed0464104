"""Plugins that say wrong things of themselves."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve

from broken_plugins.mutant import Mutant, mutant
from polybroker.testing.testkit import Deviation, Testkit


def excuse(law: str, source: str) -> Callable[[Testkit], Testkit]:
    return lambda kit: evolve(kit, deviations=(Deviation(law=law, reason="it was so once", source=source),))


IDENTITY = (
    mutant("answers to another id", "the_plugin_loads", 'id="acme"', 'id="acme2"'),
    mutant("takes another broker's name", "an_alias_belongs_to_one_broker", '"acme_futures"', '"generic_csv"'),
    mutant(
        "has a page without encryption",
        "addresses_are_well_formed",
        "https://acme.example.com/r",
        "http://acme.example.com/r",
    ),
    mutant(
        "states a number for a text",
        "the_facts_survive_json",
        "rates_page=",
        "data_feed=7,\n        rates_page=",
        dies_by=ValueError,
    ),
    mutant(
        "does not say how to export",
        "every_kind_says_how_its_file_is_exported",
        "Open Reports, choose Trades and press Export.",
        "See website.",
    ),
    mutant("ships no sample", "every_kind_ships_its_sample", 'sample="trades.csv"', 'sample="sample.csv"'),
    mutant(
        "does not know its own sample",
        "a_shipped_sample_is_its_own_kind_and_nobody_elses",
        '["Contract", "B/S", "Lots"]',
        '["Contract", "B/S", "Size"]',
    ),
    mutant(
        "prefers a kind that nobody has",
        "a_preferred_kind_is_another_one_of_the_same_broker",
        'sample="trades.csv",',
        'sample="trades.csv",\n    prefer_over=("orders",),',
    ),
    Mutant(
        name="excuses a law that is none",
        killer="test_an_excuse_names_a_law_and_its_source",
        kit=excuse("test_prices_are_pretty", "the manual"),
    ),
    Mutant(
        name="excuses itself without a source",
        killer="test_an_excuse_names_a_law_and_its_source",
        kit=excuse("test_charges_are_negative", " "),
    ),
)
