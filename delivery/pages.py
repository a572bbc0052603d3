"""What the buyer's pages show: one order, and the library of all."""

from typing import Any

from django.utils import timezone

from catalog.models import Product
from checkout.models import Order, OrderLine, RefundRequest
from checkout.money_back import MoneyBack, money_back
from checkout.payments import sync_if_stale
from checkout.providers import providers_for
from checkout.providers.transport import patience
from delivery.fulfilment import grant_at_once
from delivery.links import order_download_url
from delivery.mails import is_mailed
from delivery.models import Stamp
from delivery.shelves import Shelf, lay_out
from storefront.shop import shop


def look_again(order: Order) -> Order:
    """The order as it stands, after asking the provider and opening what a paid order brings."""
    if order.is_pending and not order.is_held:
        with patience():
            for payment in order.payments.unsettled().exclude(reference=""):
                sync_if_stale(payment)
        order.refresh_from_db()
    if order.is_deliverable:
        grant_at_once(order)
    return order


def state_of(order: Order) -> str:
    """One of: held, paid, refunded, expired, confirming, failed."""
    if order.is_held:
        return "held"
    if order.is_paid:
        return "paid"
    if not order.is_pending:
        return str(order.status)
    return "confirming" if order.payments.to_confirm().exists() else "failed"


def status_of(order: Order) -> str:
    """As state_of(), or "making" while a worker marks the buyer's copies: what a page waits to see change."""
    state = state_of(order)
    if state != "paid":
        return state
    pending = Stamp.objects.filter(grant__line__order=order, grant__revoked_at=None, handled_at=None)
    making = pending.exclude(grant__file__product__stamping=Product.Stamping.OFF)
    return "making" if making.exists() else state


def order_page(order: Order) -> dict[str, Any]:
    """All that the page of an order shows, in the same number of queries for any number of lines."""
    state, laid = state_of(order), lay_out(order.lines.all())
    lines = [shelf.line for shelf in laid]
    money = money_back(order, lines) if order.paid_at else None
    downloads = [offer for shelf in laid for offer in shelf.offers] if state == "paid" else []
    return {
        "order": order,
        "state": "closed" if state == "paid" and _is_closed(laid) else state,
        "lines": lines,
        "shelves": laid,
        "downloads": downloads,
        "is_making": any(offer.is_being_made for offer in downloads),
        "whole_url": order_download_url(order) if downloads else "",
        "money": money,
        "kept": _kept(lines, money) if money and state == "paid" else [],
        "is_auto_approved": shop().refunds_auto_approve,
        "providers": providers_for(order.total, order.currency) if state == "failed" else [],
        "is_mailed": state == "paid" and is_mailed(order),
    }


def shelves(user_id: int | None) -> list[dict[str, Any]]:
    """What an account has bought, line by line: what has news first, then the newest, with open refunds."""
    paid = Order.objects.paid().filter(user=user_id, held_at=None)
    lines = OrderLine.objects.filter(order__in=paid).order_by("-order_id", "pk")
    laid = lay_out(lines.select_related("order__refund_request"))
    return [_shelf(shelf) for shelf in sorted(laid, key=lambda shelf: not shelf.has_news)]


def _shelf(shelf: Shelf) -> dict[str, Any]:
    asked, until = getattr(shelf.order, "refund_request", None), shelf.line.refund_until
    may_ask = asked is None and not shelf.is_closed and until is not None and until >= timezone.now()
    return {
        "product": shelf.product,
        "order": shelf.order,
        "downloads": shelf.downloads,
        "older": shelf.older,
        "licenses": shelf.licenses,
        "codes": shelf.codes,
        "is_closed": shelf.is_closed,
        "is_completed": any(part["reason"] == "bundle" for part in shelf.line.discounts),
        "is_asked": asked is not None and until is not None and asked.status == RefundRequest.Status.OPEN,
        "refund_until": until if may_ask else None,
    }


def _is_closed(laid: list[Shelf]) -> bool:
    """Whether there were rights to download, and all of them were taken back."""
    with_rights = [shelf for shelf in laid if shelf.line.grants.all()]
    return bool(with_rights) and all(shelf.is_closed for shelf in with_rights)


def _kept(lines: list[OrderLine], money: MoneyBack) -> list[OrderLine]:
    """Paid lines that a refund asked for now would not be about, since their window is over or never was."""
    return [line for line in lines if line.amount and line not in money.parts]
