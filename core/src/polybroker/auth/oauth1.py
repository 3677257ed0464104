"""OAuth 1.0a (RFC 5849): the signature of a request, by oauthlib."""

from __future__ import annotations

from collections.abc import Mapping

from polybroker.model.secret import Secret


def signed_headers(
    method: str,
    url: str,
    *,
    client_key: str,
    client_secret: Secret,
    token: Secret | None = None,
    token_secret: Secret | None = None,
    callback: str | None = None,
    verifier: str | None = None,
    form: Mapping[str, str] | None = None,
    nonce: str | None = None,
    timestamp: int | None = None,
) -> dict[str, Secret]:
    """The `Authorization` header of an HMAC-SHA1 signed request; `url` includes its query.

    `nonce` and `timestamp` (seconds) are made where absent.
    """
    from oauthlib.oauth1 import Client

    client = Client(
        client_key,
        client_secret=client_secret.reveal(),
        resource_owner_key=token.reveal() if token else None,
        resource_owner_secret=token_secret.reveal() if token_secret else None,
        callback_uri=callback,
        verifier=verifier,
        nonce=nonce,
        timestamp=str(timestamp) if timestamp is not None else None,
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    _, signed, _ = client.sign(url, http_method=method, body=dict(form) if form else None, headers=headers)
    return {"Authorization": Secret(signed["Authorization"])}
