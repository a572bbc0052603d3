"""What the buyer's pages show: one order, and the library of all."""

from typing import Any

from django.db.models import Exists
from django.utils import timezone

from catalog.models import Product
from checkout.gift_forms import RecipientForm
from checkout.models import Offer, Order, OrderLine, RefundRequest
from checkout.money_back import MoneyBack, money_back
from checkout.payments import sync_if_stale
from checkout.providers import providers_for
from checkout.providers.transport import patience
from checkout.upgrades import Path, paths, upgrade_offers
from checkout.upselling import upsell_for
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
    """All that the page of an order shows, in the same number of queries for any number of lines.

    A gift shows its giver nothing of what it brings.
    """
    state, laid = state_of(order), lay_out(order.lines.all())
    lines = [shelf.line for shelf in laid]
    money = money_back(order, lines) if order.paid_at else None
    gift = order.gift if order.is_given else None
    own = [] if gift else laid
    downloads = [offer for shelf in own for offer in shelf.offers] if state == "paid" else []
    return {
        "order": order,
        "gift": gift,
        "recipient_form": RecipientForm(initial={"name": gift.name, "email": gift.email}) if gift else None,
        "state": "closed" if state == "paid" and is_closed(laid) else state,
        "lines": lines,
        "shelves": own,
        "downloads": downloads,
        "is_making": any(offer.is_being_made for offer in downloads),
        "whole_url": order_download_url(order) if downloads else "",
        "money": money,
        "kept": _kept(lines, money) if money and state == "paid" else [],
        "is_auto_approved": shop().refunds_auto_approve,
        "providers": providers_for(order.total, order.currency) if state == "failed" else [],
        "is_mailed": state == "paid" and is_mailed(order),
        "upsold": upsell_for(order) if state == "paid" else None,
    }


def shelves(user_id: int | None) -> list[dict[str, Any]]:
    """What an account has bought or was given, line by line: what has news first, then the newest."""
    orders = Order.objects.paid().of_account(user_id).filter(held_at=None)
    lines = OrderLine.objects.filter(order__in=orders).order_by("-order_id", "pk")
    lines = lines.annotate(may_go_up=Exists(Offer.objects.current().upgrading_lines()))
    laid = lay_out(lines.select_related("order__refund_request"))
    own = {shelf.line.pk for shelf in laid if _is_of(shelf.order, user_id)}
    upgrades = _upgrades([shelf.line for shelf in laid if shelf.line.pk in own])
    laid.sort(key=lambda shelf: not (shelf.has_news and shelf.line.pk in own))
    return [
        _shelf(shelf, upgrades[shelf.line.pk]) if shelf.line.pk in own else _given(shelf) for shelf in laid
    ]


def _is_of(order: Order, user_id: int | None) -> bool:
    """Whether what an order of the account's library brings is the account's."""
    return not order.is_given or order.gift.claimed_by_id == user_id


def _given(shelf: Shelf) -> dict[str, Any]:
    return {"product": shelf.product, "order": shelf.order, "given": shelf.order.gift}


def _shelf(shelf: Shelf, upgrades: list[Path]) -> dict[str, Any]:
    is_gift = shelf.order.is_given
    return {
        "product": shelf.product,
        "variant_title": shelf.line.variant_title,
        "order": shelf.order,
        "received": shelf.order.gift if is_gift else None,
        "downloads": shelf.downloads,
        "older": shelf.older,
        "licenses": shelf.licenses,
        "codes": shelf.codes,
        "is_closed": shelf.is_closed,
        "is_upgraded": shelf.line.is_upgraded,
        "is_completed": any(part["reason"] == "bundle" for part in shelf.line.discounts),
        "upgrades": [] if shelf.is_closed else upgrades,
        **({} if is_gift else _refund(shelf)),
    }


def _refund(shelf: Shelf) -> dict[str, Any]:
    asked, until = getattr(shelf.order, "refund_request", None), shelf.line.refund_until
    is_over = until is None or until < timezone.now() or shelf.line.is_upgraded
    return {
        "is_asked": asked is not None and until is not None and asked.status == RefundRequest.Status.OPEN,
        "refund_until": None if asked or shelf.is_closed or is_over else until,
    }


def _upgrades(lines: list[OrderLine]) -> dict[int, list[Path]]:
    """Where each of these lines may go for the difference; no query where there is no way."""
    found: dict[int, list[Path]] = {line.pk: [] for line in lines}
    waiting = [line for line in lines if vars(line)["may_go_up"] and not line.is_upgraded]
    for currency in sorted({line.order.currency for line in waiting}):
        for path in paths(waiting, list(upgrade_offers(currency))):
            found[path.line.pk].append(path)
    return found


def is_closed(laid: list[Shelf]) -> bool:
    """Whether there were rights to download, and all of them were taken back."""
    with_rights = [shelf for shelf in laid if shelf.line.grants.all()]
    return bool(with_rights) and all(shelf.is_closed for shelf in with_rights)


def _kept(lines: list[OrderLine], money: MoneyBack) -> list[OrderLine]:
    """Paid lines that a refund asked for now would not be about, since their window is over or never was."""
    return [line for line in lines if line.amount and line not in money.parts]
