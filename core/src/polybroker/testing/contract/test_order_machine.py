"""The law of orders at large: whatever is done in whatever order, app and broker agree with a small model book."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from decimal import Decimal
from typing import Any, Final

from anyio.from_thread import BlockingPortal, start_blocking_portal
from attrs import define, evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from polybroker.errors import AuthError, BrokerError, ErrorCode, OutcomeUnknown
from polybroker.model.accounts import Account
from polybroker.model.orders import Ack, Order, OrderRequest, OrderStatus
from polybroker.net import Effect
from polybroker.orders.state import apply_all
from polybroker.testing.desk import BEGINNING, Desk, fresh
from polybroker.testing.laws import law
from polybroker.testing.simulator.misfortune import DONE, Misfortune
from polybroker.testing.stories import BACKENDS, LONGEST
from polybroker.testing.subject import Subject
from polybroker.testing.terms import same_terms
from polybroker.testing.tour import outcome

STEPS: Final = 14
MACHINES: Final = 8
LOST: Final = (Misfortune.REPLY_LOST, Misfortune.REQUEST_LOST, Misfortune.ERROR_DONE, Misfortune.ERROR_NOT_DONE)


@define
class Page:
    """What the model knows of one order."""

    request: OrderRequest
    filled: Decimal = Decimal(0)
    ended: OrderStatus | None = None

    @property
    def left(self) -> Decimal:
        """What can still be filled."""
        return self.request.quantity - self.filled


class OrderMachine(RuleBasedStateMachine):
    """Orders of one account, done and undone; subclasses name the subject and the backend."""

    subject: Subject
    backend: str

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.portal: BlockingPortal = self.stack.enter_context(start_blocking_portal(self.backend))
        self.book: dict[str, Page] = {}
        self.numbers = 0
        self.connection: AbstractContextManager[Any] | None = None

    # the ways to act

    @initialize()
    def begin(self) -> None:
        """A fresh broker, and a session."""
        self.desk: Desk = self.run(self._fresh)
        self.connect()
        self.account: Account = self.run(self.desk.account)
        self.asked: OrderRequest = self.run(lambda: self.desk.resting(self.account))

    async def _fresh(self) -> Desk:
        return fresh(self.subject)

    def run(self, call: Callable[[], Any]) -> Any:
        """Carry it out on the event loop."""

        async def within() -> Any:
            if not hasattr(self, "desk"):
                return await call()
            with self.desk.clock.fail_after(LONGEST):
                return await call()

        return self.portal.call(within)

    def connect(self) -> None:
        """Open a session."""
        self.connection = self.portal.wrap_async_context_manager(self.desk.connected())
        self.connection.__enter__()

    def teardown(self) -> None:
        """Say goodbye, also after a failure."""
        with self.stack:
            connection, self.connection = self.connection, None
            if connection is not None:
                connection.__exit__(None, None, None)

    def new_request(self) -> OrderRequest:
        """An order that differs from those before it."""
        self.numbers += 1
        assert self.asked.limit_price is not None
        price = max(self.asked.limit_price - self.numbers % 3, Decimal(1))
        return evolve(self.asked, limit_price=price, quantity=Decimal(2 + self.numbers % 3))

    def living(self) -> list[str]:
        """Ids of the orders that live by the model."""
        return [name for name, page in self.book.items() if page.ended is None]

    def shown(self, name: str) -> Order:
        """The order as the app sees it."""
        found = self.run(lambda: self.desk.session.open_orders(self.account))
        order: Order = next(order for order in found if order.order_id == name)
        return order

    # what can happen

    @rule()
    def place(self) -> None:
        """An order is placed."""
        request = self.new_request()
        ack: Ack = self.run(lambda: self.desk.session.place_order(self.account, request))
        assert ack.order_id not in self.book, f"{ack.order_id} is another order's id"
        self.book[ack.order_id] = Page(request)

    @precondition(lambda self: self.living())
    @rule(data=st.data())
    def fill_in_part(self, data: st.DataObject) -> None:
        """The market takes one unit of an order."""
        name = data.draw(st.sampled_from(self.living()), label="order")
        self._fill(name, Decimal(1))

    @precondition(lambda self: self.living())
    @rule(data=st.data())
    def fill_whole(self, data: st.DataObject) -> None:
        """The market takes all that remains."""
        name = data.draw(st.sampled_from(self.living()), label="order")
        self._fill(name, self.book[name].left)

    def _fill(self, name: str, quantity: Decimal) -> None:
        self.desk.clock.advance(1)
        self.portal.call(self.desk.simulator.fill, name, quantity)
        page = self.book[name]
        page.filled += quantity
        if not page.left:
            page.ended = OrderStatus.FILLED

    @precondition(lambda self: self.living())
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """An order is cancelled."""
        name = data.draw(st.sampled_from(self.living()), label="order")
        order = self.shown(name)
        self.run(lambda: self.desk.session.cancel_order(self.account, order))
        self.book[name].ended = OrderStatus.CANCELED

    @precondition(lambda self: self.desk.broker.offers("replace_order"))
    @rule(data=st.data())
    def replace(self, data: st.DataObject) -> None:
        """An order of which nothing is filled yet gets new terms."""
        names = [name for name in self.living() if not self.book[name].filled]
        if not names:
            return
        name = data.draw(st.sampled_from(names), label="order")
        order, request = self.shown(name), self.new_request()
        ack: Ack = self.run(lambda: self.desk.session.replace_order(self.account, order, request))
        if ack.order_id != name:
            self.book[name].ended = OrderStatus.REPLACED
        self.book[ack.order_id] = Page(request)

    @precondition(lambda self: self.desk.simulator.provokes)
    @rule(data=st.data())
    def refuse(self, data: st.DataObject) -> None:
        """The broker refuses an order."""
        quiet = {ErrorCode.AUTH_REVOKED, ErrorCode.RATE_LIMITED}
        code = data.draw(st.sampled_from(sorted(self.desk.simulator.provokes - quiet)), label="code")
        self.portal.call(self.desk.simulator.provoke, code)
        request = self.new_request()
        found = self.run(lambda: outcome(self.desk.session.place_order, self.account, request))
        if isinstance(found, Ack):
            self.book[found.order_id] = Page(request, ended=OrderStatus.REJECTED)
        else:
            assert isinstance(found, BrokerError)
            assert found.code is code, f"{code} is said to be {found.code}"

    @rule(misfortune=st.sampled_from(LOST))
    def lose(self, misfortune: Misfortune) -> None:
        """The answer to an order is lost; the app looks at the broker's list to learn what became of it."""
        self.desk.weather.strike(misfortune, effect=Effect.ORDER)
        request = self.new_request()
        found = self.run(lambda: outcome(self.desk.session.place_order, self.account, request))
        assert isinstance(found, OutcomeUnknown), f"{misfortune} leads to {found!r}"
        self.run(self.desk.settle)
        orders = self.run(lambda: self.desk.session.orders(self.account, BEGINNING))
        new = [order.order_id for order in orders if order.order_id not in self.book]
        assert len(new) == (misfortune in DONE), f"after {misfortune} there are {len(new)} new orders"
        for name in new:
            self.book[name] = Page(request)

    @rule()
    def reconnect(self) -> None:
        """The session ends and another one begins."""
        connection, self.connection = self.connection, None
        assert connection is not None
        connection.__exit__(None, None, None)
        self.connect()

    @rule()
    def disconnect(self) -> None:
        """Streams break."""
        self.portal.call(self.desk.simulator.drop_streams)

    @precondition(lambda self: self.desk.broker.offers("renew_session"))
    @rule()
    def tokens_roll_over(self) -> None:
        """Tokens end early. The next call may be an order: it is refused and not repeated, a read renews them."""
        self.portal.call(self.desk.simulator.expire_tokens)
        request = self.new_request()
        found = self.run(lambda: outcome(self.desk.session.place_order, self.account, request))
        if isinstance(found, Ack):
            self.book[found.order_id] = Page(request)
        else:
            assert isinstance(found, AuthError), f"a dead token leads to {found!r}"

    @precondition(lambda self: self.desk.broker.offers("order_events") and self.living())
    @rule()
    def listen(self) -> None:
        """A stream is opened: it tells the state of every order, from wherever it begins."""
        wanted = {name: self.book[name].filled for name in self.living()}

        async def hear() -> dict[str, Decimal]:
            told: dict[str, Decimal] = {}
            events: dict[str, list[Any]] = {}
            async with self.desk.session.order_events() as stream:
                async for batch in stream.batches():
                    for event in batch:
                        events.setdefault(event.order_id, []).append(event)
                    told = {name: self._told(name, events.get(name, [])) for name in wanted}
                    if told == wanted and wanted.keys() <= events.keys():
                        break
            return told

        assert self.run(hear) == wanted

    def _told(self, name: str, events: list[Any]) -> Decimal:
        truth = self.desk.truth(name)
        start = evolve(truth, status=OrderStatus.PENDING, filled_quantity=Decimal(0), fills=(), average_fill_price=None)
        return apply_all(start, events).filled_quantity

    # what always holds

    @invariant()
    def app_broker_and_model_agree(self) -> None:
        """The lists of orders and executions say what the model says, and so does the broker's own book."""
        if not hasattr(self, "asked"):
            return
        self.run(self.desk.settle)
        session = self.desk.session
        living = {order.order_id: order for order in self.run(lambda: session.open_orders(self.account))}
        assert living.keys() == set(self.living())
        everything = {order.order_id: order for order in self.run(lambda: session.orders(self.account, BEGINNING))}
        assert everything.keys() == self.book.keys()
        truth = {order.order_id: order for order in self.desk.simulator.orders()}
        assert truth.keys() == self.book.keys()
        for name, page in self.book.items():
            for order in (everything[name], truth[name], *([living[name]] if name in living else [])):
                assert order.filled_quantity == page.filled, f"{name}: {order.filled_quantity} of {page.filled}"
                same_terms(order.request, page.request)
                if page.ended is not None:
                    assert order.status is page.ended, f"{name}: {order.status}, not {page.ended}"
                else:
                    assert not order.status.terminal, f"{name}: {order.status}"
        if self.desk.broker.offers("executions"):
            executions = self.run(lambda: session.executions(self.account, BEGINNING))
            filled = {name: page.filled for name, page in self.book.items() if page.filled}
            assert dict(totals(executions)) == filled


def totals(executions: Any) -> Iterator[tuple[str, Decimal]]:
    """Quantity executed of each order."""
    quantities: dict[str, Decimal] = {}
    for each in executions:
        quantities[each.order_id] = quantities.get(each.order_id, Decimal(0)) + each.fill.quantity
    yield from quantities.items()


@law("place_order", "cancel_order", "open_orders", "orders", "accounts", "open_session", needs=("simulator",))
def test_app_broker_and_model_agree_whatever_happens(subject: Subject) -> None:
    """Place, replace, cancel, fill, refuse, lose, reconnect, renew, in any order: nobody's book ever differs."""
    for backend in BACKENDS:
        machine = type("Orders", (OrderMachine,), {"subject": subject, "backend": backend})
        count = max(MACHINES, (settings.default.max_examples if settings.default else 0) // 4)
        run_state_machine_as_test(
            machine,
            settings=settings(settings.default, max_examples=count, stateful_step_count=STEPS),
        )
