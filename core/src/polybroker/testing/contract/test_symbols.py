"""Laws about the broker's symbols: what is named is found again, and what is unknown is said to be."""

from __future__ import annotations

from datetime import date, timedelta

from attrs import evolve
from hypothesis import assume
from hypothesis import strategies as st

from polybroker.broker import Broker
from polybroker.errors import SymbolUnknown, Unsupported
from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import Future, Instrument, Option
from polybroker.testing.laws import law
from polybroker.testing.strategies import instruments
from polybroker.testing.subject import Subject

SYMBOLS = ("to_broker_symbol", "from_broker_symbol")
DATES = st.dates(date(2001, 1, 1), date(2049, 12, 31))


def traded_on(data: st.DataObject, instrument: Instrument) -> date:
    """A day on which the instrument may have been traded: in the years before it expires."""
    if isinstance(instrument, Future) and instrument.expiry:
        last = instrument.expiry.first_day
    elif isinstance(instrument, Option):
        last = instrument.expiry
    else:
        return data.draw(DATES, label="on")
    return last - timedelta(days=data.draw(st.integers(0, 5 * 365), label="days before the expiry"))


def meaning(broker: Broker, symbol: str, on: date | None) -> Instrument | None:
    """What the broker means by the text; None: it says that it does not know."""
    try:
        return broker.from_broker_symbol(symbol, on)
    except SymbolUnknown:
        return None


def symbol_of(broker: Broker, instrument: Instrument) -> str | None:
    """The broker's text for the instrument; None: it says that it has none."""
    try:
        return broker.to_broker_symbol(instrument)
    except Unsupported:
        return None


@law(*SYMBOLS, needs=("instruments",))
def test_what_the_broker_trades_survives_the_round_trip(subject: Subject, data: st.DataObject) -> None:
    """An order is placed under the symbol that fills come back with: both have to mean one instrument."""
    assert subject.facts.instruments is not None
    instrument = data.draw(subject.facts.instruments, label="instrument")
    on = traded_on(data, instrument)
    symbol = subject.plugin.to_broker_symbol(instrument)
    assert subject.plugin.from_broker_symbol(symbol, on) == instrument, f"{symbol} on {on}"


@law(*SYMBOLS)
def test_any_instrument_is_named_faithfully_or_not_at_all(subject: Subject, data: st.DataObject) -> None:
    """An instrument that the broker cannot name is `Unsupported`; the text of another one would trade that one."""
    instrument = data.draw(instruments(), label="instrument")
    on = traded_on(data, instrument)
    symbol = symbol_of(subject.plugin, instrument)
    if symbol is not None:
        back = subject.plugin.from_broker_symbol(symbol, on)
        assert back.instrument_id == instrument.instrument_id, f"{symbol} on {on}"
        assert back.asset_class == instrument.asset_class, f"{symbol} on {on}"


@law(*SYMBOLS, needs=("instruments",))
def test_a_short_year_is_resolved_against_the_fill(subject: Subject, data: st.DataObject) -> None:
    """MESH5 comes again every ten years: only the date of the fill tells which one was traded."""
    assert subject.facts.instruments is not None
    instrument = data.draw(subject.facts.instruments, label="instrument")
    if not isinstance(instrument, Future) or instrument.expiry is None:
        return
    year = data.draw(st.integers(0, 4), label="decade") * 10 + 2000 + instrument.expiry.year % 10
    moved = evolve(instrument, expiry=ContractMonth(year, instrument.expiry.month))
    symbol = symbol_of(subject.plugin, moved)
    on = traded_on(data, moved)
    assert symbol is None or subject.plugin.from_broker_symbol(symbol, on) == moved, f"{symbol} on {on}"


@law(*SYMBOLS, needs=("instruments",))
def test_without_a_date_a_symbol_means_the_same_or_is_unknown(subject: Subject, data: st.DataObject) -> None:
    """A short year without a date could be any decade's: to ask is right, to guess is not."""
    assert subject.facts.instruments is not None
    instrument = data.draw(subject.facts.instruments, label="instrument")
    symbol = subject.plugin.to_broker_symbol(instrument)
    found = meaning(subject.plugin, symbol, None)
    assert found in (None, instrument), symbol


