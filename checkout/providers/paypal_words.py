"""What is said to PayPal and what it says, between its words and ours. Nothing here calls it."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from checkout.errors import ProviderUnavailable
from checkout.models import OrderLine, Payment
from checkout.providers.base import (
    DisputeResult,
    DisputeState,
    PaymentResult,
    PaymentState,
    ProviderEvent,
    RefundResult,
    RefundState,
)
from storefront.money import decimals
from storefront.shop import shop
from storefront.text import clean_line

# How long PayPal knows a Request-Id.
KEY_LIFE = timedelta(hours=6)
# How long the buyer has to agree, and we to capture.
PAGE_LIFE = timedelta(hours=3)
# https://developer.paypal.com/api/rest/reference/currency-codes/
WITHOUT_DECIMALS = {"HUF", "JPY", "TWD"}
CURRENCIES = {
    *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "ILS", "MXN"),
    *("MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "USD"),
    *WITHOUT_DECIMALS,
}
# PayPal's page has no Persian; there the buyer's account and browser decide.
LOCALES = {"en": "en-US", "ar": "ar-EG"}
ORDER_STATES = {
    "CREATED": PaymentState.PENDING,
    "SAVED": PaymentState.PENDING,
    "PAYER_ACTION_REQUIRED": PaymentState.PENDING,
    "APPROVED": PaymentState.APPROVED,
    "VOIDED": PaymentState.CANCELED,
}
CAPTURE_STATES = {
    "PENDING": PaymentState.PENDING,
    "COMPLETED": PaymentState.SUCCEEDED,
    "PARTIALLY_REFUNDED": PaymentState.SUCCEEDED,
    "REFUNDED": PaymentState.SUCCEEDED,
    "DECLINED": PaymentState.FAILED,
    "FAILED": PaymentState.FAILED,
}
REFUND_STATES = {
    "PENDING": RefundState.PENDING,
    "COMPLETED": RefundState.SUCCEEDED,
    "FAILED": RefundState.FAILED,
    "CANCELLED": RefundState.FAILED,
}
DISPUTE_STATES = {
    **dict.fromkeys(
        ["OPEN", "WAITING_FOR_BUYER_RESPONSE", "WAITING_FOR_SELLER_RESPONSE", "UNDER_REVIEW", "OTHER"],
        DisputeState.OPEN,
    ),
    # A resolved one ended by its outcome:
    **dict.fromkeys(["RESOLVED_BUYER_FAVOUR", "ACCEPTED"], DisputeState.LOST),
    **dict.fromkeys(["RESOLVED_SELLER_FAVOUR", "CANCELED_BY_BUYER", "DENIED"], DisputeState.WON),
    "RESOLVED_WITH_PAYOUT": DisputeState.WON,  # PayPal paid the buyer, from its own pocket
    "NONE": DisputeState.WON,  # closed undecided, for another dispute of the same payment
}
REFUND_REFUSALS = {
    "PENDING_CAPTURE": gettext_lazy("PayPal holds this payment back still. Refund it once it has arrived."),
    "REFUND_TIME_LIMIT_EXCEEDED": gettext_lazy(
        "PayPal's time for refunding this payment is over. Give the money back by other means, and record it."
    ),
    "TRANSACTION_DISPUTED": gettext_lazy(
        "The buyer has a case open at PayPal for this payment. Answer it there, in the Resolution Centre."
    ),
    "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK": gettext_lazy(
        "The buyer's bank is taking this money back already, so PayPal does not refund it."
    ),
    "REFUND_AMOUNT_EXCEEDED": gettext_lazy("This is more than is left of the payment at PayPal."),
    "CAPTURE_FULLY_REFUNDED": gettext_lazy("PayPal has given all of this payment back already."),
    "REFUND_FAILED_INSUFFICIENT_FUNDS": gettext_lazy(
        "There is not enough money in the PayPal account. Add some, and refund again."
    ),
    "PARTIAL_REFUND_NOT_ALLOWED": gettext_lazy("PayPal gives this payment back only as a whole."),
    "MAX_NUMBER_OF_REFUNDS_EXCEEDED": gettext_lazy("PayPal takes no more refunds for this payment."),
}


def smallest(currency: str) -> int:
    """The smallest sum that PayPal can take, in our minor units: 1 for cents, 100 for whole forints."""
    return 10 ** decimals(currency) if currency in WITHOUT_DECIMALS else 1


def money(amount: int, currency: str) -> dict[str, str]:
    """Minor units as PayPal writes money: a text with two decimals, or with none."""
    whole, part = divmod(amount, 10 ** decimals(currency))
    value = str(whole) if currency in WITHOUT_DECIMALS else f"{whole}.{part:02d}"
    return {"currency_code": currency, "value": value}


def amount_in(told: Mapping[str, str]) -> int:
    """PayPal's money in minor units. Raises ValueError when it is no exact amount."""
    exact = Decimal(told["value"]).scaleb(decimals(told["currency_code"]))
    if not re.fullmatch(r"\d{1,15}(\.\d{1,3})?", told["value"], re.ASCII) or exact != int(exact):
        raise ValueError(f"an amount of {told['value']!r}")
    return int(exact)


