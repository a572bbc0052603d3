"""Issues what an order's money asks for, recomputed from its rows, so that events in any order end alike."""

from django.db import transaction

from checkout.models import Order, OrderEvent
from invoicing.books import Books, Cause
from invoicing.crediting import Part, credit
from invoicing.drafting import Draft, details_of, parts_of
from invoicing.models import Document
from invoicing.models.kind import Kind, Reason
from invoicing.numbering import append
from storefront.money import STEPS

_REASONS = {
    "refund": (Reason.REFUND, Reason.REFUND_FAILED),
    "dispute": (Reason.DISPUTE, Reason.DISPUTE_WON),
}


def keep_books(event: OrderEvent) -> None:
    """As keep_books_of(), for the order of an event."""
    keep_books_of(event.order_id)


@transaction.atomic
def keep_books_of(order_id: int) -> None:
    """Issue the invoice of a paid order, a credit note for what went back, and an invoice if that came home.

    What cost nothing has no invoice unless its buyer asks. Safe to repeat and to race: the order is locked,
    and each cause has its documents by a unique name.
    """
    order = Order.objects.select_for_update().get(pk=order_id)
    if order.paid_at is None or not order.total:
        return
    books = Books.of(order)
    if not books.documents:
        issue_first(books)
    follow_money(books)


def follow_money(books: Books) -> None:
    """Issue what is lacking for each refund and dispute. Safe to repeat, as keep_books_of().

    Twice, since what comes home leaves something for a note that found nothing left before.
    """
    for cause in [*books.causes()] * 2:
        _follow(books, cause)


def issue_first(books: Books, buyer: dict[str, str] | None = None) -> Document:
    """The invoice of the sale, made out to the buyer as the order tells or as these details say."""
    return issue(
        books, Kind.INVOICE, Reason.SALE, f"sale:{books.order.pk}", parts_of(books.lines), buyer=buyer
    )


def issue(
    books: Books,
    kind: Kind,
    reason: Reason,
    cause: str,
    parts: list[Part],
    *,
    buyer: dict[str, str] | None = None,
    corrects: Document | None = None,
    links: dict[str, int] | None = None,
) -> Document:
    """One more document of the order, to the same buyer as the last invoice unless another is given."""
    if buyer is None:
        buyer = books.invoice.snapshot["buyer"] if books.invoice else details_of(books.order)
    draft = Draft(kind, reason, cause, buyer, parts, links or {}, corrects)
    payment = books.payments[0] if books.payments else None
    document = append(draft, books.order, books.lines, payment)
    books.documents.append(document)
    return document


def _follow(books: Books, cause: Cause) -> None:
    """Issue what is lacking: target minus what is there, as the ledger does."""
    notes = books.standing_notes_of(cause)
    lacking = cause.amount - sum(note.total for note in notes)
    given_back, came_home = _REASONS[cause.name]
    if lacking > 0:
        named = {} if notes else cause.named
        parts = credit(lacking, named, books.left(), STEPS.get(books.order.currency, 1))
        if parts:
            _issue_for(books, cause, Kind.CREDIT_NOTE, given_back, parts, books.invoice)
    elif lacking < 0:
        for note in notes:
            _issue_for(books, cause, Kind.INVOICE, came_home, note.parts, note)


def _issue_for(
    books: Books, cause: Cause, kind: Kind, reason: Reason, parts: list[Part], corrects: Document | None
) -> None:
    name = f"{cause.name}:{cause.pk}:{len(books.documents_of(cause))}"
    issue(books, kind, reason, name, parts, corrects=corrects, links={f"{cause.name}_id": cause.pk})
