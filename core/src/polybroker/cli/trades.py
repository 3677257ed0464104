"""`polybroker trades`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from polybroker.cli.options import CALCULATING, READING, WRITING, apply
from polybroker.cli.run import Command, Run
from polybroker.cli.visible import Column

if TYPE_CHECKING:
    from polybroker.cli.answers import Write
    from polybroker.statements.importer import Import

BY: Final = ("currency", "trading_day", "symbol", "account")

TRIPS: Final = {
    "entry_time": Column("opened (UTC)", dispensable=3),
    "exit_time": Column("closed (UTC)"),
    "account": Column("account", dispensable=1),
    "contract": Column("contract"),
    "direction": Column("direction"),
    "quantity": Column("quantity", numbers=True),
    "entry_price": Column("entry", numbers=True),
    "exit_price": Column("exit", numbers=True),
    "gross_pnl": Column("gross", numbers=True, dispensable=4),
    "fees": Column("fees", numbers=True, dispensable=2),
    "net_pnl": Column("net", numbers=True),
    "currency": Column("currency", dispensable=5),
    "trading_day": Column("trading day", dispensable=6),
}
"""What a table shows of a round trip."""

POSITIONS: Final = {
    "account": Column("account"),
    "contract": Column("contract"),
    "quantity": Column("quantity", numbers=True),
    "average_price": Column("average price", numbers=True),
}
_SUMS: Final = {
    "gross_pnl": Column("gross", numbers=True),
    "fees": Column("fees", numbers=True),
    "net_pnl": Column("net", numbers=True),
    "round_trips": Column("round trips", numbers=True),
    "wins": Column("wins", numbers=True),
    "losses": Column("losses", numbers=True),
}


@click.command(cls=Command)
@apply(READING, CALCULATING, WRITING)
@click.option("--by", type=click.Choice(BY), multiple=True, help="What to total by, besides the currency; repeatable.")
@click.pass_obj
def trades(
    run: Run,
    /,
    files: tuple[str, ...],
    form: str | None,
    output: Path | None,
    partial: bool,
    by: tuple[str, ...],
    **given: Any,
) -> None:
    """Match executions into round trips, open positions and totals.

    Table and JSON have all three, CSV and Parquet the round trips. Net is gross plus fees, where a charge is negative;
    what an unknown symbol earned is never guessed. The exit status is 1 where a file is refused or a row cannot be
    read.
    """
    from polybroker.cli.answers import form_of, give
    from polybroker.cli.reading import read, working

    chosen = form_of(run, form, output, files)
    found = read(run, files, given)
    with working("matching"):
        write = _writer(run, found, chosen, _keys(by))
    give(run, found, chosen, output, partial=partial, write=write)


def _keys(by: tuple[str, ...]) -> tuple[str, ...]:
    """What to total by: amounts of two currencies are never added."""
    return tuple(dict.fromkeys((*by, "currency")))


def _writer(run: Run, found: Import, form: str, keys: tuple[str, ...]) -> Write:
    from polybroker.cli import answers
    from polybroker.statements.export import OPEN_POSITION_FIELDS, ROUND_TRIP_FIELDS

    trips = found.round_trips().select(ROUND_TRIP_FIELDS)
    if form in ("csv", "parquet"):
        return answers.write_table(trips, form)
    held, sums = found.open_positions().select(OPEN_POSITION_FIELDS), found.totals(by=keys)
    if form == "json":
        return answers.write_json(answers.json_object(round_trips=trips, open_positions=held, totals=sums))

    def draw_all(target: Run) -> None:
        by = {key: Column(key.replace("_", " ")) for key in keys}
        answers.draw_table(target, trips, TRIPS, title="Round trips")
        target.line()
        answers.draw_table(target, held, POSITIONS, title="Open positions")
        target.line()
        answers.draw_table(target, sums, {**by, **_SUMS}, title="Totals")

    return answers.write_tables(run, draw_all)