@law(*SYMBOLS, needs=("instruments",))
def test_case_never_changes_what_a_symbol_means(subject: Subject, data: st.DataObject) -> None:
    """Files and people write in any case; `mesh5` may be refused, but it is nothing else than `MESH5`."""
    assert subject.facts.instruments is not None
    instrument = data.draw(subject.facts.instruments, label="instrument")
    on = traded_on(data, instrument)
    symbol = subject.plugin.to_broker_symbol(instrument)
    for text in (symbol.lower(), symbol.upper(), symbol.title()):
        assert meaning(subject.plugin, text, on) in (None, instrument), text


@law(*SYMBOLS, needs=("instruments",))
def test_a_symbol_means_the_same_every_time(subject: Subject, data: st.DataObject) -> None:
    """The answer depends on the text and the date alone: the core asks once and remembers."""
    assert subject.facts.instruments is not None
    some = data.draw(st.lists(subject.facts.instruments, min_size=2, max_size=4), label="instruments")
    asked = [(subject.plugin.to_broker_symbol(instrument), traded_on(data, instrument)) for instrument in some]
    first = [meaning(subject.plugin, symbol, on) for symbol, on in asked]
    again = [meaning(subject.plugin, symbol, on) for symbol, on in reversed(asked)]
    assert first == again[::-1]


@law(*SYMBOLS)
def test_any_text_is_unknown_or_names_what_it_means(subject: Subject, data: st.DataObject) -> None:
    """Never a guess: an instrument that a text means is one whose own symbol means it too."""
    on = data.draw(DATES, label="on")
    text = data.draw(st.text(max_size=24), label="text")
    check_faithful(subject.plugin, text, on)


@law(*SYMBOLS, needs=("instruments",))
def test_a_damaged_symbol_is_unknown_or_names_what_it_means(subject: Subject, data: st.DataObject) -> None:
    """One letter more or less is another symbol; to fall back on the part that is known books the wrong product."""
    assert subject.facts.instruments is not None
    instrument = data.draw(subject.facts.instruments, label="instrument")
    on = traded_on(data, instrument)
    symbol = subject.plugin.to_broker_symbol(instrument)
    place = data.draw(st.integers(0, len(symbol)), label="place")
    extra = data.draw(st.sampled_from(["", *"AFHMZQX0159.:/ -"]), label="extra")
    gone = data.draw(st.integers(0, 2), label="gone")
    damaged = symbol[:place] + extra + symbol[place + gone :]
    assume(damaged.split() != symbol.split())
    check_faithful(subject.plugin, damaged, on)


@law(*SYMBOLS, needs=("instruments",))
def test_letters_around_a_symbol_are_never_ignored(subject: Subject, data: st.DataObject) -> None:
    """A parser that reads as far as it understands takes `MESH5X` for `MESH5`."""
    assert subject.facts.instruments is not None
    instrument = data.draw(subject.facts.instruments, label="instrument")
    on = traded_on(data, instrument)
    symbol = subject.plugin.to_broker_symbol(instrument)
    letters = data.draw(st.text("ABCHJKQXZ", min_size=1, max_size=3), label="letters")
    for text in (symbol + letters, letters + symbol):
        assert meaning(subject.plugin, text, on) != instrument, text


@law(*SYMBOLS, needs=("near_misses",))
def test_near_misses_are_unknown(subject: Subject) -> None:
    """What looks like a symbol and is none gets `SymbolUnknown`, with the text, and never the nearest instrument."""
    for text in subject.facts.near_misses:
        for on in (date(2025, 2, 3), None):
            found = meaning(subject.plugin, text, on)
            assert found is None, f"{text!r} is taken for {found}"


@law(*SYMBOLS, needs=("symbol_examples",))
def test_known_symbols_mean_what_the_broker_says(subject: Subject) -> None:
    """The examples are the broker's own: they hold whatever the tables say."""
    for example in subject.facts.symbol_examples:
        found = subject.plugin.from_broker_symbol(example.text, example.on)
        assert found.instrument_id == example.instrument_id, f"{example.text} on {example.on}"


def check_faithful(broker: Broker, text: str, on: date) -> Instrument | None:
    """What the text means; it has to be nothing, or an instrument whose own symbol means the same."""
    found = meaning(broker, text, on)
    if found is None:
        return None
    symbol = symbol_of(broker, found)
    assert symbol is not None, f"{text!r} means {found}, which has no symbol"
    assert meaning(broker, symbol, on) == found, f"{text!r} means {found}, but its symbol {symbol} does not"
    return found
