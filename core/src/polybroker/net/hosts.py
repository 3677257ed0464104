"""Where a connection may go: declared hosts only, and in clear text only to this machine."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from ipaddress import ip_address

import httpx

from polybroker.errors import PluginError

_SECURE = frozenset({"https", "wss"})
_CLEAR = frozenset({"http", "ws"})


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, by name or address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_target(url: httpx.URL, hosts: Sequence[str]) -> None:
    """`PluginError` unless `url` is on one of the declared `hosts` (patterns such as `*.broker.com`) and encrypted."""
    if url.scheme not in _SECURE | _CLEAR:
        raise PluginError(f"a plugin asked for a connection by {url.scheme!r}; only http(s) and ws(s) are made")
    if url.userinfo:
        raise PluginError("a plugin put credentials into a URL")
    if url.scheme in _CLEAR and not is_loopback(url.host):
        raise PluginError(f"a plugin asked for an unencrypted connection to {url.host}")
    if not any(fnmatchcase(url.host, pattern) for pattern in hosts):
        raise PluginError(f"a plugin asked for {url.host}, which its environment does not declare")
