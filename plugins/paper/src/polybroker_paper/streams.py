"""The streams: they look at the world once every tick, and pass on what is new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from polybroker.model.accounts import Balance, Position
from polybroker.model.instruments import Instrument
from polybroker.model.orders import OrderEvent
from polybroker.model.quotes import Quote
from polybroker_paper.world import World

if TYPE_CHECKING:
    from polybroker.session import Session
    from polybroker.streams import Emit

LONGEST_LOOK: Final = 0.25
"""Seconds after which a stream looks again even where ticks are longer: orders fill between ticks too."""


async def order_events(session: Session, emit: Emit[OrderEvent]) -> None:
    """What happens to orders of all accounts."""
    world = _world(session)
    seen = len(world.events(session.clock.now(), 0))
    await emit(())
    while True:
        new = world.events(session.clock.now(), seen)
        seen += len(new)
        if new:
            await emit(new)
        await session.clock.sleep(_pause(world))


async def account_events(session: Session, emit: Emit[Balance | Position]) -> None:
    """Positions and balances that fills have changed."""
    world = _world(session)
    seen, _ = world.changes(session.clock.now(), 0)
    await emit(())
    while True:
        seen, new = world.changes(session.clock.now(), seen)
        if new:
            await emit(new)
        await session.clock.sleep(_pause(world))


async def quote_stream(session: Session, instruments: Sequence[Instrument], emit: Emit[Quote]) -> None:
    """A quote of every instrument now, then those that have changed."""
    world = _world(session)
    told: list[tuple[object, ...]] = [()] * len(instruments)
    while True:
        quotes = world.quotes(session.clock.now(), instruments)
        markets = [(quote.bid, quote.ask, quote.last) for quote in quotes]
        new = [quote for quote, market, before in zip(quotes, markets, told, strict=True) if market != before]
        told = list(markets)
        if new:
            await emit(new)
        await session.clock.sleep(_pause(world))


def _pause(world: World) -> float:
    return min(world.settings.tick.total_seconds(), LONGEST_LOOK)


def _world(session: Session) -> World:
    world: World = session.state
    return world
