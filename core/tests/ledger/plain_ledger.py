"""The ledger as one would write it row by row: dictionaries, deques, fractions. What the columnar one has to equal."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from attrs import define, field

Fill = dict[str, Any]
Trip = dict[str, Any]


def exact(value: Fraction, places: int = 18) -> Decimal:
    """Rounded half-even to so many places."""
    with localcontext(prec=100):
        return Decimal(round(value * 10**places)).scaleb(-places)


def charge_of(fill: Fill) -> Fraction | None:
    parts = [Fraction(fill[name]) for name in ("commission", "fees") if fill[name] is not None]
    return sum(parts, Fraction(0)) if parts else None


def share(fill: Fill, before: Fraction, units: Fraction) -> Fraction | None:
    """The charge for `units` units after `before` others."""
    total = charge_of(fill)
    if total is None:
        return None

    def running(count: Fraction) -> Fraction:
        whole = count == Fraction(fill["quantity"])
        return total if whole else Fraction(exact(total * count / Fraction(fill["quantity"]), 10))

    return running(before + units) - running(before)


def known_sum(values: Iterable[Fraction | None]) -> Fraction | None:
    known = [value for value in values if value is not None]
    return sum(known, Fraction(0)) if known else None


@define
class Lot:
    fill: Fill
    left: Fraction

    @property
    def used(self) -> Fraction:
        return Fraction(self.fill["quantity"]) - self.left

    def take(self, units: Fraction) -> Fraction | None:
        """Use up units; returns their charge."""
        charge = share(self.fill, self.used, units)
        self.left -= units
        return charge


def trip(
    first: Fill,
    last: Fill,
    fills: list[Fill],
    units: Fraction,
    prices: tuple[Decimal, Decimal],
    gross: Fraction | None,
    fees: Fraction | None,
    long: bool,
) -> Trip:
    mixed = len({fill["currency"] for fill in fills} - {None}) > 1
    gross, fees = (None, None) if mixed else (gross, fees)
    exact_gross = None if gross is None else exact(gross)
    net = None if exact_gross is None else exact(Fraction(exact_gross) + (fees or 0))
    return {
        **{name: last[name] for name in ("account", "instrument_id", "symbol", "contract")},
        "direction": "long" if long else "short",
        "quantity": exact(units),
        "entry_time": first["timestamp"],
        "exit_time": last["timestamp"],
        "entry_price": prices[0],
        "exit_price": prices[1],
        "gross_pnl": exact_gross,
        "fees": None if fees is None else exact(fees),
        "net_pnl": net,
        "currency": last["currency"],
        "trading_day": last["trading_day"],
        "entry_id": first["execution_id"],
        "exit_id": last["execution_id"],
    }


def money(fill: Fill, units: Fraction) -> Fraction | None:
    return None if fill["multiplier"] is None else Fraction(fill["price"]) * units * Fraction(fill["multiplier"])


def difference(entry: Fraction | None, exit_: Fraction | None, long: bool) -> Fraction | None:
    if entry is None or exit_ is None:
        return None
    return exit_ - entry if long else entry - exit_


@define
class Book:
    """One account's fills of one instrument."""

    fills: list[Fill] = field(factory=list)
    trips: list[tuple[int, Trip]] = field(factory=list)
    """With the exit's row."""
    open_quantity: Fraction = Fraction(0)
    average_price: Fraction = Fraction(0)
    held: list[tuple[Fill, Fraction]] = field(factory=list)
    """FIFO and LIFO: the fills with units left, in time order."""

    def match(self, method: str) -> None:
        {"fifo": self.pairs, "lifo": self.pairs, "average": self.average, "per-position": self.positions}[method](
            method
        )

    def pairs(self, method: str) -> None:
        held: deque[Lot] = deque()
        for fill in self.fills:
            lot = Lot(fill, Fraction(fill["quantity"]))
            while lot.left and held and held[0].fill["side"] != fill["side"]:
                entry = held[0] if method == "fifo" else held[-1]
                units, long = min(lot.left, entry.left), entry.fill["side"] == "buy"
                gross = difference(money(entry.fill, units), money(fill, units), long)
                fees = known_sum([entry.take(units), lot.take(units)])
                prices = entry.fill["price"], fill["price"]
                found = trip(entry.fill, fill, [entry.fill, fill], units, prices, gross, fees, long)
                self.trips.append((fill["row"], found))
                if not entry.left:
                    held.remove(entry)
            if lot.left:
                held.append(lot)
        self.held = [(entry.fill, entry.left) for entry in held]
        units = sum((entry.left for entry in held), Fraction(0))
        if units:
            self.open_quantity = units if held[0].fill["side"] == "buy" else -units
            self.average_price = sum(Fraction(entry.fill["price"]) * entry.left for entry in held) / units

    def positions(self, method: str) -> None:
        entries: list[tuple[Fill, Fraction, Fraction | None]] = []
        exits: list[tuple[Fill, Fraction, Fraction | None]] = []
        held = Fraction(0)
        for fill in self.fills:
            lot = Lot(fill, Fraction(fill["quantity"]))
            if entries and entries[0][0]["side"] != fill["side"]:
                units = min(lot.left, held)
                exits.append((fill, units, lot.take(units)))
                held -= units
                if not held:
                    self.close(entries, exits)
                    entries, exits = [], []
            if lot.left:
                entries.append((fill, lot.left, share(fill, lot.used, lot.left)))
                held += lot.left
        if entries:
            units = sum((entry[1] for entry in entries), Fraction(0))
            self.open_quantity = held if entries[0][0]["side"] == "buy" else -held
            self.average_price = (
                sum((Fraction(fill["price"]) * count for fill, count, _ in entries), Fraction(0)) / units
            )

    def close(self, entries: list[tuple[Any, ...]], exits: list[tuple[Any, ...]]) -> None:
        long = entries[0][0]["side"] == "buy"
        units = sum(entry[1] for entry in entries)
        costs, proceeds = ([money(fill, count) for fill, count, _ in legs] for legs in (entries, exits))
        gross = None
        if None not in costs + proceeds:
            gross = difference(sum(costs), sum(proceeds), long)
        prices = tuple(
            exact(sum(Fraction(fill["price"]) * count for fill, count, _ in legs) / units, 10)
            for legs in (entries, exits)
        )
        fees = known_sum([charge for _, _, charge in entries + exits])
        fills = [leg[0] for leg in entries + exits]
        row = exits[-1][0]["row"]
        self.trips.append((row, trip(entries[0][0], exits[-1][0], fills, units, prices, gross, fees, long)))

    def average(self, method: str) -> None:
        pools = {name: Pool() for name in ("price", "value", "charge")}
        since: list[Fill] = []
        for fill in self.fills:
            lot, price = Lot(fill, Fraction(fill["quantity"])), pools["price"]
            if price.held and since[0]["side"] != fill["side"]:
                units, long = min(lot.left, price.held), fill["side"] == "sell"
                before = exact(price.cost / price.weight, 10)
                price.release(units)
                cost, charge = pools["value"].release(units), pools["charge"].release(units)
                own = lot.take(units) or Fraction(0)
                known = all(entry["multiplier"] is not None for entry in [*since, fill])
                gross = difference(cost, money(fill, units), long) if known else None
                charged = any(charge_of(entry) is not None for entry in [*since, fill])
                fees = charge + own if charged else None
                found = trip(since[0], fill, [*since, fill], units, (before, fill["price"]), gross, fees, long)
                self.trips.append((fill["row"], found))
                if not price.held:
                    since = []
            if lot.left or price.held:
                since.append(fill)
            if lot.left:
                price.add(lot.left, Fraction(fill["price"]) * lot.left)
                pools["value"].add(lot.left, money(fill, lot.left) or Fraction(0))
                pools["charge"].add(lot.left, share(fill, lot.used, lot.left) or Fraction(0))
        if since:
            self.open_quantity = pools["price"].held if since[0]["side"] == "buy" else -pools["price"].held
            self.average_price = pools["price"].cost / pools["price"].weight


