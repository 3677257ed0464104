"""Mutants of streams, market data and limits."""

from __future__ import annotations

from typing import Any

from broken_brokers.mutant import QUOTES, BrokerMutant, mutant


def hurried(original: Any) -> Any:
    async def admit(self: Any, effect: Any, endpoint: str, account: str | None) -> None:
        return None

    return admit


STREAMS = (
    mutant(
        "tells fills without their quantity",
        "events_add_up_to_the_order",
        '    fill = fill_of(item["fill"]) if item["fill"] else None\n',
        "    fill = None\n",
        'filled_quantity=Decimal(item["filled"]),\n        fill=fill,',
        "fill=fill,",
    ),
    mutant(
        "makes an id of its own for every fill",
        "events_add_up_to_the_order",
        "def fill_of(item: Mapping[str, Any]) -> Fill:\n",
        "def fill_of(item: Mapping[str, Any]) -> Fill:\n"
        "    item = {**item, 'execution': f'F{len(SEEN)}'}\n    SEEN.append(item)\n",
        'REST = "',
        'SEEN = []\nREST = "',
    ),
    mutant(
        "tells the end of the wrong order",
        "the_end_of_an_order_is_told",
        '        order_id=item["order"],\n        client_order_id=item["client_id"],\n'
        '        status=OrderStatus(item["status"]),\n        filled_quantity=Decimal(item["filled"]),\n        fill',
        "        order_id=f\"O{int(item['order'][1:]) - (item['status'] == 'canceled')}\",\n"
        '        client_order_id=item["client_id"],\n        status=OrderStatus(item["status"]),\n'
        '        filled_quantity=Decimal(item["filled"]),\n        fill',
    ),
    mutant(
        "does not say when its subscription stands",
        "what_happened_before_the_stream_stood_is_told",
        "    await emit(())\n",
        "",
    ),
    mutant(
        "goes on after a gap as if nothing was",
        "a_gap_is_repaired",
        '            raise Unavailable("the place in the events is lost")\n',
        '            body = await get(session, "events", after="end")\n',
    ),
    mutant(
        "counts replayed fills again",
        "replayed_reordered_and_lost_events_change_nothing",
        '        filled_quantity=Decimal(item["filled"]),\n        fill=fill,',
        '        filled_quantity=Decimal(item["filled"]),\n'
        "        fill=fill and evolve(fill, execution_id=f'F{SEEN.append(item)}{len(SEEN)}'),",
        'REST = "',
        'from attrs import evolve\n\nSEEN = []\nREST = "',
    ),
    mutant(
        "goes on listening by itself",
        "a_stream_ends_with_its_block",
        "    await emit(())\n",
        "    await emit(())\n\n"
        "    async def listen() -> None:\n"
        "        while True:\n"
        '            await get(session, "events", after="end")\n'
        "            await session.clock.sleep(1)\n\n"
        "    session.spawn(listen)\n",
    ),
    mutant(
        "waits in silence for a login",
        "a_stream_without_a_login_says_so",
        '        body = await get(session, "events", after=seen)\n',
        "        try:\n"
        '            body = await get(session, "events", after=seen)\n'
        "        except AuthError:\n"
        "            await session.clock.sleep(5)\n"
        "            continue\n",
    ),
    mutant(
        "streams everything",
        "streamed_quotes_are_of_what_was_asked_for",
        '    symbols = ",".join(to_broker_symbol(instrument) for instrument in instruments)\n',
        '    symbols = ",".join(TICKERS)\n',
    ),
)

MARKET_DATA = (
    mutant(
        "sorts quotes by symbol",
        "quotes_come_in_the_order_asked_for",
        QUOTES,
        "    return [found[symbol] for symbol in sorted(symbols)]\n",
    ),
    mutant("swaps bid and ask", "a_quote_makes_sense", 'bid=Decimal(item["bid"])', 'bid=Decimal(item["ask"]) + 1'),
    mutant(
        "has tomorrow's quotes",
        "a_quote_makes_sense",
        'broker_id="bolt",\n        timestamp=when(item["at"]),',
        'broker_id="bolt",\n        timestamp=when(item["at"]) + timedelta(days=1),',
    ),
    mutant(
        "says real time for delayed quotes",
        "a_quote_makes_sense",
        "quote_delay=timedelta(0)",
        "quote_delay=timedelta(minutes=15)",
    ),
    mutant(
        "quotes what nobody trades",
        "an_instrument_that_nobody_trades_has_no_quote",
        "    symbols = [to_broker_symbol(instrument) for instrument in instruments]\n",
        "    symbols = [instrument.symbol for instrument in instruments if instrument.symbol in TICKERS] or ['F']\n",
        QUOTES,
        "    return [found[symbols[0]] for _ in instruments]\n",
    ),
    mutant(
        "finds nothing",
        "what_is_traded_is_found",
        'await pages(session, "search", text=text)]',
        'await pages(session, "search", text=text) if item["symbol"] != text]',
    ),
    mutant(
        "reads the first page of bars",
        "bars_are_whole_and_in_order",
        'for item in await pages(session, "bars", symbol=symbol, **span)',
        'for item in (await get(session, "bars", symbol=symbol, **span))["items"]',
    ),
    mutant(
        "lists the newest bar first",
        "bars_are_whole_and_in_order",
        'for item in await pages(session, "bars", symbol=symbol, **span)',
        'for item in reversed(await pages(session, "bars", symbol=symbol, **span))',
    ),
    mutant(
        "swaps high and low",
        "a_bar_makes_sense",
        '**{name: Decimal(item[name]) for name in ("open", "high", "low", "close")}',
        'open=Decimal(item["open"]), close=Decimal(item["close"]), '
        'high=Decimal(item["low"]), low=Decimal(item["high"])',
    ),
)

LIMITS = (
    mutant(
        "lets nothing through",
        "a_limit_lets_something_through",
        "RateLimit(requests=100, seconds=1.0)",
        "RateLimit(requests=0, seconds=1.0)",
    ),
    BrokerMutant(
        name="forgets what has left",
        killer="test_no_window_sees_more_than_the_limit",
        core={"polybroker.net.limits.Throttle.admit": hurried},
    ),
)
