"""`Broker`: what an app holds; the typed face of one plugin."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from polybroker.errors import BrokerError, PluginError, Unsupported
from polybroker.faults import in_words
from polybroker.matrix import HOOKS, capabilities
from polybroker.model.broker_info import BrokerInfo, Environment, StatementKind
from polybroker.model.commissions import CommissionPlan, CommissionSchedule
from polybroker.model.instruments import Future, Instrument, Option, Pair, Stock
from polybroker.model.login import LoginAttempt, LoginStep, Secrets

if TYPE_CHECKING:
    import pluggy

    from polybroker.model.accounts import Account
    from polybroker.model.orders import OrderRequest
    from polybroker.net import Clock, Exchange, Net, RateLimit
    from polybroker.orders.calls import Policy
    from polybroker.session import SaveSecrets, Session
    from polybroker.statements.document import Document
    from polybroker.statements.options import ParseOptions
    from polybroker.statements.statement import Statement


class Broker:
    """One broker: its facts, what it can do, and a method for every hook.

    A method whose hook the plugin does not implement raises `Unsupported` before anything else. What a plugin
    returns is checked here: a wrong type, and any exception but a `BrokerError`, becomes a `PluginError` that
    names plugin and hook. A broker may be used from several threads if its plugin's functions may.
    """

    def __init__(
        self,
        manager: pluggy.PluginManager,
        info: BrokerInfo,
        *,
        distribution: str | None = None,
        version: str | None = None,
        package: str | None = None,
    ) -> None:
        plugin = manager.get_plugin(info.id)
        offered = {caller.name: caller for caller in manager.get_hookcallers(plugin) or ()}
        self._callers = {hook: offered[hook] for hook in HOOKS if hook in offered}
        self._info = info
        self._kinds = {kind.id: kind for kind in info.statement_kinds}
        self.distribution = distribution
        """The installed distribution that the plugin comes from; None: it was given, not found."""
        self.version = version
        """The version of the distribution."""
        self.package = package
        """The package whose `data` folder holds the plugin's files."""

    def __repr__(self) -> str:
        return f"<Broker {self.id}>"

    @property
    def id(self) -> str:
        """The broker id, equal to the name of the plugin's entry point."""
        return self._info.id

    @property
    def info(self) -> BrokerInfo:
        """The broker's facts."""
        return self._info

    @property
    def hooks(self) -> tuple[str, ...]:
        """The hooks that the plugin implements, in the order of the specification."""
        return tuple(self._callers)

    @property
    def capabilities(self) -> Mapping[str, tuple[str, ...]]:
        """The hooks that the plugin implements, by group."""
        return capabilities(self._callers)

    def offers(self, hook: str) -> bool:
        """Whether the plugin implements `hook`; `ValueError` where there is no such hook."""
        if hook not in HOOKS:
            raise ValueError(f"there is no hook {hook!r}")
        return hook in self._callers

    def statement_kind(self, kind: str) -> StatementKind:
        """The kind of statement of that id; `Unsupported` names those that there are."""
        if kind not in self._kinds:
            known = ", ".join(self._kinds) or "none"
            raise Unsupported(f"{self.id} has no kind of statement {kind!r}; it has: {known}")
        return self._kinds[kind]

    # identity

    def broker_info(self) -> BrokerInfo:
        """The broker's facts: id (equal to the entry point's name), titles, kinds of files. Mandatory."""
        return self._info

    # symbols

    def to_broker_symbol(self, instrument: Instrument) -> str:
        """The broker's own text for `instrument`, which `from_broker_symbol` turns back into an equal one.

        Raises `Unsupported` for an instrument that this broker does not trade or cannot name.
        """
        symbol = self._call("to_broker_symbol", instrument=instrument)
        if not isinstance(symbol, str) or not symbol:
            raise self._wrong("to_broker_symbol", symbol, "a text")
        return symbol

    def from_broker_symbol(self, symbol: str, on: date | None) -> Instrument:
        """The instrument that the broker means by `symbol`.

        `on` is the date of the fill or quote (one-digit years need it); None where there is none. Raises
        `SymbolUnknown` for a text that it does not know: never a guess. The core asks once per distinct symbol
        and month, so this may be slow.
        """
        instrument = self._call("from_broker_symbol", symbol=symbol, on=on)
        if not isinstance(instrument, Future | Option | Stock | Pair):
            raise self._wrong("from_broker_symbol", instrument, "an instrument")
        return instrument

    # statements

    def recognize_statement(self, document: Document) -> StatementKind | None:
        """Which of this broker's kinds `document` is, or None. Looks at headers, never at a file's name alone."""
        kind = self._call("recognize_statement", document=document)
        if kind is None:
            return None
        if not isinstance(kind, StatementKind):
            raise self._wrong("recognize_statement", kind, "a StatementKind or None")
        if kind.id not in self._kinds:
            raise PluginError(f"{self.id}: recognize_statement returned the kind {kind.id!r}, which broker_info lacks")
        return kind

    def parse_statement(self, documents: Sequence[Document], options: ParseOptions) -> Statement:
        """The executions of `documents`: all of this broker's files of one run, each recognized before.

        Every data row of every document ends in exactly one place: used, joined, skipped with a reason, or a
        problem with row and column. Raises `StatementError` where a whole file cannot be read (a required
        column is missing) and `AmbiguousStatement` where an option of `options` has to settle how.
        """
        statement = self._call("parse_statement", documents=documents, options=options)
        from polybroker.statements.statement import Statement

        if not isinstance(statement, Statement):
            raise self._wrong("parse_statement", statement, "a Statement")
        return statement

    # commissions

    def commission_plans(self) -> Sequence[CommissionPlan]:
        """The plans that an account at this broker can be on; the first is the default."""
        plans = self._call("commission_plans")
        if not isinstance(plans, Sequence) or isinstance(plans, str):
            raise self._wrong("commission_plans", plans, "a sequence of CommissionPlan")
        for plan in plans:
            if not isinstance(plan, CommissionPlan):
                raise self._wrong("commission_plans", plan, "CommissionPlan only")
        if len({plan.id for plan in plans}) != len(plans):
            raise PluginError(f"{self.id}: commission_plans returned two plans of one id")
        return tuple(plans)

    def commission_schedule(self, plan: str) -> CommissionSchedule:
        """All rates of `plan`, an id of `commission_plans`; `Unsupported` for any other text."""
        schedule = self._call("commission_schedule", plan=plan)
        if not isinstance(schedule, CommissionSchedule):
            raise self._wrong("commission_schedule", schedule, "a CommissionSchedule")
        if schedule.plan != plan:
            raise PluginError(f"{self.id}: commission_schedule({plan!r}) returned the schedule of {schedule.plan!r}")
        return schedule

    # auth

    async def begin_login(self, config: Mapping[str, str], attempt: LoginAttempt, net: Net) -> LoginStep:
        """What a person has to do to log in: a page to open, or fields to fill in.

        `attempt` holds the state, verifier and redirect URI that the core made; a hook that gets a request token
        returns the step with an evolved attempt. `config` has the values of `BrokerInfo.config_fields`.
        """
        step = await self._await("begin_login", config=config, attempt=attempt, net=net)
        if not isinstance(step, LoginStep):
            raise self._wrong("begin_login", step, "a LoginStep")
        return step

    async def redeem_login(
        self, config: Mapping[str, str], attempt: LoginAttempt, reply: Mapping[str, str], net: Net
    ) -> Secrets:
        """The secrets for what came back: the query of the redirect, or the fields. The core has checked the state."""
        secrets = await self._await("redeem_login", config=config, attempt=attempt, reply=reply, net=net)
        if not isinstance(secrets, Secrets):
            raise self._wrong("redeem_login", secrets, "Secrets")
        return secrets

    @asynccontextmanager
    async def connect(
        self,
        *,
        secrets: Secrets | None = None,
        environment: str | Environment | None = None,
        config: Mapping[str, str] | None = None,
        policies: Sequence[Policy] = (),
        save_secrets: SaveSecrets | None = None,
        clock: Clock | None = None,
        transport: Exchange | None = None,
    ) -> AsyncIterator[Session]:
        """An open session, closed at the end of the block.

        `environment` is a name of `info.environments` (default: the first). `policies` stand between the app and its
        orders, outermost first. `save_secrets` makes renewed secrets durable before they are used. `clock` and
        `transport` replace time and the wire. An error of the block comes out as it is.
        """
        from polybroker.net import open_net
        from polybroker.net.background import background_tasks
        from polybroker.session import Session

        self.require("open_session")
        world = self.environment(environment)
        limits = self.rate_limits() if self.offers("rate_limits") else ()
        async with (
            open_net(world.hosts, limits=limits, clock=clock, transport=transport) as net,
            background_tasks() as tasks,
        ):
            session = Session(
                self,
                environment=world,
                config=config or {},
                secrets=secrets or Secrets(),
                net=net,
                tasks=tasks,
                policies=policies,
                save_secrets=save_secrets,
            )
            await session.open()
            try:
                yield session
            finally:
                await session.close()

    def environment(self, environment: str | Environment | None) -> Environment:
        """The environment of that name; `Unsupported` names those that there are."""
        if isinstance(environment, Environment):
            return environment
        for known in self.info.environments:
            if environment in (None, known.name):
                return known
        names = ", ".join(known.name for known in self.info.environments) or "none"
        raise Unsupported(f"{self.id} has no environment {environment or 'at all'!r}; it has: {names}")

    # orders

    def check_order(self, account: Account, order: OrderRequest) -> None:
        """Raise `Unsupported` that says why this broker does not take such an order; return where it would.

        Pure: no I/O, no clock. Capabilities are computed by asking it.
        """
        self._call("check_order", account=account, order=order)

    # limits

    def rate_limits(self) -> Sequence[RateLimit]:
        """What the broker allows; the core never exceeds it."""
        from polybroker.net.limits import RateLimit

        limits = self._call("rate_limits")
        if not isinstance(limits, Sequence) or not all(isinstance(limit, RateLimit) for limit in limits):
            raise self._wrong("rate_limits", limits, "a sequence of RateLimit")
        return tuple(limits)

    def require(self, hook: str) -> Callable[..., Any]:
        """The hook's caller; `Unsupported` where the plugin does not implement it."""
        caller = self._callers.get(hook)
        if caller is None:
            raise Unsupported(f"{self.id} does not offer {hook}")
        return caller

    async def _await(self, hook: str, **arguments: object) -> object:
        try:
            result: object = await self.require(hook)(**arguments)
        except BrokerError:
            raise
        except Exception as error:
            raise PluginError(f"{self.id}: {hook} raised {type(error).__name__}") from error
        return result

    def _call(self, hook: str, **arguments: object) -> object:
        caller = self.require(hook)
        try:
            result: object = caller(**arguments)
        except (BrokerError, KeyboardInterrupt):
            raise
        except BaseException as error:  # sys.exit() and panics of extension modules are a plugin's fault too
            raise PluginError(f"{self.id}: {hook} raised {in_words(error)}") from error
        return result

    def _wrong(self, hook: str, result: object, wanted: str) -> PluginError:
        if inspect.iscoroutine(result):
            result.close()  # else Python complains later that nobody awaited it
        got = "an empty text" if result == "" else type(result).__name__
        return PluginError(f"{self.id}: {hook} has to return {wanted}, but returned {got}")
