"""What the broker tells by itself: one websocket for each stream, with a subscription as its first message."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from polybroker.errors import AuthError, ReauthRequired, Unavailable
from polybroker.model.instruments import Instrument
from polybroker.model.orders import OrderEvent
from polybroker.model.quotes import Quote
from polybroker.net import Socket
from polybroker.session import Session
from polybroker.streams import Emit
from polybroker_template import client, wire
from polybroker_template.symbols import to_broker_symbol

TOKEN_EXPIRED = 4401
"""The close code with which the broker ends a stream whose access token has run out."""


async def order_events(session: Session, emit: Emit[OrderEvent]) -> None:
    """Every change of every order of the login."""
    async with _subscribed(session, {"channel": "orders"}) as socket:
        async for batch in socket:
            messages = [json.loads(frame) for frame in batch]
            events = [wire.order_event(message) for message in messages if message["type"] == "order"]
            if events or _stands(messages):
                await emit(events)
        await _renewed_if_expired(session, socket)


async def quote_stream(session: Session, instruments: Sequence[Instrument], emit: Emit[Quote]) -> None:
    """Whole quotes, as they change."""
    by_symbol = {to_broker_symbol(instrument): instrument for instrument in instruments}
    async with _subscribed(session, {"channel": "quotes", "symbols": list(by_symbol)}) as socket:
        async for batch in socket:
            messages = [json.loads(frame) for frame in batch]
            told = [message["quote"] for message in messages if message["type"] == "quote"]
            if told or _stands(messages):
                await emit([wire.quote(each, by_symbol[each["symbol"]]) for each in told])
        await _renewed_if_expired(session, socket)


@asynccontextmanager
async def _subscribed(session: Session, subscription: dict[str, Any]) -> AsyncIterator[Socket]:
    try:
        async with session.net.sockets.open(
            session.environment.endpoints["stream"], endpoint="stream", headers=client.bearer(session)
        ) as socket:
            await socket.send(json.dumps({"type": "subscribe", **subscription}))
            yield socket
    except ReauthRequired:
        raise
    except AuthError as error:
        await session.renew()
        raise Unavailable("the access token had expired; connect again with the new one") from error


async def _renewed_if_expired(session: Session, socket: Socket) -> None:
    """The stream has ended; the core connects again, which needs a good token."""
    if socket.close_code == TOKEN_EXPIRED:
        await session.renew()


def _stands(messages: Sequence[Any]) -> bool:
    """Whether the broker confirms the subscription: the first thing that the core wants to know."""
    return any(message["type"] == "subscribed" for message in messages)
