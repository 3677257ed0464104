"""Mutants of placing orders."""

from __future__ import annotations

from broken_brokers.mutant import BY_ID, PLACE, BrokerMutant, guarded, mutant
from polybroker.errors import BrokerError

PLACING = (
    mutant(
        "sends a limit as a market order",
        "the_broker_receives_what_the_app_asked_for",
        PLACE,
        '    wire.update(type="market", limit=None) if wire["type"] == "limit" else None\n' + PLACE,
    ),
    mutant(
        "sends the wrong side",
        "the_broker_receives_what_the_app_asked_for",
        PLACE,
        '    wire["side"] = {"sell_short": "sell"}.get(wire["side"], wire["side"])\n' + PLACE,
    ),
    mutant(
        "doubles the quantity",
        "the_broker_receives_what_the_app_asked_for",
        '"quantity": str(order.quantity)',
        '"quantity": str(order.quantity * 2)',
    ),
    mutant(
        "drops the time in force",
        "the_broker_receives_what_the_app_asked_for",
        '"tif": str(order.time_in_force)',
        '"tif": "gtc" if order.good_till is None else "gtd"',
    ),
    mutant(
        "sends the stop price as the limit",
        "the_broker_receives_what_the_app_asked_for",
        PLACE,
        '    wire.update(limit=wire["stop"]) if wire["type"] == "stop_limit" else None\n' + PLACE,
    ),
    mutant(
        "sends its own client order id",
        "the_broker_receives_what_the_app_asked_for",
        '        client_id": order.client_order_id,'.strip(),
        'client_id": order.client_order_id and order.client_order_id[::-1],',
        'order_id=body["order"], client_order_id=body["client_id"], status',
        'order_id=body["order"], client_order_id=body["client_id"] and body["client_id"][::-1], status',
    ),
    mutant(
        "trades on the first account",
        "an_order_goes_to_its_account",
        '        "account": account.account_id,\n        "symbol"',
        '        "account": "A-1",\n        "symbol"',
    ),
    mutant(
        "sends prices through a float",
        "any_price_and_quantity_arrives_to_the_last_digit",
        "str(order.limit_price)",
        "str(round(float(order.limit_price), 2))",
    ),
    mutant(
        "places twice to be sure",
        "placing_once_sends_once",
        PLACE,
        PLACE + PLACE,
    ),
    mutant(
        "acknowledges without an order id",
        "the_ack_names_the_order",
        'order_id=body["order"], client_order_id=body',
        'order_id="", client_order_id=body',
    ),
    mutant(
        "acknowledges the client's id as the order's",
        "the_ack_names_the_order",
        'order_id=body["order"], client_order_id=body',
        'order_id=body["client_id"], client_order_id=body',
    ),
    BrokerMutant(
        name="sends before it asks",
        killer="test_what_is_not_taken_sends_nothing",
        core={"polybroker.session.Session.check_order": lambda original: lambda self, account, order: None},
    ),
    mutant(
        "has second thoughts",
        "what_is_taken_is_placed_or_refused_by_its_type",
        PLACE,
        '    if wire["type"] == "stop_limit":\n        raise Unsupported("not today")\n' + PLACE,
    ),
    mutant(
        "does not read what it gets for market orders",
        "what_is_taken_is_placed_or_refused_by_its_type",
        PLACE,
        PLACE + '    assert body["limit"] or body["stop"]\n',
    ),
    mutant(
        "takes an order only once",
        "checking_an_order_is_pure",
        "def check_order(account: Account, order: OrderRequest) -> None:\n",
        "def check_order(account: Account, order: OrderRequest) -> None:\n"
        "    if SEEN.add(order) or len(SEEN) > 90:\n        raise Unsupported('enough')\n",
        'REST = "',
        'SEEN = set()\nREST = "',
    ),
    mutant(
        "swallows a reject",
        "a_refusal_says_so_by_its_code",
        PLACE,
        guarded(PLACE, "Rejected", 'return Ack(order_id="0", client_order_id=order.client_order_id)'),
    ),
    mutant(
        "calls every refusal an invalid order",
        "a_refusal_says_so_by_its_code",
        "code=CODES[error], reason",
        "code=ErrorCode.INVALID_ORDER, reason",
    ),
    mutant(
        "previews by placing",
        "a_preview_places_nothing",
        '    body = await send(session, "POST", "preview", Effect.READ, account=account.account_id, json=wire)\n',
        '    await send(session, "POST", "orders", Effect.READ, account=account.account_id, json=wire)\n'
        '    body = {"accepted": True, "commission": "0"}\n',
    ),
    mutant(
        "declares longer ids than the broker takes",
        "client_order_ids_are_taken_as_declared",
        "max_length=16",
        "max_length=20",
        dies_by=BrokerError,
    ),
    mutant(
        "declares characters that the broker changes",
        "client_order_ids_are_taken_as_declared",
        'charset="ABC',
        'charset="abcABC',
        dies_by=BrokerError,
    ),
    mutant(
        "adds a number to known ids",
        "a_known_client_order_id_makes_no_second_order",
        PLACE,
        '    SEEN.append(wire["client_id"])\n'
        '    wire["client_id"] = wire["client_id"][:14] + str(SEEN.count(wire["client_id"])) * '
        '(SEEN.count(wire["client_id"]) > 1)\n' + PLACE,
        'REST = "',
        'SEEN = []\nREST = "',
        dies_by=BrokerError,
    ),
    mutant(
        "finds any order",
        "an_order_is_found_by_its_client_order_id",
        BY_ID,
        '    found = await pages(session, "orders", account=account.account_id)\n',
    ),
    mutant(
        "fails to find nothing",
        "an_order_is_found_by_its_client_order_id",
        "return order_of(found[0]) if found else None",
        "return order_of(found[0])",
        dies_by=BrokerError,
    ),
)
