"""Files that are no broker's statement: nobody may claim them."""

from __future__ import annotations

import csv
import io
import json
from typing import Final

from hypothesis import strategies as st

_WEATHER: Final = "Station,Date,Low,High,Rain\nOslo,2026-01-02,-4.5,1.2,0.0\nLima,2026-01-02,18.1,27.9,0.4\n"
_BANK: Final = "Booked;Payee;Amount;Balance\n02.01.2026;Grocer;-4,50;995,50\n03.01.2026;Employer;2.000,00;2.995,50\n"
_PROSE: Final = "Dear customer,\n\nyour statement is attached. It says: bought, sold, price, quantity.\n"
_XML: Final = '<?xml version="1.0"?>\n<library><book id="1">Prices and Sides</book></library>\n'

FOREIGN_FILES: Final = (
    ("weather.csv", _WEATHER.encode()),
    ("weather.tsv", _WEATHER.replace(",", "\t").encode("utf-16")),
    ("bank.csv", _BANK.encode("cp1252")),
    ("letter.txt", _PROSE.encode()),
    ("library.xml", _XML.encode()),
    ("settings.json", json.dumps({"theme": "dark", "recent": [1, 2, 3]}).encode()),
    ("quotes.json", json.dumps([{"symbol": "MES", "bid": 6050.25, "ask": 6050.5}]).encode()),
)
"""Tables, prose and data that have nothing to do with executions."""

_WORDS: Final = ("Name", "Street", "City", "Colour", "Height", "Notes", "Photo", "Owner", "Room", "Score", "Album")


@st.composite
def foreign_tables(draw: st.DrawFn) -> tuple[str, bytes]:
    """Tables of arbitrary things, in any of the usual delimiters."""
    header = draw(st.lists(st.sampled_from(_WORDS), min_size=2, max_size=8, unique=True))
    cell = st.text(st.characters(min_codepoint=32, max_codepoint=382), max_size=12)
    row = st.lists(cell, min_size=len(header), max_size=len(header))
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=draw(st.sampled_from(",;\t|")), lineterminator="\r\n")
    writer.writerows([header, *draw(st.lists(row, min_size=1, max_size=4))])
    return "table.csv", buffer.getvalue().encode()
