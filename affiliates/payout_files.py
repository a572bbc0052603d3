"""Files to upload where the money goes out: one kind for each way."""

import csv
from collections.abc import Callable, Iterable
from io import StringIO

from affiliates.models import Affiliate, Payout, PayoutBatch
from storefront.money import plain_amount

Method = Affiliate.Method
# What a spreadsheet would run as a formula, also behind a space.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%")

Columns = dict[str, Callable[[Payout], str]]


def _amount(payout: Payout) -> str:
    return plain_amount(payout.amount, payout.currency)


_COMMON: Columns = {
    "amount": _amount,
    "currency": lambda payout: payout.currency,
    "reference": lambda payout: payout.number,
}
_COLUMNS: dict[str, Columns] = {
    Method.BANK: {
        "name": lambda payout: payout.payee,
        "iban": lambda payout: payout.destination,
        **_COMMON,
    },
    # https://www.paypal.com/us/cshelp/article/how-do-i-create-a-payouts-file-help327
    Method.PAYPAL: {
        "recipient": lambda payout: payout.destination,
        "amount": _amount,
        "currency": lambda payout: payout.currency,
        "customer id": lambda payout: payout.number,
        "note": lambda payout: "",
        "wallet": lambda payout: "PayPal",
    },
    Method.WISE: {
        "name": lambda payout: payout.payee,
        "recipientEmail": lambda payout: payout.destination,
        "paymentReference": lambda payout: payout.number,
        "amountCurrency": lambda payout: payout.currency,
        "amount": _amount,
    },
}
_OTHERS: Columns = {
    "name": lambda payout: payout.payee,
    "account": lambda payout: payout.destination,
    **_COMMON,
}


def batch_csv(batch: PayoutBatch) -> str:
    """All payouts of the batch that are not canceled, as CSV."""
    columns = _COLUMNS.get(batch.method, _OTHERS)
    payouts = batch.payouts.exclude(status=Payout.Status.CANCELED).order_by("pk")
    rows = ([value(payout) for value in columns.values()] for payout in payouts)
    return to_csv(columns, rows)


def to_csv(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """A file in UTF-8 whose first sign says so: spreadsheets guess wrong otherwise."""
    lines = [line_of_csv(head), *(line_of_csv(map(harmless, row)) for row in rows)]
    return "\ufeff" + "".join(lines)


def line_of_csv(cells: Iterable[object]) -> str:
    out = StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def harmless(value: object) -> str:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    text = str(value)
    is_number = text.removeprefix("-").replace(".", "", 1).isdecimal()
    return f"'{text}" if text.lstrip().startswith(_FORMULA) and not is_number else text
