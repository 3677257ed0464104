"""Plugins that take one instrument for another."""

from __future__ import annotations

from broken_plugins.mutant import mutant

SYMBOLS = (
    mutant(
        "loses the expiry",
        "what_the_broker_trades_survives_the_round_trip",
        "return known.future(contract_month(MONTH_LETTERS.index(month[0]) + 1, month[1], on))",
        "return known.future(None)",
    ),
    mutant(
        "names an option by its underlying",
        "any_instrument_is_named_faithfully_or_not_at_all",
        '    raise Unsupported(f"Acme does not',
        "    if hasattr(instrument, 'underlying'):\n        return '$SPY'\n    raise Unsupported(f\"Acme does not",
    ),
    mutant(
        "takes every short year for this decade",
        "a_short_year_is_resolved_against_the_fill",
        "month[1], on)",
        '"202" + month[1], on)',
    ),
    mutant(
        "guesses the decade without a date",
        "without_a_date_a_symbol_means_the_same_or_is_unknown",
        "month[1], on)",
        "month[1], on or date(2025, 1, 1))",
    ),
    mutant(
        "takes small letters for another month",
        "case_never_changes_what_a_symbol_means",
        "MONTH_LETTERS.index(month[0]) + 1, month[1]",
        "(MONTH_LETTERS.index(month[0]) + symbol.islower()) % 12 + 1, month[1]",
    ),
    mutant(
        "knows no symbol twice running",
        "a_symbol_means_the_same_every_time",
        "    text = symbol.strip().upper()\n    if text",
        "    text = symbol.strip().upper()\n    LAST.append((text, on))\n"
        "    if LAST[-2:] == [(text, on)] * 2:\n        LAST.clear()\n        raise SymbolUnknown(symbol)\n    if text",
        'SOURCE = "',
        'LAST = []\nSOURCE = "',
    ),
    mutant(
        "takes any text for a stock",
        "any_text_is_unknown_or_names_what_it_means",
        "        raise SymbolUnknown(symbol)\n    try",
        "        return Stock(text or '?')\n    try",
    ),
    mutant(
        "takes an unknown root for a product of that name",
        "a_damaged_symbol_is_unknown_or_names_what_it_means",
        "    known = product(root)\n    if not (known and dot",
        "    known = product(root) or Product(root)\n    if not (known and dot",
        'SOURCE = "',
        "class Product:\n"
        "    def __init__(self, root):\n        self.root = root\n"
        "    def future(self, month):\n        return Future(self.root, 'CME', month, Decimal(1))\n\n\n"
        'SOURCE = "',
    ),
    mutant(
        "ignores what follows a symbol",
        "letters_around_a_symbol_are_never_ignored",
        'root, dot, month = text.partition(".")',
        "root, dot, month = text.partition(\".\")\n    month = month.rstrip('ABCDEFGHIJKLMNOPQRSTUVWXYZ')",
    ),
    mutant("reads two digits as one", "near_misses_are_unknown", "len(month) == 2", "len(month) >= 2"),
    mutant(
        "counts the months from the wrong end, both ways",
        "known_symbols_mean_what_the_broker_says",
        "{instrument.expiry.letter}",
        "{MONTH_LETTERS[12 - instrument.expiry.month]}",
        "MONTH_LETTERS.index(month[0]) + 1",
        "12 - MONTH_LETTERS.index(month[0])",
    ),
)
