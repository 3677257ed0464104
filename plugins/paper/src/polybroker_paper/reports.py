"""What an account looks like from outside: its balances, positions and executions."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from polybroker.model.accounts import Balance, Position
from polybroker.model.instruments import Instrument
from polybroker.model.orders import AccountExecution, Order
from polybroker_paper.account import LAST_PLACE, tidy
from polybroker_paper.exchange import Exchange
from polybroker_paper.symbols import to_broker_symbol


def balance(exchange: Exchange, account_id: str, currency: str) -> Balance:
    """The money of one currency."""
    funds = exchange.funds(account_id)
    purse = funds.holdings.purse(currency)
    held = [held for held in funds.holdings.positions.values() if held.instrument.currency == currency]
    return Balance(
        account_id=account_id,
        currency=currency,
        cash=purse.cash,
        cash_available=funds.excess(currency, exchange.claims(account_id)),
        buying_power=buying_power(exchange, account_id, currency),
        net_liquidation=funds.worth(currency),
        margin_used=funds.tied_up(currency, []),
        realized_pnl=purse.realized,
        unrealized_pnl=sum((each.unrealized(exchange.mark(each.instrument)) for each in held), Decimal(0)),
        as_of=exchange.at,
        raw={"initial": str(purse.initial), "charges": str(purse.charges)},
    )


def buying_power(exchange: Exchange, account_id: str, currency: str) -> Decimal:
    """What can be bought besides all living orders, rounded down; below 0 after losses."""
    funds = exchange.funds(account_id)
    power = funds.buying_power(funds.excess(currency, exchange.claims(account_id)))
    return tidy(power.quantize(LAST_PLACE, ROUND_FLOOR))


def position(exchange: Exchange, account_id: str, instrument: Instrument) -> Position:
    """What is held of an instrument; the quantity 0 where nothing is."""
    held = exchange.holdings[account_id].positions.get(instrument)
    mark = exchange.mark(instrument)
    return Position(
        broker_id="paper",
        account_id=account_id,
        instrument=instrument,
        raw_symbol=to_broker_symbol(instrument),
        quantity=held.quantity if held else Decimal(0),
        average_price=held.average_price if held else None,
        market_price=mark,
        market_value=held.market_value(mark) if held else Decimal(0),
        unrealized_pnl=held.unrealized(mark) if held else Decimal(0),
        as_of=exchange.at,
    )


def execution(order: Order, index: int) -> AccountExecution:
    """A fill of an order as the account's history has it."""
    fill = order.fills[index]
    leg = order.request.legs[fill.leg]
    return AccountExecution(
        broker_id="paper",
        account_id=order.account_id,
        fill=fill,
        instrument=leg.instrument,
        raw_symbol=to_broker_symbol(leg.instrument),
        side=leg.side,
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        currency=leg.instrument.currency,
    )
