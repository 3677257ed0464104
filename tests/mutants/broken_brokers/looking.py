"""Mutants of looking at orders and changing them."""

from __future__ import annotations

from broken_brokers.mutant import CANCEL, OPEN_ORDERS, ORDERS, PLACE, guarded, mutant
from polybroker.errors import BrokerError

LOOKING = (
    mutant(
        "leaves out what is filled in part",
        "open_orders_are_all_that_live",
        OPEN_ORDERS,
        OPEN_ORDERS + "    found = [item for item in found if item['filled'] == '0']\n",
    ),
    mutant(
        "reads the first page of open orders",
        "open_orders_are_all_that_live",
        OPEN_ORDERS,
        OPEN_ORDERS.replace(
            'await pages(session, "orders", account=account.account_id, open="yes")',
            '(await get(session, "orders", account=account.account_id, open="yes"))["items"]',
        ),
    ),
    mutant(
        "shows everybody's open orders",
        "open_orders_are_all_that_live",
        'account=account.account_id, open="yes"',
        'account="A-1", open="yes"',
    ),
    mutant(
        "takes ended orders for open",
        "open_orders_are_all_that_live",
        'account=account.account_id, open="yes"',
        "account=account.account_id",
    ),
    mutant(
        "forgets partial fills",
        "an_order_is_shown_as_the_broker_has_it",
        '        filled_quantity=Decimal(item["filled"]),\n        submitted',
        '        filled_quantity=Decimal(item["filled"]) if item["status"] == "filled" else Decimal(0),\n'
        "        submitted",
    ),
    mutant(
        "shows orders at the market",
        "an_order_is_shown_as_the_broker_has_it",
        'limit_price=None if item["limit"] is None else Decimal(item["limit"]),',
        'limit_price=None if item["limit"] is None else Decimal(item["limit"]) + 1,',
    ),
    mutant(
        "shows cancelled orders as expired",
        "an_order_is_shown_as_the_broker_has_it",
        'status=OrderStatus(item["status"]),\n        filled_quantity=Decimal(item["filled"]),\n        submitted',
        'status=OrderStatus(item["status"].replace("canceled", "expired")),\n'
        '        filled_quantity=Decimal(item["filled"]),\n        submitted',
    ),
    mutant(
        "lists open orders only",
        "orders_have_the_ended_ones_of_the_time_asked_for",
        ORDERS,
        ORDERS.replace("**span", 'open="yes", **span'),
    ),
    mutant(
        "ignores the end of the window",
        "orders_have_the_ended_ones_of_the_time_asked_for",
        '**({"until": until.isoformat()} if until else {})',
        "",
    ),
)

CHANGING = (
    mutant(
        "cancels the newest order",
        "a_cancel_ends_that_order_and_no_other",
        CANCEL,
        "    path = f\"orders/{(await pages(session, 'orders', account=account.account_id))[-1]['order']}\"\n" + CANCEL,
    ),
    mutant(
        "cancels all to be sure",
        "a_cancel_ends_that_order_and_no_other",
        CANCEL,
        "    return (await cancel_all(session, account))[0]\n",
    ),
    mutant(
        "takes every cancel for done",
        "what_has_ended_cannot_be_cancelled_in_silence",
        CANCEL,
        guarded(CANCEL, "Rejected", "return Ack(order_id=order.order_id, client_order_id=order.client_order_id)"),
    ),
    mutant(
        "replaces an order by itself",
        "a_replaced_order_has_the_new_terms",
        "    wire = order_to_wire(account, request)\n",
        "    wire = order_to_wire(account, order.request)\n",
        dies_by=BrokerError,
    ),
    mutant(
        "adds an order instead of replacing one",
        "a_replaced_order_has_the_new_terms",
        '    path = f"orders/{order.order_id}"\n    return ack_of(await send(session, "PUT", path,',
        '    path = "orders"\n    return ack_of(await send(session, "POST", path,',
    ),
    mutant(
        "names the order that was replaced",
        "a_replaced_order_has_the_new_terms",
        '    return ack_of(await send(session, "PUT", path, Effect.ORDER, account=account.account_id, json=wire))',
        '    await send(session, "PUT", path, Effect.ORDER, account=account.account_id, json=wire)\n'
        "    return Ack(order_id=order.order_id, client_order_id=order.client_order_id)",
        dies_by=BrokerError,
    ),
    mutant(
        "cancels for everybody",
        "cancelling_all_spares_other_accounts",
        '    return [ack_of(item) for item in body["items"]]\n',
        '    for other in ("A-1", "A-2", "A-3"):\n'
        '        await send(session, "POST", "cancel_all", Effect.CANCEL, json={"account": other})\n'
        '    return [ack_of(item) for item in body["items"]]\n',
    ),
    mutant(
        "acknowledges a cancel that it never sends",
        "an_order_that_was_placed_can_be_seen_and_cancelled",
        CANCEL,
        "    return Ack(order_id=order.order_id, client_order_id=order.client_order_id)\n",
    ),
    mutant(
        "names the first order of the session in every ack",
        "app_broker_and_model_agree_whatever_happens",
        PLACE,
        PLACE + "    session.state = [*(session.state or []), body['order']]\n"
        "    if len(session.state) > 1:\n        return ack_of({**body, 'order': session.state[0]})\n",
    ),
    mutant(
        "sees what it has placed in this session",
        "app_broker_and_model_agree_whatever_happens",
        PLACE,
        PLACE + "    session.state = [*(session.state or []), body['order']]\n",
        OPEN_ORDERS,
        OPEN_ORDERS + "    found = [item for item in found if item['order'] in (session.state or [item['order']])]\n",
    ),
)
