"""From an entry point to a `Broker`, or to the reasons why not."""

from __future__ import annotations

import importlib
import inspect
import types

import pluggy

from polybroker import hookspecs
from polybroker.broker import Broker
from polybroker.discovery import Offer
from polybroker.errors import PluginError
from polybroker.faults import OutOfTimeError, import_seconds, in_words, within
from polybroker.model.broker_info import BrokerInfo
from polybroker.plugin_checks import ID, Implementation, form_faults, implementations, info_faults


class RefusedPluginError(PluginError):
    """A plugin that cannot be used; `reasons` says why, in sentences for its author."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = tuple(reasons)


def load_broker(offer: Offer, seconds: float | None = None) -> Broker:
    """Import the plugin and check it, all within `seconds` (None: `import_seconds`).

    `RefusedPluginError` names every reason against it.
    """
    seconds = import_seconds() if seconds is None else seconds
    if not ID.fullmatch(offer.name):
        raise RefusedPluginError([f"the id {offer.name!r} is not of small letters, digits and _"])
    try:
        broker: Broker = within(seconds, lambda: _load(offer))
    except OutOfTimeError as error:
        raise RefusedPluginError([f"importing {offer.value} took longer than {seconds:g} s"]) from error
    return broker


def broker_of(
    plugin: object,
    broker_id: str,
    *,
    distribution: str | None = None,
    version: str | None = None,
    package: str | None = None,
) -> Broker:
    """The broker that `plugin` (a module or an object) is, in a plugin manager of its own.

    `RefusedPluginError` names every reason against it. Apps ask a registry; this is for plugins that are not installed.
    """
    if inspect.isclass(plugin):
        raise RefusedPluginError(["it is a class; a plugin is a module or an instance"])
    reasons = form_faults(plugin)
    info = _info(plugin, reasons)
    if info is not None:
        offered = {implementation.hook for implementation in implementations(plugin)}
        reasons += info_faults(info, broker_id, offered)
    if info is None or reasons:
        raise RefusedPluginError(reasons)
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin, name=broker_id)
    manager.check_pending()
    return Broker(manager, info, distribution=distribution, version=version, package=package or _package(plugin))


def _load(offer: Offer) -> Broker:
    try:
        plugin = offer.load()
    except BaseException as error:
        raise RefusedPluginError([f"importing {offer.value} raised {in_words(error)}"]) from error
    try:
        return broker_of(
            plugin,
            offer.name,
            distribution=offer.distribution,
            version=offer.version,
            package=_package_of_module(offer.value.partition(":")[0].strip()),
        )
    except RefusedPluginError:
        raise
    except BaseException as error:
        raise RefusedPluginError([f"checking {offer.value} raised {in_words(error)}"]) from error


def _info(plugin: object, reasons: list[str]) -> BrokerInfo | None:
    """What the plugin's `broker_info` returns; adds to `reasons` where that is not to be had.

    A plugin for another version of the contract is told so and nothing else: its other faults follow from that.
    """
    found = [candidate for candidate in implementations(plugin) if candidate.hook == "broker_info"]
    if not found or any("broker_info" in reason for reason in reasons):
        return None
    info = _called(found[0], reasons)
    if info is not None and info.api_version != hookspecs.API_VERSION:
        reasons[:] = [f"it is written for API version {info.api_version!r}; this core has {hookspecs.API_VERSION}"]
        return None
    return info


def _called(implementation: Implementation, reasons: list[str]) -> BrokerInfo | None:
    try:
        info = implementation.function()
    except BaseException as error:  # SystemExit is a plugin's fault too
        reasons.append(f"broker_info raised {in_words(error)}")
        return None
    if not isinstance(info, BrokerInfo):
        reasons.append(f"broker_info has to return a BrokerInfo, but returned {type(info).__name__}")
        return None
    return info


def _package(plugin: object) -> str | None:
    name = plugin.__name__ if isinstance(plugin, types.ModuleType) else type(plugin).__module__
    return _package_of_module(name)


def _package_of_module(name: str) -> str | None:
    try:
        module = importlib.import_module(name)
    except Exception:  # an object made by hand may come from anywhere
        return None
    return name if hasattr(module, "__path__") else name.rpartition(".")[0] or None
