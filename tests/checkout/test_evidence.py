import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.storage import storages
from django.test import Client
from django.utils import timezone

from checkout import tasks
from checkout.evidence import ask_for_evidence, print_evidence
from checkout.models import Dispute, Evidence, Order
from delivery.links import download_url
from delivery.models import DownloadGrant
from storefront.pdf import render_pdf
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PROGRAM = "Mozilla/5.0 (a reader)"


@pytest.fixture
def dispute(order: Order) -> Dispute:
    """Of an order of which one file was downloaded."""
    reader = Client(headers={"User-Agent": PROGRAM}, REMOTE_ADDR="203.0.113.7")
    assert reader.get(download_url(DownloadGrant.objects.all()[0])).status_code == 200
    return Dispute.objects.create(
        payment=order.payments.get(), reference="dp_1", amount=2000, reason="fraudulent"
    )


def words_of(pdf: bytes) -> str:
    return subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()


def page_of(dispute: Dispute, part: str = "evidence") -> str:
    return f"/admin/checkout/dispute/{dispute.pk}/{part}/"


def test_the_page_holds_the_order_the_downloads_and_the_addresses(staff: Client, dispute: Dispute) -> None:
    page = staff.get(page_of(dispute)).text

    order = dispute.payment.order
    for words in (order.number, order.email, PROGRAM, "203.0.113.7", "dp_1", "$20.00", "within 30 days"):
        assert words in page
    assert page.index("The order was placed.") < page.index("The order is paid.")


@pytest.mark.parametrize("language", ["en", "ar", "fa"])
def test_a_task_makes_a_pdf_that_staff_downloads(
    staff: Client, dispute: Dispute, commits: Any, language: str
) -> None:
    prefix = "" if language == "en" else f"/{language}"
    with commits():
        page = staff.post(prefix + page_of(dispute, "evidence/files"), follow=True)
    evidence = Evidence.objects.get()

    assert (evidence.language, evidence.error) == (language, "")
    assert evidence.file.name == f"evidence/{evidence.key}.pdf"
    assert page.status_code == 200
    response = staff.get(page_of(dispute, f"evidence/files/{evidence.key}"))
    pdf = response.getvalue()
    assert pdf.startswith(b"%PDF-")
    assert "evidence-D-" in response["Content-Disposition"]
    assert "no-store" in response["Cache-Control"]
    assert "203.0.113.7" in words_of(pdf)
    assert dispute.payment.order.email in words_of(pdf)


def test_while_one_is_on_its_way_there_is_no_second(dispute: Dispute) -> None:
    user = make_user()

    first = ask_for_evidence(dispute, language="en", by=user)

    assert ask_for_evidence(dispute, language="en", by=user) == first
    assert ask_for_evidence(dispute, language="ar", by=user) != first
    assert Evidence.objects.count() == 2


def test_the_sweep_prints_what_a_dead_worker_left_once(dispute: Dispute) -> None:
    evidence = ask_for_evidence(dispute, language="en", by=make_user())
    storages["private"].save(f"evidence/{evidence.key}.pdf", open(__file__, "rb"))  # noqa: SIM115

    tasks.print_due_evidence()
    tasks.print_due_evidence()

    evidence.refresh_from_db()
    assert (evidence.file.name, evidence.attempts) == (f"evidence/{evidence.key}.pdf", 1)
    assert evidence.file.open().read(5) == b"%PDF-"


def test_without_pango_staff_reads_why(
    staff: Client, dispute: Dispute, commits: Any, monkeypatch: Any, tmp_path: Path
) -> None:
    (tmp_path / "weasyprint.py").write_text("raise OSError('cannot load library libpango')")
    for name in [each for each in sys.modules if each.split(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)

    with commits():
        page = staff.post(page_of(dispute, "evidence/files"), follow=True)

    evidence = Evidence.objects.get()
    assert (evidence.file.name, evidence.handled_at) == ("", None)
    assert "Pango is missing" in staff.get(page_of(dispute, "change")).text
    assert page.status_code == 200
    assert staff.get(page_of(dispute, f"evidence/files/{evidence.key}")).status_code == 404
    assert staff.get(page_of(dispute)).status_code == 200


def test_what_was_given_up_is_printed_when_staff_asks_again(
    staff: Client, dispute: Dispute, commits: Any
) -> None:
    evidence = ask_for_evidence(dispute, language="en", by=make_user())
    Evidence.objects.update(parked_at=timezone.now(), error="Pango is missing", attempts=99)
    tasks.print_due_evidence()
    assert Evidence.objects.get().file.name == ""

    with commits():
        staff.post(page_of(dispute, "evidence/files"))

    assert Evidence.objects.get(file=f"evidence/{evidence.key}.pdf").attempts == 1


def test_a_document_fetches_nothing(stripe: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("TOPSECRET")

    pdf = render_pdf(
        f'<link rel="stylesheet" href="{stripe.url}/x.css"><link rel=attachment href="file://{secret}">'
        f'<img src="{stripe.url}/v1/x.png"><p>Said<object data="file:///etc/passwd"></object></p>',
        "p { color: red }",
    )

    assert "Said" in words_of(pdf)
    assert b"TOPSECRET" not in pdf
    assert b"EmbeddedFile" not in pdf
    assert stripe.calls == []


def test_only_staff_with_the_right_sees_and_makes_evidence(client: Client, dispute: Dispute) -> None:
    evidence = ask_for_evidence(dispute, language="en", by=make_user())
    print_evidence(evidence)
    clerk = make_user("clerk@example.com", is_staff=True)
    client.force_login(clerk)
    file = page_of(dispute, f"evidence/files/{evidence.key}")

    assert [client.get(each).status_code for each in (page_of(dispute), file)] == [403, 403]
    clerk.user_permissions.add(Permission.objects.get(codename="view_dispute"))
    assert [client.get(each).status_code for each in (page_of(dispute), file)] == [200, 200]
    assert client.post(page_of(dispute, "evidence/files")).status_code == 403
    assert Client().get(file).status_code == 302
    assert Evidence.objects.count() == 1


def test_the_evidence_of_another_dispute_is_not_given(staff: Client, dispute: Dispute) -> None:
    evidence = ask_for_evidence(dispute, language="en", by=make_user())
    print_evidence(evidence)
    other = Dispute.objects.create(payment=dispute.payment, reference="dp_2", amount=1)

    assert staff.get(page_of(other, f"evidence/files/{evidence.key}")).status_code == 404


def test_the_language_of_the_page_is_that_of_the_paper(staff: Client, dispute: Dispute) -> None:
    page = staff.get("/ar" + page_of(dispute)).text

    assert '<html lang="ar" dir="rtl">' in page
    assert dispute.payment.order.email in page
