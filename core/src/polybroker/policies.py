"""Policies: an app's own code between itself and the broker, in the order audit, risk, journal, ask.

::

    store = SqliteJournal("orders.sqlite")
    policies = [audit(AuditFile("audit.jsonl"), by="desk"), risk(limits), journal(store), ask_before_retry()]
    async with broker.connect(secrets=secrets, policies=policies) as session:
        await reconcile(session, store)

A policy is any `async def policy(call, proceed)`; one that has a method `observe` hears the events of orders too.
Each function here makes a policy that may serve several sessions at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from polybroker.model.accounts import Account
from polybroker.orders.asking import AskPolicy
from polybroker.orders.audit import GENESIS, AuditFile, AuditPolicy, AuditRecord, AuditTampered, Sink, check_chain
from polybroker.orders.calls import SETTLING, LiveOrder, Observer, Operation, OrderCall, Policy, Proceed, Reservation
from polybroker.orders.intents import Intent, IntentState, Journal
from polybroker.orders.journaling import JournalPolicy
from polybroker.orders.lookup import Window
from polybroker.orders.memory_journal import MemoryJournal
from polybroker.orders.reconcile import Reconciliation, reconcile, settle
from polybroker.orders.risk import Denied, KillSwitch, RiskLimits, RiskPolicy
from polybroker.orders.sqlite_journal import SqliteJournal

__all__ = [
    "AuditFile",
    "AuditRecord",
    "AuditTampered",
    "Denied",
    "Intent",
    "IntentState",
    "Journal",
    "KillSwitch",
    "LiveOrder",
    "MemoryJournal",
    "Observer",
    "Operation",
    "OrderCall",
    "Policy",
    "Proceed",
    "Reconciliation",
    "Reservation",
    "RiskLimits",
    "SqliteJournal",
    "Window",
    "ask_before_retry",
    "audit",
    "check_chain",
    "journal",
    "reconcile",
    "risk",
    "settle",
]


def audit(sink: Sink, *, by: str | Callable[[], str], previous: str | None = None) -> AuditPolicy:
    """Record who asked for what, and how it ended, as a chain of hashes; `by` names the person or program.

    `previous` is the hash to go on from; left out, it is that of the last record of an `AuditFile`, else the
    beginning. Nothing but a cancel is sent that cannot be recorded.
    """
    if previous is None:
        previous = sink.check() if isinstance(sink, AuditFile) else GENESIS
    return AuditPolicy(sink=sink, by=by if callable(by) else lambda: by, previous=previous)


def risk(limits: RiskLimits | Callable[[Account], RiskLimits], *, kill_switch: KillSwitch | None = None) -> RiskPolicy:
    """Deny (`Denied`, a `Rejected`) what breaks the limits, one set for all accounts or a function of the account.

    The budget is reserved in the transaction of the journal beneath, so that of two orders at once both cannot
    pass; orders of unknown outcome count as live at full size. Without fresh data, without a journal, and after any
    error, an order is denied. Cancels always pass.
    """
    return RiskPolicy(limits=limits if callable(limits) else lambda _: limits, kill_switch=kill_switch or KillSwitch())


def journal(store: Journal, *, settling: timedelta = SETTLING) -> JournalPolicy:
    """Make every intent durable before its first byte leaves, and every outcome after; apply the stream's events.

    An order of unknown outcome stays so until the broker shows it, or a person decides (`settle`). `settling` is how
    long, beyond the broker's consistency delay, the risk policy still counts the fills of an ended order.
    """
    return JournalPolicy(store=store, settling=settling)


def ask_before_retry(
    *, looks: int = 2, pause: timedelta = timedelta(seconds=5), resend: bool = True, window: Window | None = None
) -> AskPolicy:
    """After a lost answer, wait the broker's consistency delay, and look the order up; belongs beneath the journal.

    It looks up to `looks` times, with a `pause` between. What is found is the answer. Where all lists say that there
    is no such order, the same is sent once more, if `resend` and only to brokers whose client order ids are
    idempotent. Everything else stays `OutcomeUnknown`.
    """
    if looks < 1:
        raise ValueError("looks is 1 or more")
    return AskPolicy(looks=looks, pause=pause.total_seconds(), resend=resend, window=window or Window())
