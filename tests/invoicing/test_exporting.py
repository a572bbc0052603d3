import csv
import io
import tempfile
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from checkout.models import Refund
from checkout.models.event import PARKED_AFTER
from checkout.refunds import request_refund
from invoicing import exporting, tasks
from invoicing.correcting import BuyerDetails, correct_invoice
from invoicing.errors import PeriodNotPossible
from invoicing.exporting import ask_for_export, clear_old_exports, make_export
from invoicing.issuing import keep_books_of
from invoicing.models import Document, DocumentPdf, Export
from tests.factories import make_user
from tests.invoicing.sales import sold

pytestmark = pytest.mark.django_db
ASKED: Any = {"reason": Refund.Reason.REQUESTED, "source": Refund.Source.MANUAL}


def ask(days_ago: int = 0, length: int = 0) -> Export:
    first = timezone.localdate() - timedelta(days=days_ago)
    return ask_for_export(first, first + timedelta(days=length), by=make_user())


def test_a_zip_has_every_pdf_and_a_table_of_them(commits: Any) -> None:
    order = sold([(1000, 1500)])
    request_refund(order.payments.get(), 400, **ASKED)
    keep_books_of(order.pk)
    correct_invoice(order, BuyerDetails("=HYPERLINK(1)", "", ""))

    with commits():
        export = ask()

    export.refresh_from_db()
    assert (export.total, export.done, export.error, export.handled_at is None) == (4, 4, "", False)
    with export.file.open("rb") as file, zipfile.ZipFile(io.BytesIO(file.read())) as archive:
        names = archive.namelist()
        rows = list(csv.DictReader(io.TextIOWrapper(archive.open("documents.csv"), "utf-8-sig")))
        assert all(archive.read(name).startswith(b"%PDF") for name in names[1:])
    documents = list(Document.objects.order_by("counter"))
    assert names == ["documents.csv", *(f"{each.number}.pdf" for each in documents)]
    assert [(row["total"], row["tax"]) for row in rows] == [
        ("11.50", "1.50"),
        ("-4.00", "-0.52"),
        ("-7.50", "-0.98"),
        ("7.50", "0.98"),
    ]
    assert [row["buyer"] for row in rows] == ["", "", "", "'=HYPERLINK(1)"]
    assert [row["refers_to"] for row in rows] == ["", *[documents[0].number] * 3]


@pytest.mark.parametrize(
    ("days_ago", "length", "said"),
    [(0, -1, "ends before it begins"), (9, 3, "No invoice was issued"), (0, 0, "at most 1")],
)
def test_a_period_that_is_not_possible_is_refused(
    days_ago: int, length: int, said: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(exporting, "MOST_DOCUMENTS", 1)
    sold([(1000, 0)])
    sold([(1000, 0)])

    with pytest.raises(PeriodNotPossible, match=said):
        ask(days_ago, length)
    assert not Export.objects.exists()


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_a_period_may_begin_and_end_with_the_calendar(zone: str) -> None:
    sold([(1000, 0)])

    with timezone.override(zone):
        assert ask_for_export(date.min, date.max, by=make_user()).total == 1


def test_a_day_is_one_of_the_shops_clock(settings: Any) -> None:
    settings.TIME_ZONE = "Pacific/Kiritimati"  # where it is tomorrow already, most of the day
    sold([(1000, 0)])

    with timezone.override("Pacific/Kiritimati"):
        assert ask().total == 1


def test_printing_stops_for_other_work_and_goes_on(monkeypatch: Any, commits: Any) -> None:
    for _each in range(3):
        sold([(1000, 0)])
    monkeypatch.setattr(exporting, "PRINTING_SECONDS", -1.0)
    export = ask()

    make_export(export)
    export.refresh_from_db()
    assert (export.handled_at, export.error, bool(export.file)) == (None, "", False)

    monkeypatch.setattr(exporting, "PRINTING_SECONDS", 60.0)
    with commits():
        tasks.make_due_exports()
    export.refresh_from_db()
    assert (export.done, bool(export.file)) == (3, True)


def test_stretches_of_printing_are_no_failed_attempts(monkeypatch: Any) -> None:
    sold([(1000, 0)])
    export = ask()
    monkeypatch.setattr(exporting, "print_document", lambda pdf: None)
    monkeypatch.setattr(exporting, "PRINTING_SECONDS", -1.0)
    for _each in range(PARKED_AFTER):  # 10,000 documents take more
        make_export(Export.objects.get())

    monkeypatch.setattr(exporting, "PRINTING_SECONDS", 60.0)
    make_export(Export.objects.get())

    export.refresh_from_db()
    assert (export.parked_at, export.attempts) == (None, 1)
    assert export.next_attempt_at < timezone.now() + timedelta(minutes=1)


def test_what_is_issued_after_an_export_was_asked_for_is_not_in_it(commits: Any) -> None:
    sold([(1000, 0)])
    export = ask()
    later = sold([(1000, 0)])

    with commits():
        tasks.make_due_exports()

    export.refresh_from_db()
    with export.file.open("rb") as file, zipfile.ZipFile(io.BytesIO(file.read())) as archive:
        names = archive.namelist()
    assert (export.total, export.done, len(names)) == (1, 1, 2)
    assert f"{later.documents.get().number}.pdf" not in names


def test_a_zip_is_written_where_the_disk_is(monkeypatch: Any, commits: Any, settings: Any) -> None:
    """/tmp may lie in memory, as it does in the containers."""
    asked = []

    def temporary_file(**kwargs: Any) -> Any:
        asked.append(kwargs)
        return temporary(**kwargs)

    temporary = tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", temporary_file)
    sold([(1000, 0)])
    with commits():
        ask()

    assert asked == [{"dir": settings.DATA_DIR}]


def test_an_export_waits_for_what_cannot_be_printed(monkeypatch: Any) -> None:
    sold([(1000, 0)])
    export = ask()
    monkeypatch.setattr(exporting, "print_document", lambda pdf: None)

    make_export(export)

    export.refresh_from_db()
    assert (export.error, export.handled_at) == ("PDFs that could not be made yet: 1.", None)
    assert export.next_attempt_at > timezone.now()


def test_two_workers_make_one_zip(commits: Any) -> None:
    sold([(1000, 0)])
    export = ask()
    assert export.claim()

    make_export(Export.objects.get())

    assert not Export.objects.get().file
    assert DocumentPdf.objects.get().attempts == 0


def test_what_a_dead_worker_left_of_an_old_export_goes(commits: Any) -> None:
    sold([(1000, 0)])
    with commits():
        export = ask()
    name = Export.objects.get().file.name
    Export.objects.update(created_at=timezone.now() - timedelta(days=31), file="")

    clear_old_exports()

    assert not Export.objects.filter(pk=export.pk).exists()
    assert not Export().file.storage.exists(name)


def test_old_exports_go(commits: Any) -> None:
    sold([(1000, 0)])
    with commits():
        export = ask()
    Export.objects.update(created_at=timezone.now() - timedelta(days=31))
    storage, name = Export.objects.get().file.storage, Export.objects.get().file.name

    clear_old_exports()

    assert not storage.exists(name)
    assert not Export.objects.filter(pk=export.pk).exists()
