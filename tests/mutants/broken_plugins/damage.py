"""Plugins that lose rows."""

from __future__ import annotations

from broken_plugins.mutant import mutant
from polybroker.errors import PluginError

DAMAGE = (
    mutant(
        "does not mention damaged rows",
        "a_truncated_file_loses_no_row_in_silence",
        "    damaged = np.array([entry.row for entry in table.damaged], dtype=np.int64)",
        "    table = type(table)(table.frame, table.headers, table.header_row)\n"
        "    damaged = np.array([], dtype=np.int64)",
    ),
    mutant(
        "crashes on half a header",
        "a_truncated_file_is_refused_or_read_right",
        "    table = document.table(COLUMNS)\n",
        "    assert document.header(NEEDED).row\n    table = document.table(COLUMNS)\n",
        dies_by=PluginError,
    ),
    mutant(
        "crashes on lots that are no number",
        "noise_is_refused_or_accounted_for",
        "    table = document.table(COLUMNS)\n",
        "    table = document.table(COLUMNS)\n    sum(float(lots) for lots in table.frame['Lots'].drop_nulls())\n",
        dies_by=PluginError,
    ),
    mutant(
        "moves prices up where one is missing",
        "a_damaged_cell_harms_its_own_row_alone",
        '"price": price,',
        '"price": price.drop_nulls().extend_constant(None, price.null_count()),',
        '"Fill Price": bad_price | price.is_null(),',
        '"Fill Price": price.drop_nulls().extend_constant(None, price.null_count()).is_null(),',
    ),
    mutant(
        "lets one comma decide",
        "one_cell_never_decides_how_others_are_read",
        "    style = number_style(",
        "    if any(column.str.contains(',').any() for column in money):\n"
        "        options = type(options)(decimal_comma=True)\n"
        "    style = number_style(",
    ),
    mutant(
        "skips what it cannot read",
        "what_cannot_be_read_is_a_problem_of_its_row",
        '            account.problem(file, row, name, f"{text!r} cannot be read")',
        '            account.skip(file, [row], "not a trade")',
    ),
    mutant(
        "reports the row before",
        "what_cannot_be_read_is_a_problem_of_its_row",
        '            account.problem(file, row, name, f"{text!r} cannot be read")',
        "            account.problem(file, row, 'Fill', f\"{text!r} cannot be read\")",
    ),
    mutant(
        "finds no fills where a column is missing",
        "a_missing_column_is_an_error_or_means_nothing",
        'Column("Fill Price", kind=ColumnKind.NUMBER)',
        'Column("Fill Price", kind=ColumnKind.NUMBER, required=False)',
        'cash = frame["Type"] == "Cash"',
        'cash = (frame["Type"] == "Cash") | frame["Fill Price"].is_null()',
    ),
    mutant(
        "takes missing lots for one",
        "a_missing_required_column_is_named",
        'Column("Lots", kind=ColumnKind.NUMBER)',
        'Column("Lots", kind=ColumnKind.NUMBER, required=False)',
        '["Contract", "B/S", "Lots"]',
        '["Contract", "B/S"]',
        '    cash = frame["Type"] == "Cash"',
        '    frame = frame.with_columns(pl.col("Lots").fill_null("1"))\n    cash = frame["Type"] == "Cash"',
    ),
)
