"""A reader of .xlsx workbooks that is exact and fast, and safe with hostile files.

It reads what a statement needs: the values of the wanted columns of one sheet, as a stream. Sheets are not parsed but
scanned for the markup that spreadsheets write; what is written in another way goes through an XML parser.
"""

from polybroker.statements.xlsx.workbook import WorkbookFile

__all__ = ["WorkbookFile"]
