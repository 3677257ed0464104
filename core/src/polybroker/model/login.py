"""Logins: what a person is asked for, what comes back, and how long it is good for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

from polybroker.model.secret import Secret


@frozen(kw_only=True)
class Secrets:
    """What a login yields, with its life cycle as facts. All times are aware."""

    values: Mapping[str, Secret] = field(factory=dict)
    """By name: `access_token`, `refresh_token`, `api_key`, `password`, ..."""
    access_expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    login_again_by: datetime | None = None
    """When only a person can log in again; None: never, as long as renewals work."""


@frozen(kw_only=True)
class LoginAttempt:
    """A login under way: serializable, single-use, good until `expires_at` (10 minutes)."""

    broker_id: str
    environment: str
    state: str
    created_at: datetime
    expires_at: datetime
    redirect_uri: str | None = None
    code_verifier: Secret | None = None
    request_token: Secret | None = None
    request_token_secret: Secret | None = None
    issuer: str | None = None


@frozen(kw_only=True)
class LoginStep:
    """What has to happen next: open `url` and come back with its redirect, or fill in `fields`."""

    attempt: LoginAttempt
    url: str | None = None
    fields: tuple[str, ...] = ()
    instructions: str | None = None
