"""Whether a plugin keeps the contract's form; every fault is a sentence for its author."""

from __future__ import annotations

import difflib
import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from polybroker import hookspecs
from polybroker.matrix import HOOKS
from polybroker.model.broker_info import BrokerInfo, Stage, StatementKind

ID: Final = re.compile(r"[a-z][a-z0-9_]*")
"""What a broker id or alias looks like."""

_MARK: Final = f"{hookspecs.PROJECT}_impl"


@frozen
class Implementation:
    """A function that the plugin marked: under which name, for which hook."""

    name: str
    hook: str
    function: Callable[..., Any]
    options: Mapping[str, Any]


def form_faults(plugin: object) -> list[str]:
    """What is wrong with the plugin's functions, in the order of the specification; empty: nothing."""
    marked = list(implementations(plugin))
    known = [implementation for implementation in marked if implementation.hook in HOOKS]
    offered = {implementation.hook for implementation in known}
    return [
        *_unknown(marked),
        *_unmarked(plugin, offered),
        *(fault for implementation in known for fault in _function_faults(implementation)),
        *_doubled(known),
        *_halves(offered),
        *_groundless(offered),
        *([] if "broker_info" in offered else ["it implements no broker_info, the one mandatory hook"]),
    ]


def implementations(plugin: object) -> Iterator[Implementation]:
    """The plugin's functions that carry the mark of `hookimpl`."""
    for name, member in _members(plugin):
        options = getattr(member, _MARK, None)
        if isinstance(options, dict):
            yield Implementation(name, options.get("specname") or name, member, options)


def colour(function: Callable[..., Any]) -> str:
    """How the function was written: `def`, `async def`, or as a generator of either kind."""
    function = inspect.unwrap(function)
    while isinstance(function, functools.partial):
        function = function.func
    if inspect.isasyncgenfunction(function):
        return "async def with yield"
    if inspect.iscoroutinefunction(function):
        return "async def"
    return "def with yield" if inspect.isgeneratorfunction(function) else "def"


def info_faults(info: BrokerInfo, expected_id: str, offered: set[str]) -> list[str]:
    """What is wrong with what `broker_info` returned; `offered` are the hooks that the plugin implements."""
    faults = []
    if info.id != expected_id:
        faults.append(f"broker_info names the id {info.id!r}, but the entry point is called {expected_id!r}")
    for field, value in (("title", info.title), ("website", info.website)):
        if not _is_text(value):
            faults.append(f"broker_info has no {field}")
    if info.stage not in tuple(Stage):
        faults.append(f"broker_info has the stage {info.stage!r}, which is no Stage")
    faults += _alias_faults(info.aliases)
    faults += _kind_faults(info.statement_kinds)
    if info.statement_kinds and "parse_statement" not in offered:
        faults.append("broker_info names kinds of statements, but there is no parse_statement")
    if not info.statement_kinds and "parse_statement" in offered:
        faults.append("it implements parse_statement, but broker_info names no kinds of statements")
    return faults


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _alias_faults(aliases: object) -> list[str]:
    if not isinstance(aliases, tuple) or not all(isinstance(alias, str) for alias in aliases):
        return ["broker_info has aliases that are no tuple of texts"]
    return [
        f"broker_info has the alias {alias!r}, which is not of small letters, digits and _"
        for alias in aliases
        if not ID.fullmatch(alias)
    ]


def _kind_faults(kinds: object) -> list[str]:
    if not isinstance(kinds, tuple) or not all(isinstance(kind, StatementKind) for kind in kinds):
        return ["broker_info has statement_kinds that are no tuple of StatementKind"]
    faults = []
    if len({kind.id for kind in kinds}) != len(kinds):
        faults.append("broker_info has two kinds of statements of one id")
    for kind in kinds:
        if not isinstance(kind.id, str) or not ID.fullmatch(kind.id):
            faults.append(f"broker_info has a kind of statement of the id {kind.id!r}")
        if not isinstance(kind.sample, str) or re.search(r"[/\\]|^\.*$", kind.sample):
            faults.append(f"the kind {kind.id!r} names the sample {kind.sample!r}, which is no file name")
    return faults


def _members(plugin: object) -> Iterator[tuple[str, Any]]:
    for name in dir(plugin):
        try:
            yield name, getattr(plugin, name)
        except Exception:  # noqa: S112 - a property that raises is no hook
            continue


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, HOOKS, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _unknown(marked: list[Implementation]) -> Iterator[str]:
    for implementation in marked:
        if implementation.hook not in HOOKS and not implementation.options.get("optionalhook"):
            yield f"it marks {implementation.hook} as a hook, but there is no such hook{_nearest(implementation.hook)}"


def _unmarked(plugin: object, offered: set[str]) -> Iterator[str]:
    callables = {name for name, member in _members(plugin) if callable(member)}
    for hook in HOOKS:
        if hook in callables and hook not in offered:
            yield f"its {hook} carries no @hookimpl"


def _doubled(known: list[Implementation]) -> Iterator[str]:
    for hook in HOOKS:
        names = [implementation.name for implementation in known if implementation.hook == hook]
        if len(names) > 1:
            yield f"it implements {hook} more than once: {', '.join(names)}"


def _halves(offered: set[str]) -> Iterator[str]:
    for group in hookspecs.INDIVISIBLE:
        if offered & group and not group <= offered:
            there, missing = (
                ", ".join(hook for hook in HOOKS if hook in hooks) for hooks in (group & offered, group - offered)
            )
            yield f"it implements {there} without {missing}: they come together or not at all"


def _groundless(offered: set[str]) -> Iterator[str]:
    for needed, argument in (("open_session", "session"), ("accounts", "account")):
        if needed in offered:
            continue
        takers = [
            hook
            for hook in HOOKS
            if hook in offered and argument in inspect.signature(getattr(hookspecs, hook)).parameters
        ]
        if takers and takers != ["close_session"]:
            yield f"it implements {', '.join(takers)} without {needed}, which gives them their {argument}"


def _function_faults(implementation: Implementation) -> Iterator[str]:
    hook, function = implementation.hook, implementation.function
    specification = getattr(hookspecs, hook)
    if not inspect.isroutine(function):
        yield f"its {hook} is marked as a hook, but is no function"
        return
    if implementation.options.get("wrapper") or implementation.options.get("hookwrapper"):
        yield f"its {hook} is a wrapper, but a broker has one plugin only: there is nothing to wrap"
        return
    if colour(function) != colour(specification):
        yield f"its {hook} is written as `{colour(function)}`, but the hook is `{colour(specification)}`"
    yield from _argument_faults(hook, function, specification)


def _argument_faults(hook: str, function: Callable[..., Any], specification: Callable[..., Any]) -> Iterator[str]:
    allowed = inspect.signature(specification).parameters
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            yield f"its {hook} takes {parameter}, which is never passed; a hook's arguments are plain"
        elif parameter.name not in allowed:
            accepted = ", ".join(allowed) or "none"
            yield f"its {hook} takes an unknown argument {parameter.name}; the hook's arguments are: {accepted}"
        elif parameter.default is not parameter.empty:
            yield f"its {hook} gives {parameter.name} a default; such an argument is never passed"
