"""Money sent to people by PayPal, many at once. https://developer.paypal.com/docs/api/payments.payouts-batch/v1/

Beside the provider that takes payments: the same account and wire, and nothing about orders.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from paypalrestsdk import exceptions

from checkout.errors import ProviderNotOffered
from checkout.providers.paypal_api import PayPalApi, errors_in_our_words, issue_of, paypal_api
from checkout.providers.paypal_words import CURRENCIES, amount_in, money, paypal_id

PAGE = 1000  # items
MOST = 15_000  # items that one call may send
# How long PayPal knows the key of a batch: sent again after that, it would be paid again.
KEY_DAYS = 30


class PayoutState(StrEnum):
    PENDING = "pending"
    PAID = "paid"
    RETURNED = "returned"


_STATES = {
    "PENDING": PayoutState.PENDING,
    "ONHOLD": PayoutState.PENDING,
    "UNCLAIMED": PayoutState.PENDING,  # whoever has no account yet has 30 days to open one
    "SUCCESS": PayoutState.PAID,
    "FAILED": PayoutState.RETURNED,
    "RETURNED": PayoutState.RETURNED,
    "BLOCKED": PayoutState.RETURNED,
    "REFUNDED": PayoutState.RETURNED,
    "REVERSED": PayoutState.RETURNED,
}
_UNDONE = {"DENIED", "CANCELED"}
_BATCHES = {"PENDING", "PROCESSING", "SUCCESS", *_UNDONE}


@dataclass(frozen=True)
class PayoutOrder:
    """Send so many minor units to an address, under a key of ours."""

    key: str
    receiver: str
    amount: int
    currency: str


@dataclass(frozen=True)
class PayoutItem:
    """How one of them stands. `word` is PayPal's own, and `reference` its number of the money's move."""

    key: str
    state: PayoutState
    word: str
    item_reference: str
    reference: str
    amount: int
    currency: str


@dataclass(frozen=True)
class PayoutReport:
    """How a batch stands. `is_undone`: PayPal sent nothing of it, and will not."""

    reference: str
    is_undone: bool
    items: tuple[PayoutItem, ...] = ()


def can_pay_out() -> bool:
    """Whether this shop has an account at PayPal to pay from."""
    return bool(settings.PAYPAL_CLIENT_ID and settings.PAYPAL_CLIENT_SECRET)


def pays_out_in(currency: str) -> bool:
    return currency in CURRENCIES


def send_payouts(key: str, orders: Sequence[PayoutOrder], *, subject: str, attempt: str = "") -> PayoutReport:
    """Have PayPal send them, once: for 30 days it takes the same key no second time, and says what became of
    the first. Raises ProviderUnavailable, after which it may have been sent, and PaymentRefused for good.

    `attempt` tells a wish to try anew what was refused from a repeat, to which PayPal gives the old answer.
    """
    body = {
        "sender_batch_header": {"sender_batch_id": key, "email_subject": subject[:255]},
        "items": [_item(order) for order in orders],
    }
    with errors_in_our_words():
        try:
            told = _api().post("/v1/payments/payouts", body, {"PayPal-Request-Id": f"{key}{attempt}"})
        except exceptions.ClientError as refusal:
            if known := _known_batch(refusal):
                return PayoutReport(known, is_undone=False)
            raise
        return _report(told["batch_header"], ())


def fetch_payouts(reference: str) -> PayoutReport:
    """How a batch stands, with all its items. Raises ProviderUnavailable without a sensible answer."""
    items: list[PayoutItem] = []
    page, pages = 1, 1
    with errors_in_our_words():
        while page <= pages:
            query = f"page={page}&page_size={PAGE}&total_required=true"
            told = _api().get(f"/v1/payments/payouts/{paypal_id(reference)}?{query}")
            items += [_read(each) for each in told.get("items", ())]
            pages = int(told.get("total_pages", 1))
            page += 1
        return _report(told["batch_header"], items)


def _api() -> PayPalApi:
    if not can_pay_out():
        raise ProviderNotOffered("PayPal is not set up.")
    return paypal_api(settings.PAYPAL_API_BASE, settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET)


def _item(order: PayoutOrder) -> dict[str, Any]:
    return {
        "recipient_type": "EMAIL",
        "receiver": order.receiver,
        "amount": _amount(money(order.amount, order.currency)),
        "sender_item_id": order.key,
    }


def _amount(told: Mapping[str, str]) -> dict[str, str]:
    """The older API says currency where the newer ones say currency_code."""
    return {"currency": told["currency_code"], "value": told["value"]}


def _read(told: Mapping[str, Any]) -> PayoutItem:
    sent, word = told["payout_item"], told.get("transaction_status", "PENDING")
    amount = {"currency_code": sent["amount"]["currency"], "value": sent["amount"]["value"]}
    return PayoutItem(
        key=sent["sender_item_id"],
        state=_STATES[word],
        word=word,
        item_reference=paypal_id(told["payout_item_id"]),
        reference=told.get("transaction_id", ""),
        amount=amount_in(amount),
        currency=amount["currency_code"],
    )


def _report(header: Mapping[str, Any], items: Iterable[PayoutItem]) -> PayoutReport:
    if header["batch_status"] not in _BATCHES:
        raise ValueError(f"a batch that is {header['batch_status']!r}")
    is_undone = header["batch_status"] in _UNDONE
    return PayoutReport(paypal_id(header["payout_batch_id"]), is_undone, tuple(items))


def _known_batch(refusal: exceptions.ClientError) -> str:
    """The number of the batch that was sent under this key before, if that is why it is refused."""
    if issue_of(refusal) != "Batch with given sender_batch_id already exists":
        return ""
    (detail, *_more) = json.loads(refusal.content)["details"]
    return paypal_id(urlsplit(detail["link"][0]["href"]).path.rstrip("/").rpartition("/")[2])
