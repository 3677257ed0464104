"""Laws about accounts: what an app is shown is the account's own, whole, and exact."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal

from polybroker.model.accounts import Account
from polybroker.model.orders import OrderSide
from polybroker.testing.desk import BEGINNING, Desk
from polybroker.testing.laws import SESSION, law
from polybroker.testing.stories import story
from polybroker.testing.tour import check_exact, check_times, tour

TRADING = ("accounts", "place_order")


@law("accounts", "open_session", needs=("simulator",))
@story
async def test_every_account_is_listed(desk: Desk) -> None:
    """An account on the last page has positions too; one that is listed twice is traded twice."""
    found = [account.account_id for account in await desk.session.accounts()]
    assert Counter(found) == Counter(desk.simulator.account_ids)


@law("accounts", "open_session", needs=(SESSION,))
@story
async def test_an_account_is_known_by_its_id(desk: Desk) -> None:
    """Ids are how orders find their account: of this broker, never empty, the same in every list."""
    first, again = await desk.session.accounts(), await desk.session.accounts()
    assert [account.account_id for account in first] == [account.account_id for account in again]
    for account in first:
        assert account.broker_id == desk.broker.id
        assert account.account_id
        assert account.number
        assert len(account.number) < 6 or account.number not in repr(account), "the number is shown whole"


@law("accounts", "open_session", needs=(SESSION,))
@story
async def test_numbers_are_exact(desk: Desk) -> None:
    """0.1 + 0.2 is not 0.3 in floats: money is decimal from the wire to the report, or it does not add up."""
    for hook, answer in (await tour(desk)).items():
        check_exact(hook, answer)


@law("accounts", "open_session", needs=(SESSION,))
@story
async def test_times_are_aware_and_in_utc(desk: Desk) -> None:
    """A time without a zone is another moment on every machine; fills end up on the wrong day."""
    for hook, answer in (await tour(desk)).items():
        check_times(hook, answer)


@law("balances", "accounts", "open_session", needs=(SESSION,))
@story
async def test_a_balance_is_the_accounts_own(desk: Desk) -> None:
    """Each record names its account and currency, each currency once, and says some amount."""
    for account in await desk.session.accounts():
        found = await desk.session.balances(account)
        assert found, f"{account.account_id} has no balance"
        currencies = [balance.currency for balance in found]
        assert len(set(currencies)) == len(currencies), currencies
        for balance in found:
            assert balance.account_id == account.account_id
            known = (balance.cash, balance.cash_available, balance.buying_power, balance.net_liquidation)
            assert any(amount is not None for amount in known), balance


@law("balances", *TRADING, "open_session", needs=("simulator",))
@story
async def test_a_trade_moves_the_balance_of_its_account_alone(desk: Desk) -> None:
    """What one account buys, another does not pay for; and what is paid is price times quantity."""
    accounts = await desk.accounts()
    before = [await desk.session.balances(account) for account in accounts]
    ack, request = await desk.placed(accounts[0])
    desk.simulator.fill(ack.order_id)
    await desk.settle()
    after = [await desk.session.balances(account) for account in accounts]
    for number, account in enumerate(accounts[1:], start=1):
        assert cash(after[number]) == cash(before[number]), f"the balance of {account.account_id} has moved"
    fills = desk.truth(ack.order_id).fills
    price = sum((fill.price * fill.quantity for fill in fills), Decimal(0)) * request.instrument.multiplier
    charges = -sum(((fill.commission or 0) + (fill.fees or 0) for fill in fills), Decimal(0))
    first, second = cash(before[0]), cash(after[0])
    if first and request.instrument.asset_class not in ("future", "forex"):
        spent = {currency: first[currency] - second[currency] for currency in first}
        assert spent[request.instrument.currency] in (price, price + charges), f"{spent} was spent, {price} bought"


def cash(balances: object) -> dict[str, Decimal]:
    """Cash by currency, where the broker says."""
    assert isinstance(balances, tuple)
    return {balance.currency: balance.cash for balance in balances if balance.cash is not None}


@law("positions", *TRADING, "open_session", needs=("simulator",))
@story
async def test_positions_add_up(desk: Desk) -> None:
    """What is held is what was bought less what was sold: by account, by instrument, with its sign, and no more."""
    accounts = await desk.accounts()
    await trade(desk, accounts[0])
    for account in accounts:
        found = {held.raw_symbol: held for held in await desk.session.positions(account)}
        assert len(found) == len(await desk.session.positions(account)), "an instrument is listed twice"
        assert all(held.account_id == account.account_id for held in found.values())
        quantities = {held.instrument and held.instrument.instrument_id: held.quantity for held in found.values()}
        assert quantities == holdings(desk, account), account.account_id


async def trade(desk: Desk, account: Account) -> None:
    """Something of every instrument; of the first a long position, of the second a short one where it is taken."""
    from attrs import evolve

    for number, instrument in enumerate(desk.instruments(account)[:4]):
        price = (await desk.price(instrument) / 2).to_integral_value()
        for side in (OrderSide.SELL_SHORT, OrderSide.SELL, OrderSide.BUY) if number == 1 else (OrderSide.BUY,):
            request = await desk.resting(account, side)
            leg = evolve(request.legs[0], instrument=instrument)
            limit = price if side is OrderSide.BUY else price * 4
            request = evolve(request, legs=(leg,), limit_price=limit, quantity=Decimal(number + 2))
            if desk.takes(account, request):
                ack = await desk.session.place_order(account, request)
                desk.simulator.fill(ack.order_id)
                break
    await desk.settle()


def holdings(desk: Desk, account: Account) -> dict[str | None, Decimal]:
    """What the account holds by the simulator's orders, without what is flat."""
    held: Counter[str | None] = Counter()
    for order in desk.simulator.orders():
        if order.account_id == account.account_id and len(order.request.legs) == 1:
            held[order.request.instrument.instrument_id] += order.request.side.sign * order.filled_quantity  # type: ignore[assignment]
    return {name: Decimal(quantity) for name, quantity in held.items() if quantity}