@define
class Pool:
    """Cost and units when it last grew, and what has gone since."""

    cost: Fraction = Fraction(0)
    weight: Fraction = Fraction(0)
    gone: Fraction = Fraction(0)
    given: Fraction = Fraction(0)

    @property
    def held(self) -> Fraction:
        return self.weight - self.gone

    def add(self, units: Fraction, cost: Fraction) -> None:
        self.cost, self.weight = self.cost - self.given + cost, self.weight - self.gone + units
        self.gone = self.given = Fraction(0)

    def release(self, units: Fraction) -> Fraction:
        self.gone += units
        total = self.cost if self.gone == self.weight else Fraction(exact(self.cost * self.gone / self.weight, 10))
        released, self.given = total - self.given, total
        return released


def books_of(fills: list[Fill], method: str) -> list[Book]:
    """Matched books, by their first fill."""
    books: dict[tuple[Any, str], Book] = {}
    for row, fill in enumerate(fills):
        books.setdefault((fill["account"], fill["instrument_id"]), Book()).fills.append({**fill, "row": row})
    for book in books.values():
        book.match(method)
    return list(books.values())


def plain_match(fills: list[Fill], method: str) -> tuple[list[Trip], list[dict[str, Any]]]:
    """Round trips by the exit's row, and open positions."""
    books = books_of(fills, method)
    found = sorted((entry for book in books for entry in book.trips), key=lambda entry: entry[0])
    held = [
        {
            **{name: book.fills[-1][name] for name in ("account", "instrument_id", "symbol", "contract")},
            "quantity": exact(book.open_quantity),
            "average_price": exact(book.average_price, 10),
            "currency": book.fills[-1]["currency"],
        }
        for book in books
        if book.open_quantity
    ]
    return [entry[1] for entry in found], held


def plain_positions(fills: list[Fill]) -> list[tuple[Decimal, Decimal, str]]:
    """Effect, position and status of each fill."""
    positions: dict[tuple[Any, str], Decimal] = {}
    answers = []
    for fill in fills:
        key = fill["account"], fill["instrument_id"]
        before = positions.get(key, Decimal(0))
        buys = fill["side"] == "buy"
        after = positions[key] = before + (fill["quantity"] if buys else -fill["quantity"])
        answers.append((abs(after) - abs(before), after, status(before, after, buys)))
    return answers


def status(before: Decimal, after: Decimal, buys: bool) -> str:
    if before < 0 < after:
        return "Reverse To Long"
    if after < 0 < before:
        return "Reverse To Short"
    if abs(after) > abs(before):
        return "To Open Long" if buys else "To Open Short"
    return "To Close Short" if buys else "To Close Long"
