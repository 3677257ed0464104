"""Plugins that read what the file does not say."""

from __future__ import annotations

from attrs import evolve

from broken_plugins.mutant import Mutant, mutant
from polybroker.errors import UnrecognizedStatement

READING = (
    Mutant(
        name="names a column that its sample has not",
        killer="test_a_testkit_speaks_of_what_is_in_the_sample",
        kit=lambda kit: evolve(kit, samples=(evolve(kit.samples[0], columns={"price": "Preis"}),)),
    ),
    mutant(
        "leaves out the stocks",
        "a_sample_is_read_whole",
        'cash = frame["Type"] == "Cash"',
        'cash = (frame["Type"] == "Cash") | frame["Contract"].str.starts_with("$")',
    ),
    mutant(
        "drops the last row",
        "every_row_ends_in_exactly_one_place",
        "    table = document.table(COLUMNS)\n",
        "    table = document.table(COLUMNS)\n"
        "    table = type(table)(table.frame.head(-1), table.headers, table.header_row, table.damaged)\n",
    ),
    mutant(
        "remembers what it read",
        "reading_again_gives_the_same",
        '"execution_id": frame["Fill ID"],',
        '"execution_id": [f"{len(SEEN)}-{SEEN.append(row)}-{row}" for row in frame["row"]],',
        'SOURCE = "',
        'SEEN = []\nSOURCE = "',
    ),
    mutant(
        "takes the account from the name of the file",
        "the_name_of_a_file_means_nothing",
        '"account": frame["Account"],',
        '"account": [document.name.rpartition(".")[0]] * frame.height,',
    ),
    mutant(
        "knows a file by its name",
        "the_name_of_a_file_means_nothing",
        "return TRADES if document",
        'return TRADES if document.name.endswith(".csv") and document',
        dies_by=UnrecognizedStatement,
    ),
    mutant(
        "recognizes a file only once",
        "looking_at_a_file_changes_nothing",
        "    return TRADES if document",
        "    if id(document) in SEEN:\n        return None\n"
        "    SEEN[id(document)] = document\n    return TRADES if document",
        'SOURCE = "',
        'SEEN = {}\nSOURCE = "',
    ),
    mutant(
        "claims every file",
        "a_file_of_something_else_is_not_claimed",
        'return TRADES if document.header(["Contract", "B/S", "Lots"]) else None',
        "return TRADES",
    ),
    mutant(
        "claims what looks like executions",
        "the_samples_of_others_are_left_alone",
        'document.header(["Contract", "B/S", "Lots"])',
        '(document.header(["Contract", "B/S", "Lots"]) or document.header(["Symbol", "Side", "Price"]))',
    ),
    mutant(
        "charges the order's commission for every lot",
        "known_fills_are_read_as_a_person_reads_them",
        '"commission": charge * sign,',
        '"commission": pl.Series([c and c * q * sign for c, q in zip(charge, lots)], dtype=charge.dtype),',
    ),
    mutant(
        "swaps the sides",
        "a_side_is_what_the_file_says",
        '"side": side,',
        '"side": side.replace_strict({"buy": "sell", "sell": "buy"}, default=None),',
    ),
    mutant(
        "rounds prices to cents",
        "prices_and_quantities_are_exact",
        '"price": price,',
        '"price": price.round(2).cast(price.dtype),',
    ),
    mutant(
        "sends prices through a float",
        "any_price_is_read_to_the_last_digit",
        '"price": price,',
        '"price": pl.Series([p and Decimal(str(float(p))) for p in price], dtype=price.dtype),',
    ),
    mutant(
        "takes the wall clock for UTC",
        "a_wall_clock_follows_the_zone_that_the_user_names",
        '"timestamp": times.utc,',
        '"timestamp": times.local.dt.replace_time_zone("UTC"),',
    ),
    mutant(
        "does not see the zone in the file",
        "a_stated_zone_is_stronger_than_an_option",
        '"timestamp": times.utc,',
        "",
        '"timezone": times.zone,',
        "",
    ),
    mutant(
        "makes ids from the options",
        "options_never_change_who_a_fill_is",
        '"execution_id": frame["Fill ID"],',
        '"execution_id": [f"{options.timezone}-{row}" for row in frame["row"]],',
    ),
    mutant(
        "puts everything on one account",
        "an_account_is_given_only_where_the_file_has_none",
        '"account": frame["Account"],',
        '"account": frame["Account"] if options.account is None else [options.account] * frame.height,',
    ),
    mutant("takes charges for rebates", "charges_are_negative", "sign = -1 if", "sign = 1 if"),
    mutant(
        "cleans up unknown symbols",
        "an_unknown_symbol_keeps_its_text",
        '"raw_symbol": frame["Contract"],',
        '"raw_symbol": frame["Contract"].str.replace("[?!#]", "."),',
    ),
    mutant(
        "leaves out big fills",
        "what_was_written_is_read",
        'cash = frame["Type"] == "Cash"',
        'cash = (frame["Type"] == "Cash") | (frame["Lots"].cast(pl.Float64, strict=False) > 200)',
    ),
)
