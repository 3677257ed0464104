"""A simulated world: accounts, orders and prices, moved by whoever looks at it.

Nothing runs in the background. Every call first lets the ticks happen that have gone by since the last one, so that
what happens depends on the settings, the clock and the calls alone. Times are those of the clock; where it goes back,
the world stands still until it has caught up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import localcontext
from typing import Final

from attrs import evolve

from polybroker.errors import ErrorCode, Rejected, SymbolUnknown, Unsupported
from polybroker.model.accounts import Account, Balance, Position
from polybroker.model.instruments import Instrument
from polybroker.model.orders import AccountExecution, Ack, Order, OrderEvent, OrderRequest, OrderStatus, Preview
from polybroker.model.quotes import Bar, Quote
from polybroker_paper.account import Holdings
from polybroker_paper.bars import bars
from polybroker_paper.book import Entry
from polybroker_paper.charges import charges_of
from polybroker_paper.exchange import Exchange
from polybroker_paper.market import Market, WalkMarket, quote
from polybroker_paper.matching import Watch
from polybroker_paper.quotes_file import read_market
from polybroker_paper.reports import balance, buying_power, execution, position
from polybroker_paper.requests import check_order, validate
from polybroker_paper.settings import Settings

_DIGITS: Final = 120
"""Enough for every product of a price, a quantity and a multiplier: sums of money are never rounded."""
_MOST_TICKS: Final = 4096
"""After a longer pause the world is moved in this many steps, not tick by tick."""


class World:
    """One simulated world. Safe to use from several threads."""

    def __init__(self, settings: Settings, start: datetime) -> None:
        self.settings = settings
        self.start = start
        self.market: Market = WalkMarket(settings.seed, start, settings.tick)
        if settings.quotes_file is not None:
            try:
                self.market = read_market(settings.quotes_file, settings.tick, start.date())
            except OSError as error:
                raise Unsupported(f"setting quotes_file: {error}") from error
        self.accounts = tuple(self._account(number) for number in range(settings.accounts))
        self._exchange = Exchange(
            settings,
            self.market,
            charges_of(settings.commission_plan),
            start,
            {account.account_id: Holdings.opened(account.account_id, settings.initial) for account in self.accounts},
            {account.account_id: settings.account_type(number) for number, account in enumerate(self.accounts)},
        )
        self._lock = threading.RLock()

    def _account(self, number: int) -> Account:
        kind = self.settings.account_type(number)
        name = f"PAPER-{number + 1}"
        return Account(
            broker_id="paper",
            account_id=name,
            number=str(900_000_001 + number),
            account_type=kind,
            name=f"Paper {kind} account {number + 1}",
            default=number == 0,
            currency=self.settings.currency,
        )

    @contextmanager
    def _at(self, now: datetime) -> Iterator[Exchange]:
        """The exchange at that time, in exact arithmetic."""
        with self._lock, localcontext(prec=_DIGITS):
            self._advance(now)
            yield self._exchange

    def _advance(self, now: datetime) -> None:
        exchange = self._exchange
        last = (now - self.start) // self.settings.tick
        missed = last - exchange.tick
        stride = max(-(-missed // _MOST_TICKS), 1)
        for tick in range(exchange.tick + stride, last + 1, stride) if exchange.book.living() else ():
            exchange.step(tick, max(exchange.at, self._time(tick)))
        if last > exchange.tick:
            exchange.step(last, max(exchange.at, self._time(last)))
        exchange.at = max(exchange.at, now)
        exchange.expire()

    def _time(self, tick: int) -> datetime:
        return self.start + tick * self.settings.tick

    def _known(self, account: Account) -> str:
        if account.account_id not in self._exchange.holdings:
            raise Rejected(f"there is no account {account.account_id}", code=ErrorCode.ACCOUNT_RESTRICTED)
        return account.account_id

    # orders

    def place(self, now: datetime, account: Account, request: OrderRequest) -> Ack:
        """Take an order, or raise `Rejected`; a repeated client order id gets the first answer again."""
        with self._at(now) as exchange, _symbols_rejected():
            account_id = self._known(account)
            answer = exchange.book.answered(account_id, request)
            if answer is not None:
                return answer
            entries = self._accepted(exchange, account_id, request)
            for entry in entries:
                if entry.active:
                    exchange.start(entry)
            return exchange.book.remember(account_id, request, _ack(entries[0], entries[1:]))

    def _accepted(self, exchange: Exchange, account_id: str, request: OrderRequest) -> list[Entry]:
        """The orders of a request, entered into the book; nothing of it stays there where it is refused."""
        check_order(request)
        validate(request, exchange.at)
        book = exchange.book
        events = len(book.events)
        entries = book.enter(account_id, request, exchange.at)
        try:
            for entry in entries:
                for leg in entry.request.legs:
                    exchange.prices(leg.instrument)
            exchange.require_acceptable(account_id, [entry for entry in entries if entry.active])
        except (Rejected, SymbolUnknown):
            book.withdraw(entries, events)
            raise
        return entries

    def preview(self, now: datetime, account: Account, request: OrderRequest) -> Preview:
        """What the order would cost, and why it would be refused; nothing of it stays."""
        with self._at(now) as exchange:
            account_id = self._known(account)
            currency = request.legs[0].instrument.currency
            before = buying_power(exchange, account_id, currency)
            events = len(exchange.book.events)
            try:
                with _symbols_rejected():
                    entries = self._accepted(exchange, account_id, request)
            except Rejected as error:
                return Preview(accepted=False, reasons=(error.message,))
            cost = exchange.cost_of(entries[0])
            effect = buying_power(exchange, account_id, currency) - before
            exchange.book.withdraw(entries, events)
            return Preview(accepted=True, commission=cost.commission, fees=cost.fees, buying_power_effect=effect)

    def replace(self, now: datetime, account: Account, order: Order, request: OrderRequest) -> Ack:
        """Give a living order other terms; it keeps its id, its fills and its links. `quantity` is the whole one."""
        with self._at(now) as exchange, _symbols_rejected():
            account_id = self._known(account)
            book = exchange.book
            answer = book.answered(account_id, request, order.order_id)
            if answer is not None:
                return answer
            entry = book.entry(account_id, order.order_id)
            terms = _replacing(entry, request)
            validate(terms, exchange.at)
            before = entry.order, entry.watch
            entry.order, entry.watch = evolve(entry.order, request=terms), Watch()
            try:
                exchange.require_acceptable(account_id, [entry] if entry.active else [])
            except Rejected:
                entry.order, entry.watch = before
                raise
            book.amend(entry, exchange.at, terms)
            if entry.active:
                exchange.start(entry)
            return book.remember(account_id, request, _ack(entry, book.children(entry)), order.order_id)

    def cancel(self, now: datetime, account: Account, order: Order) -> Ack:
        """End a living order; `Rejected` where it has ended."""
        with self._at(now) as exchange:
            entry = exchange.book.entry(self._known(account), order.order_id)
            if not entry.living:
                reason = f"order {order.order_id} is {entry.order.status} already"
                raise Rejected(reason, code=ErrorCode.INVALID_ORDER)
            exchange.end(entry, OrderStatus.CANCELED, "cancelled on request")
            return _ack(entry, [])

    def cancel_all(self, now: datetime, account: Account) -> list[Ack]:
        """End every living order of an account, the held ones first, so that none of them is sent."""
        with self._at(now) as exchange:
            living = exchange.book.living(self._known(account))
            for entry in sorted(living, key=lambda entry: entry.active):
                exchange.end(entry, OrderStatus.CANCELED, "cancelled on request")
            return [_ack(entry, []) for entry in living]

    def open_orders(self, now: datetime, account: Account) -> list[Order]:
        """The living orders."""
        with self._at(now) as exchange:
            return [entry.order for entry in exchange.book.living(self._known(account))]

    def orders(self, now: datetime, account: Account, since: datetime, until: datetime | None) -> list[Order]:
        """The orders entered from `since` on and before `until`."""
        with self._at(now) as exchange:
            entered = (entry.order for entry in exchange.book.entries(self._known(account)))
            end = until or exchange.at + timedelta(days=1)
            return [order for order in entered if order.submitted_at is not None and since <= order.submitted_at < end]

    def order_by_client_id(self, now: datetime, account: Account, client_order_id: str) -> Order | None:
        """The order of a client order id."""
        with self._at(now) as exchange:
            entry = exchange.book.by_client_id(self._known(account), client_order_id)
            return entry.order if entry else None

    def events(self, now: datetime, seen: int) -> Sequence[OrderEvent]:
        """What was told of orders after the first `seen` events."""
        with self._at(now) as exchange:
            return exchange.book.events[seen:]

    # accounts

    def balances(self, now: datetime, account: Account) -> list[Balance]:
        """The money of an account by currency."""
        with self._at(now) as exchange:
            account_id = self._known(account)
            return [balance(exchange, account_id, name) for name in list(exchange.holdings[account_id].money)]

    def positions(self, now: datetime, account: Account) -> list[Position]:
        """What an account holds."""
        with self._at(now) as exchange:
            account_id = self._known(account)
            held = list(exchange.holdings[account_id].positions)
            return [position(exchange, account_id, instrument) for instrument in held]

    def changes(self, now: datetime, seen: int) -> tuple[int, list[Balance | Position]]:
        """The positions and balances that fills after the first `seen` have changed, and the count of all fills."""
        with self._at(now) as exchange:
            changed = dict.fromkeys(exchange.changed[seen:])
            found: list[Balance | Position] = [position(exchange, *each) for each in changed]
            purses = dict.fromkeys((account_id, instrument.currency) for account_id, instrument in changed)
            found += [balance(exchange, *each) for each in purses]
            return len(exchange.changed), found

    def executions(self, now: datetime, account: Account, since: datetime) -> list[AccountExecution]:
        """All fills from `since` on, oldest first."""
        with self._at(now) as exchange:
            found = [
                execution(entry.order, index)
                for entry in exchange.book.entries(self._known(account))
                for index, fill in enumerate(entry.order.fills)
                if fill.timestamp >= since
            ]
            return sorted(found, key=lambda each: each.fill.timestamp)

    # market data

    def quotes(self, now: datetime, instruments: Sequence[Instrument]) -> list[Quote]:
        """The market of each instrument now."""
        with self._at(now) as exchange:
            time = self._time(exchange.tick)
            return [quote(self.market, instrument, exchange.tick, time) for instrument in instruments]

    def bars(
        self, now: datetime, instrument: Instrument, since: datetime, until: datetime, interval: timedelta
    ) -> list[Bar]:
        """The bars that begin in the window and have ended by now."""
        with self._at(now) as exchange:
            over = self._time(exchange.tick + 1) - interval + timedelta(microseconds=1)
            return bars(self.market, instrument, (self.start, self.settings.tick), (since, min(until, over)), interval)


@contextmanager
def _symbols_rejected() -> Iterator[None]:
    """An order for what is not listed is a refused order."""
    try:
        yield
    except SymbolUnknown as error:
        raise Rejected(error.message, code=ErrorCode.SYMBOL_NOT_FOUND) from error


def _replacing(entry: Entry, request: OrderRequest) -> OrderRequest:
    """The new terms of an order: what the request says, with the order's own links."""
    order = entry.order
    problem = None
    if not entry.living:
        problem = f"order {order.order_id} is {order.status} already"
    elif request.legs != order.request.legs:
        problem = "another instrument or side is another order: cancel this one"
    elif request.linked and request.linked != order.request.linked:
        problem = "linked orders are replaced one by one"
    elif request.quantity <= order.filled_quantity:
        problem = f"{order.filled_quantity} are filled already"
    if problem is not None:
        raise Rejected(problem, code=ErrorCode.INVALID_ORDER)
    check_order(evolve(request, linkage=None, linked=()))
    return evolve(request, linkage=order.request.linkage, linked=order.request.linked)


def _ack(entry: Entry, linked: Sequence[Entry]) -> Ack:
    order = entry.order
    return Ack(
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        status=order.status,
        linked=tuple(each.order.order_id for each in linked),
    )
