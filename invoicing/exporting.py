"""All documents of some days as one zip: their PDFs, and a table of them. Memory stays flat at any number."""

import logging
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.core.files import File
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from invoicing.errors import PdfNotReady, PeriodNotPossible
from invoicing.models import Document, DocumentPdf, Export
from invoicing.printing import open_pdf, print_document
from storefront.jobs import enqueue
from storefront.money import digits, plain_amount
from storefront.spreadsheets import Cell, csv_lines

logger = logging.getLogger(__name__)
MOST_DOCUMENTS = 10_000
CHUNK = 100  # documents between two signs of life
PRINTING_SECONDS = 20.0  # at a stretch, so that other work has its turn
KEPT_DAYS = 30
EARLIEST, LATEST = date(1970, 1, 1), date(9998, 12, 31)  # beyond, another clock may have no such day
COLUMNS = [
    *("number", "kind", "reason", "issued_on", "order", "refers_to", "buyer", "country", "vat_id", "email"),
    *("treatment", "currency", "net", "tax", "total", "sha256"),
]


def ask_for_export(first_day: date, last_day: date, *, by: User) -> Export:
    """Have the documents of these days, both included, put into a zip by a task. Raises PeriodNotPossible."""
    export = Export.objects.create(
        first_day=first_day,
        last_day=last_day,
        total=count_for_export(first_day, last_day),
        requested_by=by,
    )
    enqueue("invoicing.make_export", export.pk)
    return export


def count_for_export(first_day: date, last_day: date) -> int:
    """How many documents there are in these days. Raises PeriodNotPossible where one zip can't have them."""
    if first_day > last_day:
        raise PeriodNotPossible(_("The period ends before it begins."))
    total = documents_between(first_day, last_day).count()
    if not total:
        raise PeriodNotPossible(_("No invoice was issued in this period."))
    if total > MOST_DOCUMENTS:
        words = _("There are %(count)s documents in this period. Please choose one with at most %(most)s.")
        raise PeriodNotPossible(words % {"count": digits(total), "most": digits(MOST_DOCUMENTS)})
    return total


def documents_between(first_day: date, last_day: date) -> QuerySet[Document]:
    """What was issued on these days by the shop's clock, in the order of the chain."""
    first, last = max(first_day, EARLIEST), min(last_day, LATEST)
    return Document.objects.filter(
        issued_at__gte=_midnight(first), issued_at__lt=_midnight(last + timedelta(days=1))
    ).order_by("counter")


def make_export(export: Export) -> None:
    """Print what is not printed yet, a stretch at a time, then write the zip. Safe to repeat and to kill."""
    if not export.claim():
        return
    try:
        if _print_missing(export):
            _write(export)
            export.mark_handled()
        else:
            export.put_off("", timedelta(0))
            Export.objects.filter(pk=export.pk).update(attempts=0)  # it went on, so it did not fail
            enqueue("invoicing.make_export", export.pk)
    except PdfNotReady as refusal:
        export.mark_failed(str(refusal))
    except Exception as error:
        # Whatever went wrong stays on the row for staff to see, and the sweep tries again.
        logger.exception("Export %s could not be made.", export.pk)
        export.mark_failed(f"{type(error).__name__}: {error}")


def clear_old_exports() -> None:
    """An export can be made again at any time, so it is kept for a month."""
    for export in Export.objects.filter(created_at__lt=timezone.now() - timedelta(days=KEPT_DAYS)):
        export.file.storage.delete(export.path)  # also what a worker left that died before it could say so
        export.delete()


def _print_missing(export: Export) -> bool:
    """False while some are still to be printed. Raises PdfNotReady for those that can't be."""
    ends_at = time.monotonic() + PRINTING_SECONDS
    missing = _missing(export)
    for number, pdf in enumerate(_in_chunks(missing.select_related("document"))):
        if time.monotonic() > ends_at:
            return False
        print_document(pdf)
        if number % CHUNK == 0:
            export.report(max(export.total - missing.count(), 0))
    if left := missing.count():
        raise PdfNotReady(_("PDFs that could not be made yet: %(count)s.") % {"count": digits(left)})
    return True


def _missing(export: Export) -> QuerySet[DocumentPdf]:
    return DocumentPdf.objects.filter(document__in=_documents(export).values("pk"), file="").order_by("pk")


def _documents(export: Export) -> QuerySet[Document]:
    """As they were when somebody asked: what is issued meanwhile is not printed yet, and was not counted."""
    between = documents_between(export.first_day, export.last_day)
    return between.filter(issued_at__lte=export.created_at)


def _write(export: Export) -> None:
    """The zip is written to this machine's disk first (/tmp may be memory), and stored when it is whole."""
    with tempfile.TemporaryFile(dir=settings.DATA_DIR) as whole:
        with zipfile.ZipFile(whole, "w") as archive:
            with archive.open("documents.csv", "w") as table:
                for line in csv_lines(COLUMNS, map(_row, _documents(export).iterator(CHUNK))):
                    table.write(line.encode())
            for done, pdf in enumerate(_pdfs(export), start=1):
                with open_pdf(pdf) as file:
                    archive.writestr(f"{pdf.document.number}.pdf", file.read())
                if done % CHUNK == 0:
                    export.report(done)
        whole.seek(0)
        export.file.storage.delete(export.path)
        export.file.save(export.path, File(whole), save=False)
    Export.objects.filter(pk=export.pk).update(file=export.file.name, done=export.total)


def _pdfs(export: Export) -> Iterator[DocumentPdf]:
    documents = _documents(export).values("pk")
    pdfs = DocumentPdf.objects.filter(document__in=documents).order_by("document__counter")
    return _in_chunks(pdfs.select_related("document").defer("document__snapshot"))


def _in_chunks(pdfs: QuerySet[DocumentPdf]) -> Iterator[DocumentPdf]:
    """Some rows at a time, each chunk read to its end: on SQLite, whoever still reads may not write."""
    keys = list(pdfs.values_list("pk", flat=True))
    for start in range(0, len(keys), CHUNK):
        yield from pdfs.filter(pk__in=keys[start : start + CHUNK])


def _row(document: Document) -> list[Cell]:
    """What was given back counts below zero."""
    said = document.snapshot
    buyer, reference = said["buyer"], said["refers_to"]
    amounts = (document.net, document.tax, document.total)
    return [
        document.number,
        document.kind,
        document.reason,
        said["issued_on"],
        said["order"]["number"],
        reference["number"] if reference else "",
        *(buyer[name] for name in ("name", "country", "vat_id", "email")),
        said["treatment"],
        document.currency,
        *(Decimal(plain_amount(document.sign * amount, document.currency)) for amount in amounts),
        document.sha256,
    ]


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001  of the shop's clock
