"""Numbers without a gap, and the chain of hashes: a document is written at their end, in one transaction."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from checkout.models import Order, OrderLine, Payment
from invoicing.chain import seal
from invoicing.drafting import Draft, local_day, snapshot_of
from invoicing.models import Chain, Document, DocumentPdf, Series
from invoicing.models.kind import Kind
from invoicing.seller import seller
from storefront.jobs import enqueue


@transaction.atomic
def append(draft: Draft, order: Order, lines: list[OrderLine], payment: Payment | None) -> Document:
    """Issue a document: the next number of its series, the next place in the chain, and a PDF that is due.

    The lock of the chain's row makes documents follow one another. Number, chain and document are written
    together or not at all, so a crash or a race neither skips nor doubles one; a cause that was issued
    already raises IntegrityError. The order is locked before.
    """
    chain = _locked_chain()
    issued_at = max(timezone.now(), chain.issued_at or timezone.now())  # clocks of two machines may differ
    series, position = _next_number(draft.kind, issued_at, order.language)
    counter, number = chain.counter + 1, series.number(position)
    snapshot = snapshot_of(draft, order, lines, payment) | {
        "number": number,
        "counter": counter,
        "issued_at": issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "issued_on": local_day(issued_at).isoformat(),
    }
    place = {"series": series, "position": position, "number": number, "counter": counter}
    seals = {"previous_sha256": chain.sha256, "sha256": seal(snapshot, chain.sha256)}
    document = _written(draft, order, snapshot, issued_at=issued_at, **place, **seals)
    end = {"counter": counter, "sha256": document.sha256, "issued_at": issued_at}
    _move(Chain.objects.filter(pk=chain.pk, counter=chain.counter), **end)
    pdf = DocumentPdf.objects.create(document=document)
    enqueue("invoicing.print_document", pdf.pk)
    return document


def _written(draft: Draft, order: Order, snapshot: dict[str, Any], **fields: Any) -> Document:
    totals = snapshot["totals"]
    document = Document(
        kind=draft.kind,
        reason=draft.reason,
        cause=draft.cause,
        corrects=draft.corrects,
        order=order,
        language=order.language,
        currency=order.currency,
        net=totals["net"],
        tax=totals["tax"],
        total=totals["total"],
        snapshot=snapshot,
        **draft.links,
        **fields,
    )
    document.save()
    return document


def _locked_chain() -> Chain:
    """A row that is there is locked by one query; the first document of a shop makes it."""
    chains = Chain.objects.select_for_update()
    return chains.filter(pk=Chain.THE_ONLY).first() or chains.get_or_create(pk=Chain.THE_ONLY)[0]


def _next_number(kind: Kind, issued_at: datetime, language: str) -> tuple[Series, int]:
    sells, year = seller(language), local_day(issued_at).year
    prefix = sells.invoice_prefix if kind == Kind.INVOICE else sells.credit_note_prefix
    series, _is_new = Series.objects.get_or_create(kind=kind, prefix=prefix, year=year)
    position = series.last_number + 1
    _move(
        Series.objects.filter(pk=series.pk, last_number=series.last_number), last_number=F("last_number") + 1
    )
    return series, position


def _move(rows: Any, **fields: Any) -> None:
    """Only from where it was read: the lock holds already, and this would tell if it did not."""
    if rows.update(**fields) != 1:
        raise RuntimeError("Another document was issued at the same moment.")
