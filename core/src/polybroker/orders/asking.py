"""The ask-before-retry policy: after a lost answer the broker's lists are asked, before anything is sent again."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from polybroker.errors import BrokerError, OutcomeUnknown
from polybroker.model.orders import Ack
from polybroker.orders.calls import Operation, OrderCall, Proceed
from polybroker.orders.lookup import Finding, Sought, Window, find_order


@define(kw_only=True, eq=False)
class AskPolicy:
    """Made by `polybroker.policies.ask_before_retry`."""

    looks: int
    pause: float
    """Seconds between two looks."""
    resend: bool
    window: Window

    async def __call__(self, call: OrderCall, proceed: Proceed) -> Ack:
        """Proceed; where the outcome is unknown, look, and at most once send the same again."""
        recorded_at = call.session.clock.now()
        try:
            return await proceed(call)
        except OutcomeUnknown as lost:
            finding = await self._look(call, recorded_at)
            if finding.order_id is None and self._may_resend(call, finding):
                return await self._resent(call, proceed, recorded_at, lost)
            return _found(call, finding, lost)

    async def _look(self, call: OrderCall, recorded_at: datetime) -> Finding:
        """Ask once the broker's lists may be relied on, and again where they did not all answer."""
        sought = Sought(
            account=call.account,
            operation=call.operation,
            request=call.request,
            target=call.order.order_id if call.order else None,
            since=recorded_at,
        )
        await call.session.clock.sleep(call.session.info.consistency_delay.total_seconds())
        finding = await find_order(call.session, sought, call.claims, self.window)
        for _ in range(self.looks - 1):
            if finding.order_id is not None or finding.absent:
                break
            await call.session.clock.sleep(self.pause)
            finding = await find_order(call.session, sought, call.claims, self.window)
        return finding

    def _may_resend(self, call: OrderCall, finding: Finding) -> bool:
        """Only a new order, with an id by which the broker knows it again, that all lists say is not there."""
        rule, request = call.session.info.client_order_ids, call.request
        known_again = rule is not None and rule.idempotent and request is not None and bool(request.client_order_id)
        return self.resend and known_again and finding.absent and call.operation is Operation.PLACE

    async def _resent(self, call: OrderCall, proceed: Proceed, recorded_at: datetime, lost: OutcomeUnknown) -> Ack:
        """Send the same once more. A refusal now proves nothing: it may be that of a double."""
        try:
            return await proceed(call)
        except BrokerError as error:
            finding = await self._look(call, recorded_at)
            return _found(call, finding, lost, error)


def _found(call: OrderCall, finding: Finding, lost: OutcomeUnknown, later: BrokerError | None = None) -> Ack:
    if finding.order_id is None:
        raise lost from later
    call.found = finding.order
    return finding.ack(call.request.client_order_id if call.request else None)
