"""Mutants that bad weather brings to light."""

from __future__ import annotations

from broken_brokers.mutant import EXECUTIONS, OPEN, OPEN_ORDERS, PLACE, TOKEN, guarded, mutant
from polybroker.errors import BrokerError

WEATHER = (
    mutant(
        "takes an order that never left for rejected",
        "an_order_that_never_left_is_unavailable",
        PLACE,
        guarded(PLACE, "Unavailable", 'raise Rejected("no connection") from None'),
    ),
    mutant(
        "sends a lost order three times",
        "a_lost_answer_to_an_order_is_outcome_unknown",
        PLACE,
        "    from polybroker.errors import OutcomeUnknown\n\n"
        "    for _ in range(3):\n"
        "        try:\n"
        '            body = await send(session, "POST", "orders", Effect.ORDER, json=wire)\n'
        "            break\n"
        "        except OutcomeUnknown:\n"
        "            continue\n",
    ),
    mutant(
        "takes an order for a read",
        "a_lost_answer_to_an_order_is_outcome_unknown",
        'send(session, "POST", "orders", Effect.ORDER,',
        'send(session, "POST", "orders", Effect.READ,',
    ),
    mutant(
        "takes a lost order for rejected",
        "a_lost_answer_to_an_order_is_outcome_unknown",
        PLACE,
        "    from polybroker.errors import OutcomeUnknown\n\n"
        + guarded(PLACE, "OutcomeUnknown", 'raise Rejected("no answer") from None'),
    ),
    mutant(
        "sends again after a 502",
        "a_lost_answer_to_an_order_is_outcome_unknown",
        PLACE,
        "    try:\n    " + PLACE + "    except BrokerError as error:\n"
        "        if '502' not in str(error):\n            raise\n"
        '        body = await send(session, "POST", "orders", Effect.ORDER, json=wire)\n',
    ),
    mutant(
        "takes a page for people for an answer",
        "a_lost_answer_to_an_order_is_outcome_unknown",
        PLACE,
        "    from polybroker.errors import OutcomeUnknown\n\n"
        "    try:\n    " + PLACE + "    except OutcomeUnknown as error:\n"
        "        if 'no JSON' not in str(error):\n            raise\n"
        '        return Ack(order_id="0", client_order_id=order.client_order_id)\n',
    ),
    mutant(
        "takes 429 for a rejection",
        "too_many_requests_is_no_rejection",
        "    if response.status_code not in (400,",
        "    if response.status_code == 429:\n"
        '        return Rejected("slow down", code=ErrorCode.RATE_LIMITED)\n'
        "    if response.status_code not in (400,",
    ),
    mutant(
        "waits a second for an answer",
        "a_late_answer_is_an_answer",
        PLACE,
        "    with session.clock.fail_after(1.0):\n    " + PLACE,
    ),
    mutant(
        "repeats a lost cancel",
        "a_lost_answer_to_a_cancel_is_outcome_unknown",
        'send(session, "DELETE", path, Effect.CANCEL,',
        'send(session, "DELETE", path, Effect.READ,',
    ),
    mutant(
        "takes an order of a dead token for placed",
        "a_token_that_dies_on_the_way_costs_no_second_order",
        PLACE,
        guarded(PLACE, "AuthError", 'return Ack(order_id="0", client_order_id=order.client_order_id)'),
    ),
    mutant(
        "gives up on a read at once",
        "a_read_survives_a_bad_moment",
        'send(session, "GET", path, Effect.READ, params=params)',
        'send(session, "GET", path, Effect.AUTH, params=params)'
        " if 'positions' in path else await send(session, \"GET\", path, Effect.READ, params=params)",
        dies_by=BrokerError,
    ),
    mutant(
        "takes an error for an empty list",
        "an_error_never_looks_like_an_empty_answer",
        OPEN_ORDERS,
        guarded(OPEN_ORDERS, "Unavailable", "return []"),
    ),
    mutant(
        "is content with the pages that it got",
        "an_error_never_looks_like_an_empty_answer",
        "        body = await get(session, path, offset=len(found), **params)\n",
        "        try:\n"
        "            body = await get(session, path, offset=len(found), **params)\n"
        "        except BrokerError:\n"
        "            return found\n",
    ),
    mutant(
        "starts over with what it has when a token dies",
        "a_token_may_die_at_any_step",
        EXECUTIONS,
        guarded(EXECUTIONS, "AuthError", "return []"),
    ),
    mutant(
        "never stops trying to open",
        "opening_in_bad_weather_ends",
        OPEN,
        '    for _ in range(999):\n        try:\n            await get(session, "me")\n            break\n'
        "        except Unavailable:\n            await session.clock.sleep(60)\n",
    ),
    mutant(
        "fails when the clock goes back",
        "a_clock_that_jumps_does_no_harm",
        OPEN,
        OPEN + "    session.state = session.clock.now()\n",
        TOKEN,
        TOKEN + '    if session.state and session.clock.now() < session.state:\n        raise Unavailable("not yet")\n',
    ),
)