@law("executions", *TRADING, "open_session", needs=("simulator",))
@story
async def test_every_fill_is_an_execution_once(desk: Desk) -> None:
    """The list of executions is what profit and tax are computed from: every page, nothing twice, all of it right."""
    account = await desk.account()
    await fills(desk, account)
    found = await desk.session.executions(account, BEGINNING)
    told = Counter((each.order_id, each.fill.quantity, each.fill.price, each.side, symbol(each)) for each in found)
    wanted = Counter(
        (order.order_id, fill.quantity, fill.price, order.request.side, order.request.instrument.instrument_id)
        for order in desk.simulator.orders()
        if order.account_id == account.account_id
        for fill in order.fills
    )
    assert told == wanted
    ids = [each.fill.execution_id for each in found]
    assert len(set(ids)) == len(ids), "an execution comes twice"
    for other in (await desk.accounts())[1:]:
        assert not await desk.session.executions(other, BEGINNING), f"{other.account_id} has not traded"


@law("executions", *TRADING, "open_session", needs=("simulator",))
@story
async def test_executions_come_in_order_from_the_time_asked_for(desk: Desk) -> None:
    """An app asks for what is new since it last looked: nothing older, nothing left out, the oldest first."""
    account = await desk.account()
    await fills(desk, account)
    everything = await desk.session.executions(account, BEGINNING)
    times = [each.fill.timestamp for each in everything]
    assert times == sorted(times), "not the oldest first"
    since = times[len(times) // 2]
    later = await desk.session.executions(account, since)
    assert [each.fill for each in later] == [each.fill for each in everything if each.fill.timestamp >= since]
    assert not await desk.session.executions(account, desk.clock.now() + timedelta(seconds=1))


@law("executions", "positions", *TRADING, "open_session", needs=(SESSION,))
@story
async def test_positions_are_what_was_executed(desk: Desk) -> None:
    """Two lists of one truth: what the executions add up to is what the account holds, from the first trade on."""
    account = await desk.account()
    for _ in range(3):
        ack = await desk.traded(account)
        assert ack.order_id in {each.order_id for each in await desk.session.executions(account, BEGINNING)}
    held: dict[str, Decimal] = {}
    for each in await desk.session.executions(account, BEGINNING):
        held[each.raw_symbol] = held.get(each.raw_symbol, Decimal(0)) + each.side.sign * each.fill.quantity
    shown = {position.raw_symbol: position.quantity for position in await desk.session.positions(account)}
    assert shown == {name: quantity for name, quantity in held.items() if quantity}


def symbol(execution: object) -> str | None:
    """The instrument's id of an execution."""
    instrument = getattr(execution, "instrument", None)
    return instrument and instrument.instrument_id


async def fills(desk: Desk, account: Account) -> None:
    """Five fills, of two orders, a minute apart."""
    first, _ = await desk.placed(account)
    second, _ = await desk.placed(account, number=1)
    for order, quantity in ((first, 1), (second, 1), (first, 1), (second, 2), (first, 1)):
        desk.clock.advance(60)
        desk.simulator.fill(order.order_id, Decimal(quantity))
    await desk.settle()