def paypal_id(text: str) -> str:
    """The text, if it can be an id of PayPal's and so may stand in an address. Raises ValueError."""
    if not re.fullmatch(r"[A-Za-z0-9-]{1,60}", text, re.ASCII):
        raise ValueError(f"an id of {text!r}")
    return text


def order_request(payment: Payment, return_url: str, cancel_url: str) -> dict[str, Any]:
    """https://developer.paypal.com/docs/api/orders/v2/#orders_create"""
    order = payment.order
    context = {
        "brand_name": clean_line(shop().name)[:127],
        "return_url": return_url,
        "cancel_url": cancel_url,
        "user_action": "PAY_NOW",
        "shipping_preference": "NO_SHIPPING",
        "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
    }
    if locale := LOCALES.get(order.language):
        context["locale"] = locale
    unit = {
        "custom_id": payment.key,
        # Buyers see it, and it must be new for the whole PayPal account, whatever shops share it.
        "invoice_id": f"{order.number}-{payment.key[-12:]}",
        **_sum_and_items(payment),
    }
    return {
        "intent": "CAPTURE",
        "purchase_units": [unit],
        "payment_source": {"paypal": {"experience_context": context}},
    }


def _sum_and_items(payment: Payment) -> dict[str, Any]:
    """The sum of the items, less a discount, must be the amount; where it can't be, no items are named."""
    lines, currency = list(payment.order.lines.all()), payment.currency
    amount: dict[str, Any] = money(payment.amount, currency)
    discount = sum(line.amount for line in lines) - payment.amount
    if discount < 0 or any(line.charged[1] % smallest(currency) for line in lines):
        return {"amount": amount}
    amount["breakdown"] = {
        "item_total": money(payment.amount + discount, currency),
        "discount": money(discount, currency),
    }
    return {"amount": amount, "items": [_item(line, currency) for line in lines]}


def _item(line: OrderLine, currency: str) -> dict[str, Any]:
    quantity, unit_amount = line.charged
    return {
        "name": clean_line(line.charged_name)[:127] or line.order.number,
        "quantity": str(quantity),
        "unit_amount": money(unit_amount, currency),
        "category": "DIGITAL_GOODS",
    }


def payment_page(order: Mapping[str, Any]) -> str:
    """Where the buyer agrees, as PayPal gave it, if it is a page of PayPal's (or of the set API host)."""
    links = links_of(order)
    url = urlsplit(links.get("payer-action") or links.get("approve") or "")
    base = urlsplit(settings.PAYPAL_API_BASE)
    is_paypals = url.scheme == "https" and (url.hostname or "").endswith(".paypal.com")
    if not is_paypals and (url.scheme, url.netloc) != (base.scheme, base.netloc):
        raise ProviderUnavailable("PayPal answered without an address to pay at.")
    return url.geturl()


def payment_result(payment: Payment, order: Mapping[str, Any], *, is_live: bool) -> PaymentResult:
    """The state of an order is its capture's, once there is one: an order is COMPLETED without any money."""
    (unit,) = order["purchase_units"]
    payments = unit.get("payments", {})
    capture: dict[str, Any] = next(iter(payments.get("captures", ())), {})
    words, states = (capture, CAPTURE_STATES) if capture else (order, ORDER_STATES)
    state = states.get(words["status"])
    if state is None:
        raise ProviderUnavailable(f"PayPal gave the unknown status {words['status']!r}.")
    if state == PaymentState.PENDING and not capture and _is_page_closed(opened_at(payment, order)):
        state = PaymentState.CANCELED
    told = capture.get("amount") or unit["amount"]
    return PaymentResult(
        state=state,
        key=unit.get("custom_id", ""),
        amount=amount_in(told),
        currency=told["currency_code"],
        is_live=is_live,
        capture_reference=capture.get("id", ""),
        refunds=tuple(refund_result(each) for each in payments.get("refunds", ())),
        error=_why_not_there(capture),
        payee=unit.get("payee", {}).get("merchant_id", ""),
        approval=approval_of(order),
        country=_payer_country(order),
        payer=str(order.get("payment_source", {}).get("paypal", {}).get("account_id", "")),
    )


def _payer_country(order: Mapping[str, Any]) -> str:
    told = [*order.get("payment_source", {}).values(), order.get("payer", {})]
    countries = (each.get("address", {}).get("country_code") for each in told if isinstance(each, dict))
    return str(next(filter(None, countries), ""))


def opened_at(payment: Payment, order: Mapping[str, Any]) -> datetime:
    return parse_datetime(order.get("create_time", "")) or payment.created_at


