"""What a trading mutant is, and the pieces of Bolt's source that many of them change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen


@frozen(kw_only=True)
class BrokerMutant:
    """A change of Bolt's source: every `old` text occurs once in it and becomes `new`; or one of the core's code."""

    name: str
    killer: str
    changes: tuple[tuple[str, str], ...] = ()
    core: Mapping[str, Callable[[Any], Any]] = field(factory=dict)
    """What replaces functions of the core, by dotted name, each made from the original."""
    dies_by: type[Exception] = AssertionError
    """What the law raises: anything but a failed assertion has to be meant."""

    def source(self, original: str) -> str:
        for old, new in self.changes:
            assert original.count(old) == 1, f"{self.name}: {old!r} occurs {original.count(old)} times"
            original = original.replace(old, new)
        return original


def mutant(name: str, killer: str, *changes: str, dies_by: type[Exception] = AssertionError) -> BrokerMutant:
    """A mutant of the given old and new texts, in turn."""
    pairs = tuple(zip(changes[::2], changes[1::2], strict=True))
    return BrokerMutant(name=name, killer=f"test_{killer}", changes=pairs, dies_by=dies_by)


def guarded(statement: str, error: str, instead: str) -> str:
    """The statement, with something else where an error comes; one line each."""
    return f"    try:\n    {statement}    except {error}:\n        {instead}\n"


PLACE = '    body = await send(session, "POST", "orders", Effect.ORDER, account=account.account_id, json=wire)\n'
OPEN = '    await get(session, "me")\n'
ACCOUNTS = '    found = await pages(session, "accounts")\n'
CANCEL = '    return ack_of(await send(session, "DELETE", path, Effect.CANCEL, account=account.account_id))\n'
OPEN_ORDERS = '    found = await pages(session, "orders", account=account.account_id, open="yes")\n'
ORDERS = '    return [order_of(item) for item in await pages(session, "orders", account=account.account_id, **span)]\n'
BY_ID = '    found = await pages(session, "orders", account=account.account_id, client_id=client_order_id)\n'
EXECUTIONS = '    found = await pages(session, f"accounts/{account.account_id}/executions", since=since.isoformat())\n'
POSITIONS = 'for item in await pages(session, f"accounts/{account.account_id}/positions")'
QUOTES = "    return [found[symbol] for symbol in symbols]\n"
TOKENS = "    body, now = exact_json(answer), net.clock.now()\n"
RENEW = 'return await tokens(session.net, session.environment.endpoints["rest"], form)'
EXPIRES = '        access_expires_at=now + timedelta(seconds=body["expires_in"]),\n'
TOKEN = '    token = session.secrets.values["access_token"]\n'
