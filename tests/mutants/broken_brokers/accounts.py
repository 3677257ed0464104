"""Mutants of accounts, balances, positions and executions."""

from __future__ import annotations

from broken_brokers.mutant import ACCOUNTS, EXECUTIONS, POSITIONS, mutant

ACCOUNT_LISTS = (
    mutant(
        "reads the first page of accounts",
        "every_account_is_listed",
        ACCOUNTS,
        '    found = (await get(session, "accounts"))["items"]\n',
    ),
    mutant(
        "goes by another id", "an_account_is_known_by_its_id", 'Account(broker_id="bolt"', 'Account(broker_id="Bolt"'
    ),
    mutant("counts in floats", "numbers_are_exact", 'cash=Decimal(body["cash"])', 'cash=float(body["cash"])'),
    mutant(
        "sends fills through a float",
        "numbers_are_exact",
        '        price=Decimal(item["price"]),\n',
        '        price=float(item["price"]),\n',
    ),
    mutant("forgets the zone", "times_are_aware_and_in_utc", ".astimezone(UTC)", ".replace(tzinfo=None)"),
    mutant(
        "tells New York's time",
        "times_are_aware_and_in_utc",
        ".astimezone(UTC)",
        '.astimezone(__import__("zoneinfo").ZoneInfo("America/New_York"))',
    ),
    mutant(
        "names the wrong account",
        "a_balance_is_the_accounts_own",
        '            account_id=account.account_id,\n            currency="USD",',
        '            account_id="A-1",\n            currency="USD",',
    ),
    mutant(
        "shows everybody the first account's money",
        "a_trade_moves_the_balance_of_its_account_alone",
        'f"accounts/{account.account_id}/balance"',
        '"accounts/A-1/balance"',
    ),
    mutant(
        "takes short positions for long ones",
        "positions_add_up",
        'quantity=Decimal(item["quantity"]),\n            average',
        'quantity=abs(Decimal(item["quantity"])),\n            average',
    ),
    mutant(
        "reads the first page of positions",
        "positions_add_up",
        POSITIONS,
        'for item in (await get(session, f"accounts/{account.account_id}/positions"))["items"]',
    ),
    mutant(
        "shows the positions of another account",
        "positions_add_up",
        POSITIONS,
        'for item in await pages(session, "accounts/A-1/positions")',
    ),
    mutant(
        "forgets small executions",
        "positions_are_what_was_executed",
        EXECUTIONS,
        EXECUTIONS
        + "    found = [item for item in found if Decimal(item['quantity']) != 3 or item['order'] == 'O2']\n",
    ),
    mutant(
        "drops the last page of executions",
        "every_fill_is_an_execution_once",
        EXECUTIONS,
        EXECUTIONS + "    found = found[:4]\n",
    ),
    mutant(
        "lists executions twice",
        "every_fill_is_an_execution_once",
        EXECUTIONS,
        EXECUTIONS + "    found += found[-1:]\n",
    ),
    mutant(
        "takes every execution for a purchase at no order",
        "every_fill_is_an_execution_once",
        'order_id=item["order"],\n            client',
        'order_id=item["client_id"],\n            client',
    ),
    mutant(
        "lists the newest first",
        "executions_come_in_order_from_the_time_asked_for",
        EXECUTIONS,
        EXECUTIONS + "    found.reverse()\n",
    ),
    mutant(
        "lists executions from the beginning",
        "executions_come_in_order_from_the_time_asked_for",
        "since=since.isoformat())\n",
        'since="2000-01-01T00:00:00+00:00")\n',
    ),
)
