"""The buyer says afterwards whom the invoice is made out to: a new one takes the place of the former."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from checkout.models import Order
from invoicing.books import Books
from invoicing.drafting import details_of
from invoicing.errors import NothingToInvoice, TooManyCorrections
from invoicing.issuing import follow_money, issue, issue_first
from invoicing.models import Document
from invoicing.models.kind import Kind, Reason

MOST_CORRECTIONS = 5


@dataclass(frozen=True)
class BuyerDetails:
    """Whom an invoice is made out to; the address has lines."""

    name: str
    address: str
    vat_id: str


def may_correct(order: Order, documents: Sequence[Document]) -> bool:
    """Whether correct_invoice() would not refuse: something is left, and not all corrections are used up."""
    if not order.paid_at or order.is_held:
        return False
    left = sum(each.sign * each.total for each in documents)
    is_open = bool(left) if order.total and documents else True
    return is_open and _corrections(documents) < MOST_CORRECTIONS


def _corrections(documents: Sequence[Document]) -> int:
    return sum(each.reason == Reason.CORRECTION and not each.is_credit for each in documents)


@transaction.atomic
def correct_invoice(order: Order, details: BuyerDetails) -> Document:
    """Take the order's invoice back by a credit note and issue one to these details. Nothing is edited.

    Both are about what is left after refunds, so that the sum of all documents stays the same, and no
    amount or tax changes. Asking for what the invoice says already gives that one; of an order without one,
    such as one that cost nothing, it is the first. Raises NothingToInvoice for an order that is not paid,
    waits for staff, or whose money all went back, and TooManyCorrections.
    """
    order = Order.objects.select_for_update().get(pk=order.pk)
    if order.paid_at is None:
        raise NothingToInvoice(_("This order is not paid, so there is no invoice yet."))
    if order.is_held:
        raise NothingToInvoice(_("No invoice can be issued for this order just now."))
    books = Books.of(order)
    buyer = details_of(order) | asdict(details)
    former = books.invoice
    if former is None:
        first = issue_first(books, buyer)
        follow_money(books)
        return first
    if former.snapshot["buyer"] == buyer:
        return former
    return _replace(books, former, buyer)


def _replace(books: Books, former: Document, buyer: dict[str, str]) -> Document:
    order = books.order
    before = _corrections(books.documents)
    if before >= MOST_CORRECTIONS:
        raise TooManyCorrections(
            _("This invoice was corrected several times. Please write to us if it is still not right.")
        )
    parts = [left.whole for left in books.left() if left.amount or not left.sold.amount]
    if order.total and not any(part.amount for part in parts):
        raise NothingToInvoice(_("All the money of this order went back, so there is nothing to invoice."))
    name = f"correction:{order.pk}:{before}"
    issue(books, Kind.CREDIT_NOTE, Reason.CORRECTION, f"{name}:back", parts, corrects=former)
    return issue(books, Kind.INVOICE, Reason.CORRECTION, name, parts, buyer=buyer, corrects=former)
