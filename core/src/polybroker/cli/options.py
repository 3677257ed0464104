"""The options that the reading commands share, and what they mean to an import.

Choices are spelt out here, not taken from the model's types: `--help` would have to import those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from polybroker.cli.run import Run, debug_option

if TYPE_CHECKING:
    from polybroker.statements.importer import ImportOptions
    from polybroker.statements.options import ParseOptions

FORMATS: Final = ("table", "json", "csv", "parquet")
METHODS: Final = ("fifo", "lifo", "average", "per-position")
SIGNS: Final = ("positive", "negative")
ASSET_CLASSES: Final = ("stock", "future")

Decorator = Callable[[Any], Any]


def _pair(ctx: click.Context, parameter: click.Parameter, texts: Iterable[str]) -> dict[str, str]:
    """`A=B` texts as a mapping. The last `=` divides: a broker's symbol may hold one (`ES=F=MES`)."""
    pairs: dict[str, str] = {}
    for text in texts:
        left, equals, right = text.rpartition("=")
        if not (equals and left.strip() and right.strip()):
            raise click.BadParameter(f"{text!r} is not of the form {parameter.metavar}", ctx, parameter)
        if pairs.setdefault(left.strip(), right.strip()) != right.strip():
            raise click.BadParameter(f"{left.strip()!r} is given twice", ctx, parameter)
    return pairs


def _columns(ctx: click.Context, parameter: click.Parameter, texts: Iterable[str]) -> dict[str, str]:
    """`FIELD=COLUMN` texts as a mapping. The first `=` divides: a header may hold one."""
    columns: dict[str, str] = {}
    for text in texts:
        field, equals, column = text.partition("=")
        if not (equals and field.strip() and column.strip()):
            raise click.BadParameter(f"{text!r} is not of the form {parameter.metavar}", ctx, parameter)
        columns[field.strip()] = column.strip()
    return columns


def _amounts(ctx: click.Context, parameter: click.Parameter, texts: Iterable[str]) -> dict[str, Decimal]:
    from polybroker.model.money import parse_decimal

    amounts = {}
    for root, text in _pair(ctx, parameter, texts).items():
        try:
            amounts[root] = parse_decimal(text)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, parameter) from None
        if amounts[root] < 0:
            raise click.BadParameter(f"{root}={text}: a rate is a charge, written without a sign", ctx, parameter)
    return amounts


def _zone(ctx: click.Context, parameter: click.Parameter, name: str | None) -> str | None:
    if name is None:
        return None
    import zoneinfo

    zones = {zone.casefold(): zone for zone in zoneinfo.available_timezones()}
    wanted = name.strip().replace(" ", "_").casefold()
    if wanted in zones:
        return zones[wanted]
    from difflib import get_close_matches

    places = {zone.rpartition("/")[2]: zone for zone in zones}
    near = get_close_matches(wanted, zones, n=1) or [places[place] for place in get_close_matches(wanted, places, n=1)]
    hint = f"; did you mean {zones[near[0]]}?" if near else "; zones are named like America/Chicago."
    raise click.BadParameter(f"there is no time zone {name!r}{hint}", ctx, parameter)


def _format(ctx: click.Context, _: click.Parameter, chosen: str | None) -> str | None:
    if chosen == "json":
        ctx.find_object(Run).json = True  # type: ignore[union-attr]
    return chosen


READING: Final[tuple[Decorator, ...]] = (
    click.argument(
        "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, readable=True)
    ),
    click.option("--broker", metavar="ID", help="Whose files these are; found out if not given."),
    click.option("--account", metavar="NAME", help="The account, for files that name none."),
    click.option(
        "--timezone", metavar="ZONE", callback=_zone, help="Zone of times that carry none, such as America/Chicago."
    ),
    click.option("--day-first/--month-first", default=None, help="Whether 01/02/2026 is in February or in January."),
    click.option("--decimal-comma/--decimal-point", default=None, help="Whether 1,234 is a bit more than 1, or 1234."),
    click.option(
        "--commission-sign", type=click.Choice(SIGNS), help="Whether the files write a charge as 1.24 or as -1.24."
    ),
    click.option(
        "--asset-class", type=click.Choice(ASSET_CLASSES), help="What a symbol is that could be either (ES, CL)."
    ),
    click.option(
        "--map",
        "columns",
        metavar="FIELD=COLUMN",
        multiple=True,
        callback=_columns,
        help="The files' column for a field (price='Fill Px'); repeatable.",
    ),
    click.option(
        "--symbol",
        "symbols",
        metavar="RAW=SYMBOL",
        multiple=True,
        callback=_pair,
        help="What a symbol of the files means: one that is known, or future:CME:MES:2025-03; repeatable.",
    ),
    debug_option,
)
"""What `check`, `convert` and `trades` have in common."""

CALCULATING: Final[tuple[Decorator, ...]] = (
    click.option("--plan", metavar="PLAN", help="Commission plan for rows without charges; auto goes by volume."),
    click.option(
        "--rate",
        "rates",
        metavar="ROOT=AMOUNT",
        multiple=True,
        callback=_amounts,
        help="Your own charge for a unit and side, * for every root; repeatable.",
    ),
    click.option(
        "--method", type=click.Choice(METHODS), default="fifo", show_default=True, help="How closing is matched."
    ),
    click.option(
        "--opening",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, readable=True),
        help="Positions held before the first row: Symbol, Quantity, Price, and Account, Date where known.",
    ),
)
"""What `convert` and `trades` have in common besides."""

WRITING: Final[tuple[Decorator, ...]] = (
    click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        is_eager=True,
        callback=_format,
        help="The form of the answer; that of --output's extension, else table.",
    ),
    click.option(
        "--output",
        metavar="PATH",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File to write, whole or not at all.",
    ),
    click.option("--partial", is_flag=True, help="Write --output even where rows have problems."),
)
"""Where and how the answer is written."""


def apply(*groups: tuple[Decorator, ...]) -> Decorator:
    """One decorator for groups of options, listed in `--help` in their order."""

    def decorate(command: Any) -> Any:
        for option in reversed([option for group in groups for option in group]):
            command = option(command)
        return command

    return decorate


def parse_options(given: Mapping[str, Any]) -> ParseOptions:
    """What the reading options say about the files."""
    from polybroker.model.instruments import AssetClass
    from polybroker.statements.options import CommissionSign, ParseOptions

    sign, asset_class = given["commission_sign"], given["asset_class"]
    return ParseOptions(
        account=given["account"],
        timezone=given["timezone"],
        day_first=given["day_first"],
        decimal_comma=given["decimal_comma"],
        commission_sign=CommissionSign(sign) if sign else None,
        asset_class=AssetClass(asset_class) if asset_class else None,
        columns=given["columns"],
    )


def import_options(given: Mapping[str, Any]) -> ImportOptions:
    """What all the options say about an import."""
    from polybroker.model.executions import Method
    from polybroker.statements.importer import ImportOptions

    return ImportOptions(
        parse=parse_options(given),
        plan=given.get("plan"),
        custom_rates=given.get("rates") or {},
        symbol_overrides=given["symbols"],
        opening=given.get("opening"),
        method=Method(given.get("method") or Method.FIFO),
    )
