"""Client order ids: made before a byte leaves; equal for a repeated question, different for two orders."""

from __future__ import annotations

import re
from hashlib import blake2b
from secrets import token_hex
from typing import Final

from polybroker.model.broker_info import ClientOrderIds

_LEAST: Final = 2**40
"""Fewer possible ids than these would let two orders of one account collide."""


def client_order_id(rule: ClientOrderIds, *, installation: str, account: str, sequence: int, attempt: int = 0) -> str:
    """The id of the `sequence`-th intent of an account, in the broker's characters and length.

    `installation` tells two programs on one account apart. `attempt` counts deliberate new attempts, never
    repetitions of one. `ValueError` where the broker's rule leaves no room for ids that do not collide.
    """
    characters = "".join(dict.fromkeys(rule.charset))
    length = min(rule.max_length, 26)
    if len(characters) < 2 or len(characters) ** length < _LEAST:
        raise ValueError(f"{length} characters out of {len(characters)} leave no room for unique ids")
    key = "\x1f".join((installation, account, str(sequence), str(attempt)))
    number = int.from_bytes(blake2b(key.encode(), digest_size=32).digest())
    letters = []
    for _ in range(length):
        number, index = divmod(number, len(characters))
        letters.append(characters[index])
    return "".join(letters)


def fresh_client_order_id(rule: ClientOrderIds) -> str:
    """A random id, for a program that keeps no journal to count its intents in."""
    return client_order_id(rule, installation=token_hex(16), account="", sequence=0)


def check_client_order_id(rule: ClientOrderIds, given: str) -> None:
    """`ValueError` that says what is wrong with an app's own id."""
    if not 0 < len(given) <= rule.max_length:
        raise ValueError(f"a client order id has 1 to {rule.max_length} characters here, not {len(given)}")
    wrong = re.sub(f"[{re.escape(rule.charset)}]", "", given)
    if wrong:
        raise ValueError(f"a client order id has no {wrong[0]!r} here")
