"""Tables for spreadsheet programs, sent line by line: any length in the same memory."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain

from django.http import StreamingHttpResponse

Cell = str | int | Decimal
# A spreadsheet would run a text that begins so: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class _Line:
    """What csv.writer writes into; it gives each line back."""

    def write(self, text: str) -> str:
        return text


def csv_file(name: str, head: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> StreamingHttpResponse:
    """A download of that name. Texts that look like formulas are defused; numbers are numbers.

    Rows are read while they are sent, after the request's language is over: words must be ready in them.
    """
    response = StreamingHttpResponse(_lines(head, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _lines(head: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    write = csv.writer(_Line()).writerow
    yield "\ufeff"  # else Excel takes the file for an old code page
    for row in chain([head], rows):
        yield write([_defused(cell) for cell in row])


def _defused(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
