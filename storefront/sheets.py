"""Tables for spreadsheets, as CSV that no program takes for formulas."""

import csv
import io
from collections.abc import Iterable, Sequence

# A cell that begins so is worked out rather than shown. https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BOM = "\ufeff"  # by which spreadsheets know that letters are UTF-8


def csv_sheet(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A head and rows. Texts that look like a formula get an apostrophe before them; numbers stay numbers."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, quoting=csv.QUOTE_MINIMAL)
    for row in (head, *rows):
        writer.writerow([cell if isinstance(cell, int) else safe_cell(str(cell)) for cell in row])
    return _BOM + sheet.getvalue()


def safe_cell(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
