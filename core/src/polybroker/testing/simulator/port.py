"""What the contract suite needs of a plugin's simulator: a broker to play with, and the truth of what it got."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from typing import Protocol

from attrs import frozen

from polybroker.errors import ErrorCode
from polybroker.model.broker_info import Environment
from polybroker.model.instruments import Instrument
from polybroker.model.login import Secrets
from polybroker.model.orders import Order, OrderRequest
from polybroker.net.clock import Clock
from polybroker.net.http import Exchange
from polybroker.orders.calls import Operation


@frozen(kw_only=True)
class Received:
    """An order request that reached the simulator, decoded from the broker's wire format into core vocabulary."""

    operation: Operation
    account_id: str
    order_id: str | None
    """The order that was made, replaced or cancelled; None: it was refused before there was one."""
    client_order_id: str | None = None
    request: OrderRequest | None = None
    """What was asked for; None for a cancel."""
    accepted: bool = True


class Simulator(Protocol):
    """One broker, from a fresh start, with its own memory. What it knows lives as long as it, not as a connection.

    Nothing here waits: `fill` and the like take effect at once, and streams tell of it as soon as they are read.
    """

    @property
    def environment(self) -> Environment:
        """For runs within the process: connect with it and with `exchange` as the transport."""

    @property
    def config(self) -> Mapping[str, str]:
        """Values of the broker's `config_fields`."""

    @property
    def account_ids(self) -> Sequence[str]:
        """The accounts that the login sees; the first has money."""

    @property
    def instruments(self) -> Sequence[Instrument]:
        """What is traded here, at least one, with quotes."""

    def exchange(self, clock: Clock) -> Exchange:
        """The broker as a transport without sockets, living by `clock`; carries websockets too."""

    def serve(self) -> AbstractAsyncContextManager[Environment]:
        """The same broker on loopback, by the machine's clock; yields the environment to connect to."""

    def secrets(self) -> Secrets:
        """A login that is good now, by the clock of the latest `exchange` or `serve`."""

    def approve(self, url: str) -> str:
        """What a person does with the page of `LoginStep.url`: log in, agree; the address they are sent back to."""

    def received(self) -> Sequence[Received]:
        """Every order request that arrived whole, in order of arrival, refused ones included."""

    def orders(self) -> Sequence[Order]:
        """Every order that the broker holds, ended ones included: the truth."""

    def fill(self, order_id: str, quantity: Decimal | None = None, price: Decimal | None = None) -> None:
        """The market fills a living order: all of it, at its own or the market's price, if not told otherwise."""

    def expire_tokens(self) -> None:
        """Every access token dies now, whatever was promised; refresh tokens live on."""

    def revoke_login(self) -> None:
        """Every token dies now: only a new login helps."""

    def drop_streams(self) -> None:
        """Every websocket breaks now, without a goodbye."""

    @property
    def provokes(self) -> frozenset[ErrorCode]:
        """The unified codes that `provoke` can make this broker answer with."""

    def provoke(self, code: ErrorCode) -> None:
        """The next order is refused as this broker refuses for that reason, without any effect."""
