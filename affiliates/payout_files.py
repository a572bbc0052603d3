"""Files to upload where the money goes out: one kind for each way."""

from collections.abc import Callable
from decimal import Decimal

from django.http import StreamingHttpResponse

from affiliates.models import Affiliate, Payout, PayoutBatch
from storefront.money import plain_amount
from storefront.spreadsheets import Cell, csv_file

Method = Affiliate.Method
Columns = dict[str, Callable[[Payout], Cell]]


def amount_cell(amount: int, currency: str) -> Decimal:
    """Minor units as a number of the currency's own unit, which spreadsheets may add up."""
    return Decimal(plain_amount(amount, currency))


def _amount(payout: Payout) -> Decimal:
    return amount_cell(payout.amount, payout.currency)


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


def batch_file(batch: PayoutBatch) -> StreamingHttpResponse:
    """All payouts of the batch that are not canceled, as CSV."""
    columns = _COLUMNS.get(batch.method, _OTHERS)
    payouts = batch.payouts.exclude(status=Payout.Status.CANCELED).order_by("pk")
    rows = ([value(payout) for value in columns.values()] for payout in payouts)
    return csv_file(f"payouts-{batch.method}-{batch.currency}-{batch.pk}.csv", list(columns), rows)
