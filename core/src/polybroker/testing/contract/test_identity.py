"""Laws about what a plugin says of itself."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from polybroker.model.broker_info import BrokerInfo
from polybroker.model.json import from_json, to_json
from polybroker.statements.document import open_document
from polybroker.testing.laws import catalogue, law
from polybroker.testing.subject import Subject, sample_file

ADDRESS = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?(/[^\s]*)?", re.IGNORECASE)


@law(group="identity")
def test_the_plugin_loads(subject: Subject) -> None:
    """A plugin that is installed can be used: a broken one is refused with reasons, and its users learn them late."""
    assert subject.broken is None, f"{subject.name} is broken: {subject.broken}"


@law("broker_info")
def test_an_alias_belongs_to_one_broker(subject: Subject) -> None:
    """An alias that is another broker's name would lead its users to the wrong plugin."""
    aliases = subject.plugin.info.aliases
    assert len(set(aliases)) == len(aliases)
    assert subject.name not in aliases
    for name, other in subject.neighbours.items():
        if name != subject.name:
            taken = {name, *other.info.aliases}.intersection(aliases)
            assert not taken, f"{name} is called {', '.join(taken)} too"


@law("broker_info")
def test_addresses_are_well_formed(subject: Subject) -> None:
    """An address is there to be opened: absolute, and never in the clear."""
    info = subject.plugin.info
    assert ADDRESS.fullmatch(info.website), info.website
    assert info.rates_page is None or ADDRESS.fullmatch(info.rates_page), info.rates_page
    assert info.logo is None or "://" not in info.logo or ADDRESS.fullmatch(info.logo), info.logo


@law("broker_info")
def test_the_facts_survive_json(subject: Subject) -> None:
    """Apps send a broker's facts over their own wires and have to get the same ones back."""
    assert from_json(to_json(subject.plugin.info), BrokerInfo) == subject.plugin.info


@law("broker_info", "parse_statement")
def test_every_kind_says_how_its_file_is_exported(subject: Subject) -> None:
    """A user who does not find the export has nothing to import."""
    for kind in subject.plugin.info.statement_kinds:
        assert kind.title.strip(), kind.id
        assert len(kind.export_instructions.split()) >= 4, f"{kind.id}: {kind.export_instructions!r}"
        assert kind.extensions, kind.id
        assert all(re.fullmatch(r"\.[a-z0-9]+", extension) for extension in kind.extensions), kind.extensions
        ZoneInfo(kind.timezone)


@law("broker_info", "parse_statement")
def test_every_kind_ships_its_sample(subject: Subject) -> None:
    """A sample shows what the file looks like; it has to be in the wheel, not only in the repository."""
    for kind in subject.plugin.info.statement_kinds:
        content = sample_file(subject.plugin, kind)
        assert content, f"the package {subject.plugin.package} has no data/{kind.sample}"
        assert kind.sample.lower().endswith(kind.extensions), f"{kind.sample}: {kind.extensions}"


@law("broker_info", "recognize_statement")
def test_a_shipped_sample_is_its_own_kind_and_nobody_elses(subject: Subject) -> None:
    """A file that two brokers claim cannot be imported without asking; a sample that none claims is a lie."""
    broker = subject.plugin
    for kind in broker.info.statement_kinds:
        content = sample_file(broker, kind)
        if not content:
            continue  # another law says so
        claims = {
            name: claimed
            for name, other in subject.neighbours.items()
            if other.offers("recognize_statement")
            and (claimed := other.recognize_statement(open_document(content, name=kind.sample)))
        }
        assert claims.get(subject.name) == kind, f"{kind.sample} is recognized as {claims.get(subject.name)}"
        rivals = [name for name, claimed in claims.items() if name != subject.name and claimed.exact >= kind.exact]
        assert not rivals, f"{kind.sample} is claimed by {', '.join(rivals)} too"


@law("broker_info", "parse_statement")
def test_a_preferred_kind_is_another_one_of_the_same_broker(subject: Subject) -> None:
    """Preference decides which of two files counts: it names kinds that exist, and never goes in a circle."""
    over = {kind.id: set(kind.prefer_over) for kind in subject.plugin.info.statement_kinds}
    for first, lesser in over.items():
        assert lesser <= over.keys(), f"{first} is preferred over {', '.join(lesser - over.keys())}"
        reached: set[str] = set()
        ahead = set(lesser)
        while ahead:
            reached |= ahead
            ahead = {further for kind in ahead for further in over.get(kind, ())} - reached
        assert first not in reached, f"{first} is preferred over itself"


@law("broker_info")
def test_an_excuse_names_a_law_and_its_source(subject: Subject) -> None:
    """A deviation is a debt with a reason: one that excuses nothing hides what it was for."""
    laws = {entry.name: entry for entry in catalogue()}
    samples = {sample.name for sample in subject.samples}
    for deviation in subject.facts.deviations:
        assert deviation.law in laws, f"there is no law {deviation.law!r}"
        assert deviation.reason.strip(), f"{deviation.law} is excused without a reason"
        assert deviation.source.strip(), f"{deviation.law} is excused without a source"
        assert deviation.sample is None or deviation.sample in samples, f"there is no sample {deviation.sample!r}"
        absent = [hook for hook in laws[deviation.law].hooks if not subject.plugin.offers(hook)]
        assert not absent, f"{deviation.law} is excused but never tried: {subject.name} does not offer {absent[0]}"
