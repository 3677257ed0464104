"""The one place that says what a failure on the wire means for the caller."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import httpx

from polybroker.errors import (
    AuthError,
    BrokerError,
    ErrorCode,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from polybroker.net.effects import Effect
from polybroker.net.transport import NotSent


def from_failure(failure: Exception, endpoint: str, effect: Effect) -> BrokerError:
    """No whole answer came: `Unavailable` where nothing left or a read may be repeated, else `OutcomeUnknown`."""
    if isinstance(failure, NotSent) or effect.repeatable:
        return Unavailable(f"{endpoint}: {failure}")
    return OutcomeUnknown(f"{endpoint}: {failure}")


def from_status(response: httpx.Response, endpoint: str, effect: Effect, words: str) -> BrokerError:
    """An answer that is no success, by its status; `words` is the (redacted) beginning of its body.

    A 5xx or a redirect after anything but a read leaves the outcome unknown: brokers are seen to execute
    orders that they answer with 500 or 502.
    """
    status = response.status_code
    text = f"{endpoint}: HTTP {status}" + (f": {words}" if words else "")
    if status == 429:
        return RateLimited(text, retry_after=retry_after(response))
    if status == 401:
        return AuthError(text, code=ErrorCode.AUTH_EXPIRED)
    if status == 403:
        return AuthError(text, code=ErrorCode.ACCOUNT_RESTRICTED)
    if 400 <= status < 500 and status != 408:
        return Rejected(text, code=ErrorCode.INVALID_ORDER, reason=words or None)
    if not effect.repeatable:
        return OutcomeUnknown(text)
    if status == 503 and "retry-after" in response.headers:
        return RateLimited(text, retry_after=retry_after(response))
    return Unavailable(text)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the answer asks to wait, from either form of `Retry-After`; None where it does not say."""
    value = response.headers.get("retry-after", "").strip()
    if value.isdigit():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
        asked = parsedate_to_datetime(response.headers["date"]) if "date" in response.headers else None
    except ValueError:
        return None
    return max((until - asked).total_seconds(), 0.0) if asked else None
