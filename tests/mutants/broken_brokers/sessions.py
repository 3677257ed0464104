"""Mutants of logins and sessions."""

from __future__ import annotations

from typing import Any

from broken_brokers.mutant import ACCOUNTS, EXPIRES, OPEN, RENEW, TOKEN, BrokerMutant, guarded, mutant
from polybroker.errors import BrokerError, PluginError


def silent(original: Any) -> Any:
    def require(self: Any, hook: str) -> Any:
        try:
            return original(self, hook)
        except Exception as error:
            raise PluginError(str(error)) from error

    return require


SESSIONS = (
    mutant(
        "starts with a clean table",
        "opening_and_closing_touches_no_order",
        OPEN,
        OPEN + '    await send(session, "POST", "cancel_all", Effect.CANCEL, json={"account": "A-1"})\n',
    ),
    mutant(
        "takes a dead login for one without accounts",
        "a_dead_login_is_said_at_once",
        OPEN,
        guarded(OPEN, "BrokerError", "pass"),
        ACCOUNTS,
        guarded(ACCOUNTS, "AuthError", "return []"),
    ),
    mutant(
        "renews into what it had", "a_session_outlives_its_tokens", RENEW, "return session.secrets", dies_by=BrokerError
    ),
    mutant(
        "calls a person when a token has expired",
        "an_expired_token_is_renewed_in_the_middle_of_a_call",
        'if error == "expired":',
        'if error == "never":',
        'if error == "revoked":',
        'if error in ("expired", "revoked"):',
        dies_by=BrokerError,
    ),
    mutant(
        "renews by itself",
        "one_renewal_is_in_flight",
        ACCOUNTS,
        guarded(ACCOUNTS, "AuthError", "session.secrets = await renew_session(session)")
        + '        found = await pages(session, "accounts")\n',
        dies_by=BrokerError,
    ),
    mutant(
        "keeps the token that it began with",
        "a_dead_token_is_never_used_again",
        OPEN,
        '    session.state = session.secrets.values["access_token"]\n' + OPEN,
        TOKEN,
        '    token = session.state or session.secrets.values["access_token"]\n',
        dies_by=BrokerError,
    ),
    mutant(
        "loses the refresh token when it renews",
        "renewed_secrets_are_complete",
        RENEW,
        "fresh = await tokens(session.net, session.environment.endpoints['rest'], form)\n"
        '    return Secrets(values={"access_token": fresh.values["access_token"]},'
        " access_expires_at=fresh.access_expires_at)",
    ),
    mutant(
        "promises a day for half an hour",
        "lifetimes_are_what_the_broker_keeps",
        EXPIRES,
        "        access_expires_at=now + timedelta(days=1),\n",
    ),
    mutant("revokes nothing", "a_revoked_login_is_worthless", '"revoke", Effect.AUTH', '"goodbye", Effect.AUTH'),
    BrokerMutant(
        name="blames the plugin for what it does not offer",
        killer="test_hooks_that_are_not_offered_send_nothing",
        core={"polybroker.broker.Broker.require": silent},
    ),
    mutant(
        "shows its token in errors",
        "secrets_are_never_seen",
        "        return Rejected(message, code=CODES[error], reason=message)",
        "        return Rejected(f\"{message} {response.request.headers['x-api-key']}\", code=CODES[error])",
    ),
    mutant(
        "logs its token in base64",
        "secrets_are_never_seen",
        TOKEN,
        TOKEN + "    import base64, logging\n"
        "    logging.getLogger('bolt').debug('%s', base64.b64encode(b'token=' + token.reveal().encode()))\n",
    ),
    mutant(
        "puts its token into an address",
        "secrets_are_never_seen",
        'number=item["number"], raw=item)',
        'number=item["number"], raw=item, name=str(httpx.URL("https://bolt.test", params={"t":'
        ' session.secrets.values["access_token"].reveal()})))',
    ),
    mutant(
        "shows the beginning of its token",
        "secrets_are_never_seen",
        OPEN,
        OPEN + '    session.state = {"token": session.secrets.values["access_token"].reveal()[:9]}\n',
    ),
    mutant(
        "sleeps on the event loop",
        "the_event_loop_is_never_held_up",
        TOKEN,
        "    import time\n\n    time.sleep(0.0001)\n" + TOKEN,
    ),
    mutant(
        "tells a stranger",
        "no_undeclared_host_is_contacted",
        OPEN,
        "    import contextlib, socket\n    with contextlib.suppress(OSError), socket.socket() as stranger:\n"
        "        stranger.setblocking(False)\n        stranger.connect(('127.0.0.1', 9))\n" + OPEN,
    ),
    mutant(
        "knows its address by heart",
        "every_address_comes_from_the_environment",
        "f\"{session.environment.endpoints['rest']}/{path}\"",
        'f"{REST}/{path}"',
        dies_by=BrokerError,
    ),
    mutant(
        "renews at an address that it knows by heart",
        "every_address_comes_from_the_environment",
        RENEW,
        "return await tokens(session.net, REST, form)",
        dies_by=BrokerError,
    ),
    mutant(
        "takes a revoked login for an expired token",
        "an_answer_that_says_expired_and_one_that_says_revoked_differ",
        "code=ErrorCode.AUTH_REVOKED)",
        "code=ErrorCode.AUTH_EXPIRED)",
    ),
)

LOGINS = (
    mutant(
        "mixes up the tokens",
        "a_login_leads_to_a_session",
        '"access_token": Secret(body["access"]), "refresh_token": Secret(body["refresh"])',
        '"access_token": Secret(body["refresh"]), "refresh_token": Secret(body["access"])',
        dies_by=BrokerError,
    ),
    mutant("sends no challenge", "the_page_is_bound_to_its_attempt", '"S256"', '"plain"'),
    mutant(
        "forgets the state",
        "the_page_is_bound_to_its_attempt",
        '        "state": attempt.state,\n',
        '        "state": "state",\n',
    ),
    mutant(
        "puts the verifier into the address",
        "the_page_is_encrypted_and_says_no_secret",
        '        "state": attempt.state,\n',
        '        "state": attempt.state,\n        "verifier": attempt.code_verifier.reveal(),\n',
    ),
    mutant(
        "takes any answer for a login",
        "a_wrong_answer_is_refused",
        "    return await tokens(net, REST, form)\n",
        "    try:\n        return await tokens(net, REST, form)\n    except AuthError:\n        return Secrets()\n",
    ),
    mutant(
        "takes a login for a read",
        "an_answer_is_redeemed_once",
        'endpoint="token", effect=Effect.AUTH',
        'endpoint="token", effect=Effect.READ',
    ),
    mutant(
        "does not say when the login ends",
        "a_login_states_how_long_it_is_good_for",
        '        login_again_by=when(body["login_again_by"]),\n',
        "",
    ),
    mutant("does not say when the token ends", "a_login_states_how_long_it_is_good_for", EXPIRES, ""),
)
