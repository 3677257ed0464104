"""Client order ids fit the broker and never repeat."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybroker.model.broker_info import ClientOrderIds
from polybroker.orders.ids import check_client_order_id, client_order_id

RULES = st.builds(
    ClientOrderIds,
    charset=st.sampled_from(
        [string.digits, string.ascii_uppercase + string.digits, string.printable[:62] + "-_", "01"]
    ),
    max_length=st.integers(1, 64),
)


@given(RULES, st.text(max_size=8), st.text(max_size=8), st.integers(0, 10**6), st.integers(0, 3))
def test_an_id_fits_the_rule_or_the_rule_is_refused(
    rule: ClientOrderIds, installation: str, account: str, sequence: int, attempt: int
) -> None:
    arguments = {"installation": installation, "account": account, "sequence": sequence, "attempt": attempt}
    if len(rule.charset) ** min(rule.max_length, 26) < 2**40:
        with pytest.raises(ValueError, match="no room"):
            client_order_id(rule, **arguments)  # type: ignore[arg-type]
        return
    made = client_order_id(rule, **arguments)  # type: ignore[arg-type]
    check_client_order_id(rule, made)
    assert made == client_order_id(rule, **arguments)  # type: ignore[arg-type]


def test_ids_of_different_intents_differ() -> None:
    rule = ClientOrderIds(charset=string.ascii_letters + string.digits, max_length=10)
    made = {
        client_order_id(rule, installation=where, account=account, sequence=n, attempt=attempt)
        for where in ("a", "b")
        for account in ("1", "11")
        for n in range(500)
        for attempt in (0, 1)
    }
    assert len(made) == 4000


@pytest.mark.parametrize(("given_id", "words"), [("", "1 to 4"), ("ABCDE", "1 to 4"), ("A-B", "'-'")])
def test_an_apps_own_id_that_does_not_fit_is_refused_in_words(given_id: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_client_order_id(ClientOrderIds(charset="ABCDE]^", max_length=4), given_id)
