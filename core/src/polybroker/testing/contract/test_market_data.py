"""Laws about market data: of the right instrument, of the right moment, and exact."""

from __future__ import annotations

from datetime import datetime, timedelta

from polybroker.errors import BrokerError, SymbolUnknown, Unsupported
from polybroker.model.instruments import Instrument, Stock
from polybroker.model.quotes import Bar, Quote
from polybroker.testing.desk import Desk
from polybroker.testing.laws import SESSION, law
from polybroker.testing.stories import story
from polybroker.testing.tour import outcome

NOBODY = Stock("ZZZZQX")
INTERVALS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 1440))


async def wanted(desk: Desk) -> list[Instrument]:
    """Up to three instruments, not in the simulator's order."""
    return desk.instruments(await desk.account())[:3][::-1]


@law("quotes", "accounts", "open_session", needs=(SESSION,))
@story
async def test_quotes_come_in_the_order_asked_for(desk: Desk) -> None:
    """Quotes are matched to their instruments by place: another order prices every position by its neighbour."""
    asked = await wanted(desk)
    found = await desk.session.quotes(asked)
    assert [quote.instrument for quote in found] == asked
    assert [quote.instrument for quote in await desk.session.quotes(asked[::-1])] == asked[::-1]
    assert all(quote.broker_id == desk.broker.id for quote in found)


@law("quotes", "accounts", "open_session", needs=(SESSION,))
@story
async def test_a_quote_makes_sense(desk: Desk) -> None:
    """Bid below ask, not from the future, and no older than the broker says its data are."""
    for quote in await desk.session.quotes(await wanted(desk)):
        check_quote(quote, desk.clock.now())
        if desk.info.quote_delay is not None and quote.delay is not None:
            assert quote.delay == desk.info.quote_delay, f"{quote.delay}, but broker_info says {desk.info.quote_delay}"


def check_quote(quote: Quote, now: datetime) -> None:
    """What holds for every quote."""
    if quote.bid is not None and quote.ask is not None:
        assert quote.bid <= quote.ask, f"{quote.bid} is bid and {quote.ask} asked"
    assert any(price is not None for price in (quote.bid, quote.ask, quote.last)), quote
    if quote.high is not None and quote.low is not None:
        assert quote.low <= quote.high, quote
    assert quote.timestamp <= now + timedelta(seconds=5), f"{quote.timestamp} is in the future"


@law("quotes", "accounts", "open_session", needs=("simulator",))
@story
async def test_an_instrument_that_nobody_trades_has_no_quote(desk: Desk) -> None:
    """`SymbolUnknown` (or `Unsupported`), never a quote without prices: an app would take the market for dead."""
    known = (await wanted(desk))[0]
    for asked in ([NOBODY], [known, NOBODY]):
        found = await outcome(desk.session.quotes, asked)
        assert isinstance(found, SymbolUnknown | Unsupported) or (
            isinstance(found, BrokerError) and found.code == SymbolUnknown.code
        ), f"an unknown instrument leads to {found!r}"


@law("search_instruments", "accounts", "open_session", needs=(SESSION,))
@story
async def test_what_is_traded_is_found(desk: Desk) -> None:
    """A search by the very symbol has to lead to the instrument."""
    for instrument in await wanted(desk):
        found = await desk.session.search_instruments(instrument.symbol)
        assert instrument in found or instrument.symbol in {each.symbol for each in found}, instrument


async def history(desk: Desk, instrument: Instrument, bars: int) -> tuple[tuple[Bar, ...], datetime, timedelta]:
    """So many bars before now, of the shortest interval that there is."""
    until = desk.clock.now()
    for interval in INTERVALS:
        since = until - bars * interval
        try:
            found = await desk.session.price_history(instrument, since, until, interval)
        except Unsupported:
            continue
        return tuple(found), since, interval
    raise AssertionError("no common interval has bars")


@law("price_history", "accounts", "open_session", needs=(SESSION,))
@story
async def test_bars_are_whole_and_in_order(desk: Desk) -> None:
    """Each bar begins within the span that was asked for, once, the oldest first, and all pages are read."""
    instrument = (await wanted(desk))[0]
    bars, since, interval = await history(desk, instrument, 7)
    starts = [bar.start for bar in bars]
    assert bars, "there are no bars"
    assert starts == sorted(set(starts)), "bars are doubled or out of order"
    assert since <= starts[0], f"{starts[0]} is before {since}"
    assert starts[-1] < desk.clock.now(), f"{starts[-1]} has not begun"
    if desk.made is not None and interval < timedelta(days=1):
        assert len(bars) == 7, f"{len(bars)} of 7 bars"


@law("price_history", "accounts", "open_session", needs=(SESSION,))
@story
async def test_a_bar_makes_sense(desk: Desk) -> None:
    """High is the highest and low the lowest; swapped columns show up here."""
    for instrument in await wanted(desk):
        for bar in (await history(desk, instrument, 5))[0]:
            assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high, bar


@law("option_chain", "accounts", "open_session", needs=("simulator",))
@story
async def test_an_option_chain_is_in_order(desk: Desk) -> None:
    """By expiry, strike and right, each option once, all of the underlying that was asked for."""
    for instrument in await wanted(desk):
        found = await outcome(desk.session.option_chain, instrument.symbol)
        if isinstance(found, SymbolUnknown | Unsupported):
            continue
        assert not isinstance(found, BrokerError), f"{instrument} leads to {found!r}"
        places = [(row.option.expiry, row.option.strike, row.option.right) for row in found.options]
        assert places == sorted(set(places)), "options are doubled or out of order"
        assert all(row.option.underlying == instrument.symbol for row in found.options)