def approval_of(order: Mapping[str, Any]) -> str:
    """Tells one agreement of the buyer from the next, in letters that may stand in a key."""
    return re.sub(r"\W", "", str(order.get("update_time", "")))[:20]


def unknown_order(payment: Payment, *, is_live: bool) -> PaymentResult:
    """PayPal knows no such order: it drops those that nobody paid, and may be late to show a new one."""
    if not _is_page_closed(payment.created_at):
        raise ProviderUnavailable(_("PayPal does not know this payment."))
    return PaymentResult(
        state=PaymentState.CANCELED,
        key=payment.key,
        amount=payment.amount,
        currency=payment.currency,
        is_live=is_live,
    )


def _is_page_closed(opened_at: datetime) -> bool:
    return timezone.now() - opened_at > PAGE_LIFE


def _why_not_there(capture: Mapping[str, Any]) -> str:
    reason = capture.get("status_details", {}).get("reason", "").lower().replace("_", " ")
    if capture.get("status") == "PENDING":
        return _("PayPal holds this payment back: %(reason)s.") % {"reason": reason or "-"}
    if capture.get("status") in ("DECLINED", "FAILED"):
        return _("PayPal declined this payment: %(reason)s.") % {"reason": reason or "-"}
    return ""


def refund_result(told: Mapping[str, Any]) -> RefundResult:
    """`key` is ours where the refund's invoice number is: one begun at PayPal has the payment's number."""
    state, number = REFUND_STATES.get(told["status"]), told.get("invoice_id", "")
    if state is None:
        raise ProviderUnavailable(f"PayPal gave a refund the unknown status {told['status']!r}.")
    reason = told.get("status_details", {}).get("reason", "").lower().replace("_", " ")
    return RefundResult(
        state=state,
        reference=paypal_id(told["id"]),
        amount=amount_in(told["amount"]),
        key=number if number.startswith("refund-") else "",
        error=reason if state == RefundState.FAILED else "",
    )


def refunds_beside(
    disputes: Iterable[tuple[str, DisputeResult]], order: Mapping[str, Any]
) -> tuple[RefundResult, ...]:
    """The refunds of an order, less those that are a dispute's doing, whose money the dispute itself counts.

    While a dispute is open PayPal takes no refund but by it, and lists one for what it gave the buyer. Of a
    dispute that was won its refund is what staff gave of their own will, and counts.
    """
    left: list[list[Any]] = [
        [parse_datetime(time), each.amount] for time, each in disputes if each.state != DisputeState.WON
    ]
    beside = []
    for told in order["purchase_units"][0].get("payments", {}).get("refunds", ()):
        refund, made_at = refund_result(told), parse_datetime(told.get("create_time", ""))
        is_ours = refund.key or refund.state == RefundState.FAILED or made_at is None
        causes = (each for each in left if each[0] and each[0] <= made_at and refund.amount <= each[1])
        cause = None if is_ours else next(causes, None)
        if cause is None:
            beside.append(refund)
        else:
            cause[1] -= refund.amount
    return tuple(beside)


def dispute_state(word: str) -> DisputeState:
    """From a dispute's status, or from its outcome once it is resolved."""
    if word not in DISPUTE_STATES:
        raise ProviderUnavailable(f"PayPal gave a dispute the unknown status {word!r}.")
    return DISPUTE_STATES[word]


def provider_event(event: Mapping[str, Any]) -> ProviderEvent:
    """About an order, a capture, a refund or a dispute, or about something that is no payment of ours."""
    about: dict[str, Any] = event.get("resource") or {}
    unit: dict[str, Any] = next(iter(about.get("purchase_units", ())), {})
    disputed: dict[str, Any] = next(iter(about.get("disputed_transactions", ())), {})
    key = about.get("custom_id") or unit.get("custom_id") or disputed.get("custom") or ""
    order = about.get("supplementary_data", {}).get("related_ids", {}).get("order_id", "")
    if event.get("resource_type") == "checkout-order":
        order = about["id"]
    return ProviderEvent(
        external_id=event["id"],
        type=event["event_type"],
        payment_key=key[:60],
        payment_reference=order or ("" if key else _capture_in(about, disputed)),
        # Other sales may share the account: only what bears a key of ours is money of this shop.
        is_money=event["event_type"] == "PAYMENT.CAPTURE.COMPLETED" and key.startswith("payment-"),
        body=json.dumps(event),
    )


def _capture_in(about: Mapping[str, Any], disputed: Mapping[str, Any]) -> str:
    """The capture that a dispute names, or that a refund points up to."""
    up = links_of(about).get("up", "")
    named = disputed.get("seller_transaction_id") or up.partition("/captures/")[2] or about.get("id")
    return str(named or "")


def links_of(resource: Mapping[str, Any]) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in resource.get("links", ())}
