"""Orders with taxes and discounts, paid and invoiced, for tests of documents."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from checkout.models import DemoCharge, Order, OrderLine, TaxTreatment
from checkout.payments import sync_payment
from checkout.pricing import Discount, Item, Tax, Totals, price
from checkout.providers import demo
from invoicing.issuing import keep_books_of
from tests.factories import make_product, pending_order, started_payment

NAMES = ("name_en", "name_ar", "name_fa")
PLAIN = dict.fromkeys(NAMES, "Rumman")
SAUDI = {
    **dict.fromkeys(NAMES, "رمّان"),
    "legal_name": "شركة رمّان للنشر",
    "address": "شارع العليا 12\nالرياض 12211",
    "country": "SA",
    "vat_id": "310122393500003",
    "registration_number": "1010010000",
}
GERMAN = {
    **dict.fromkeys(NAMES, "Rumman"),
    "legal_name": "Rumman Verlag GmbH",
    "address": "Torstraße 1\n10119 Berlin",
    "country": "DE",
    "vat_id": "DE136695976",
    "registration_number": "HRB 12345",
}


def sold(lines: Sequence[tuple[int, int]], **kind: Any) -> Order:
    """A paid order with its invoice: a line for each amount and its tax rate in basis points."""
    order = pay(taxed(lines, **kind))
    keep_books_of(order.pk)
    return order


def taxed(
    lines: Sequence[tuple[int, int]],
    *,
    is_included: bool = False,
    discounts: Sequence[Discount] = (),
    currency: str = "",
    titles: Sequence[str] = (),
    **buyer: Any,
) -> Order:
    """A pending order whose lines are priced anew, as the checkout does where taxes and offers are set up."""
    products = [
        make_product(amount, **_title(titles, number)) for number, (amount, _rate) in enumerate(lines)
    ]
    order = pending_order(*products, **buyer)
    taxes = [Tax(rate, is_included, label="VAT" if rate else "") for _amount, rate in lines]
    totals = price(
        [Item(1, amount, tax) for (amount, _rate), tax in zip(lines, taxes, strict=True)], discounts
    )
    _write(order, totals)
    order.total, order.currency = totals.total, currency or order.currency
    order.save()
    return order


def _title(titles: Sequence[str], number: int) -> dict[str, Any]:
    return {"title_en": titles[number]} if number < len(titles) else {}


def _write(order: Order, totals: Totals) -> None:
    for line, total in zip(order.lines.order_by("pk"), totals.lines, strict=True):
        OrderLine.objects.filter(pk=line.pk).update(
            discount_amount=total.discount,
            discounts=[asdict(part) for part in total.parts],
            net_amount=total.net,
            tax_amount=total.tax,
            tax_rate_bps=total.item.tax.rate_bps,
            tax_label=total.item.tax.label,
            tax_is_included=total.item.tax.is_included,
            amount=total.amount,
        )
        if total.item.tax.rate_bps:
            order.tax_treatment = TaxTreatment.STANDARD


def pay(order: Order) -> Order:
    payment = started_payment(order)
    demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
    sync_payment(payment)
    order.refresh_from_db()
    assert order.is_paid
    return order
