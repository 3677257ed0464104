"""Plugins that read a file in one writing only."""

from __future__ import annotations

from broken_plugins.mutant import mutant
from polybroker.errors import UnrecognizedStatement

VARIANTS = (
    mutant(
        "cannot read files without quotes",
        "rewriting_changes_nothing",
        "    table = document.table(COLUMNS)\n",
        "    table = document.table(COLUMNS)\n"
        "    fine = len(table.headers) != 6 or chr(34) in document.text()\n"
        "    rows = table.frame if fine else table.frame.clear()\n"
        "    table = type(table)(rows, table.headers, table.header_row, table.damaged)\n",
    ),
    mutant(
        "makes ids from row numbers",
        "the_order_of_rows_means_nothing",
        '"execution_id": frame["Fill ID"],',
        '"execution_id": [f"row {row}" for row in frame["row"]],',
    ),
    mutant(
        "takes the first row of a second file for its header",
        "a_file_split_in_parts_is_the_same_statement",
        "    for entry in table.damaged:\n",
        "    if file:\n"
        "        account.skip(file, [int(table.frame['row'][0])], 'a header')\n"
        "        table = type(table)(table.frame.slice(1), table.headers, table.header_row, table.damaged)\n"
        "    for entry in table.damaged:\n",
    ),
    mutant(
        "makes ids that differ from file to file",
        "overlapping_exports_merge",
        '"execution_id": frame["Fill ID"],',
        '"execution_id": [f"{frame.height}-{row[1:]}" for row in frame.iter_rows()],',
    ),
    mutant(
        "makes ids from the file's name",
        "importing_again_adds_nothing",
        '"execution_id": frame["Fill ID"],',
        '"execution_id": [f"{document.name}-{row}" for row in frame["row"]],',
    ),
    mutant(
        "takes twins for one fill",
        "genuine_twins_stay_two",
        '"execution_id": frame["Fill ID"],',
        '"execution_id": [" ".join(map(str, row[1:])) for row in frame.iter_rows()],',
    ),
    mutant(
        "does not read the ids of fills",
        "a_fill_id_counts_once",
        '"execution_id": frame["Fill ID"],',
        "",
    ),
    mutant(
        "reads plain ASCII only",
        "the_encoding_means_nothing",
        "    table = document.table(COLUMNS)\n",
        "    table = document.table(COLUMNS)\n"
        "    table = type(table)(table.frame.head(len(document.text()) if document.text().isascii() else 0),"
        " table.headers, table.header_row, table.damaged)\n",
    ),
    mutant(
        "loses a last line without an end",
        "line_ends_mean_nothing",
        "    table = document.table(COLUMNS)\n",
        "    table = document.table(COLUMNS)\n"
        "    cut = 0 if document.text().endswith(chr(10)) else 1\n"
        "    table = type(table)(table.frame.head(table.frame.height - cut),"
        " table.headers, table.header_row, table.damaged)\n",
    ),
    mutant(
        "takes a semicolon for a sign of decimal commas",
        "another_delimiter_is_read_alike_or_refused",
        '    money = [frame[name] for name in ("Lots", "Fill Price", "Comm")]\n',
        '    money = [frame[name] for name in ("Lots", "Fill Price", "Comm")]\n'
        '    if ";" in document.text():\n'
        '        money = [column.str.replace_all(".", "", literal=True) for column in money]\n',
    ),
    mutant(
        "takes every comma for a separator of thousands",
        "a_decimal_comma_is_read_alike_or_refused",
        '    money = [frame[name] for name in ("Lots", "Fill Price", "Comm")]\n',
        '    money = [frame[name].str.replace_all(",", "") for name in ("Lots", "Fill Price", "Comm")]\n',
    ),
    mutant(
        "counts the columns",
        "a_further_column_means_nothing",
        "    table = document.table(COLUMNS)\n",
        "    table = document.table(COLUMNS)\n"
        "    if len(table.headers) not in (6, 8):\n"
        "        table = type(table)(table.frame.clear(), table.headers, table.header_row, table.damaged)\n",
    ),
    mutant(
        "stops at a blank row",
        "blank_rows_mean_nothing",
        "    table = document.table(COLUMNS)\n",
        "    table = document.table(COLUMNS)\n"
        "    rows = table.frame['row'].to_list()\n"
        "    end = next((place for place, row in enumerate(rows) if row != rows[0] + place), len(rows))\n"
        "    table = type(table)(table.frame.head(end), table.headers, table.header_row, table.damaged)\n",
    ),
    mutant(
        "looks at the last sheet",
        "further_sheets_mean_nothing",
        'document.header(["Contract", "B/S", "Lots"])',
        'document.header(["Contract", "B/S", "Lots"], document.sections[-1])',
        dies_by=UnrecognizedStatement,
    ),
    mutant(
        "counts days from 1904 in every workbook",
        "a_table_saved_as_a_workbook_is_read_alike_or_refused",
        '"local_time": times.local,',
        '"local_time": times.local.dt.offset_by("1462d" if document.format == "workbook" else "0d"),',
    ),
    mutant(
        "reads by position",
        "the_order_of_columns_means_nothing",
        "    table = document.table(COLUMNS)\n",
        "    table = document.table(COLUMNS)\n"
        "    names = list(table.headers)\n"
        '    if names[:2] != ["Fill ID", "Trade Time"] and names[-1] != "Note":\n'
        "        frame = document.table([Column(name) for name in names]).frame\n"
        "        texts = frame.drop('row')\n"
        "        texts.columns = [column.name for column in COLUMNS if table.has(column.name)] + "
        "[name for name in names if name not in [column.name for column in COLUMNS]]\n"
        "        frame = texts.insert_column(0, frame['row'])\n"
        "        table = type(table)(frame, table.headers, table.header_row, table.damaged)\n",
    ),
)
