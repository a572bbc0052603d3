import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalog.files import put_upload, store_file
from catalog.models import Product
from checkout.models import Order
from delivery.links import download_url, order_download_url
from delivery.models import DownloadGrant, Stamp
from delivery.stamping import make_stamp, mark_words
from delivery.tasks import stamp_due
from storefront.models import OutgoingMail
from tests.delivery.books import make_epub, make_pdf
from tests.factories import handle_events_of, make_product, make_user, paid_order, pending_order
from tests.processes import in_processes

pytestmark = pytest.mark.django_db
ENCRYPTED = make_pdf(1, encryption=pikepdf.Encryption(owner="o", user="u"))


@pytest.fixture(autouse=True)
def _staff(settings: Any) -> None:
    settings.ADMINS = [("Staff", "staff@example.com")]


def product_with(*files: tuple[str, bytes], stamping: str = "strict") -> Product:
    product = make_product(files=0, stamping=stamping)
    for name, content in files or [("book.pdf", make_pdf())]:
        store_file(product, SimpleUploadedFile(name, content))
    return product


def bought(product: Product, **buyer: Any) -> Order:
    order = paid_order(product, email="mona.k@example.com", **buyer)
    handle_events_of(order)
    return order


def fetch(url: str) -> Any:
    response: Any = Client().get(url)
    vars(response)["body"] = b"".join(response.streaming_content) if response.streaming else response.content
    return response


def page_of(order: Order) -> str:
    return Client().get(f"/orders/{order.token}/").content.decode()


def test_the_receipt_waits_for_no_copy_and_the_original_is_never_served() -> None:
    order = bought(product_with())  # its task runs after commit, and there is none here
    grant = DownloadGrant.objects.get()

    assert order.events.filter(handled_at=None).count() == 0
    assert Stamp.objects.get().status == Stamp.Status.PENDING
    assert "Your copy is being made" in page_of(order)
    assert 'data-order-state="making"' in page_of(order)
    assert Client().get(f"/orders/{order.token}/status/").json() == {"state": "making"}
    assert "/downloads/" not in page_of(order).replace("/downloads/order/", "")
    answer = fetch(download_url(grant))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert fetch(order_download_url(order)).status_code == 503
    assert grant.downloads.count() == 0


def test_the_buyer_gets_a_copy_of_their_own() -> None:
    user = make_user("mona.k@example.com", name="مُنى الخطيب")
    order = bought(product_with(), user=user, language="ar")

    stamp_due()

    assert Client().get(f"/orders/{order.token}/status/").json() == {"state": "paid"}
    assert "data-order-state" not in page_of(order)
    grant = DownloadGrant.objects.get()
    answer = fetch(download_url(grant))
    assert answer.status_code == 200
    stamp = Stamp.objects.get()
    assert answer["ETag"] == f'"{stamp.sha256}"'
    assert len(answer.body) == stamp.size != grant.file.size
    with pikepdf.open(io.BytesIO(answer.body)) as pdf:
        assert all("/DukkanMark" in page.resources.XObject for page in pdf.pages)
    assert stamp.sha256 in page_of(order)
    assert grant.file.sha256 not in page_of(order)
    if shutil.which("pdftotext"):
        said = subprocess.run(["pdftotext", "-", "-"], input=answer.body, capture_output=True, check=True)
        text = re.sub("[\u200e-\u202e\u2066-\u2069]", "", said.stdout.decode())
        assert order.number in text
        assert "@example.com" in text
        assert "mona.k" not in text


def test_an_epub_is_marked_and_other_files_are_not() -> None:
    product = product_with(("book.epub", make_epub()), ("extra.zip", b"PK bytes"))
    order = bought(product)

    stamp_due()

    assert Stamp.objects.count() == 1
    epub, extra = DownloadGrant.objects.order_by("pk")
    with zipfile.ZipFile(io.BytesIO(fetch(download_url(epub)).body)) as book:
        assert order.number in book.read("OEBPS/whose-copy.xhtml").decode()
    assert fetch(download_url(extra)).body == b"PK bytes"


def test_the_words_hold_a_part_of_the_address_and_no_markup() -> None:
    order = pending_order(email="a@example.com", user=make_user(name="<b>&"))

    assert mark_words(order) == (
        f"This copy belongs to \u2068&lt;b&gt;&amp;\u2069 (\u2066a…@example.com\u2069), "
        f"order \u2066{order.number}\u2069."
    )


@pytest.mark.parametrize("content", [ENCRYPTED, b"%PDF broken"])
@pytest.mark.parametrize(("stamping", "status"), [("strict", 403), ("lenient", 200)])
def test_what_cannot_be_marked_is_delivered_as_the_seller_chose_and_staff_is_told_once(
    content: bytes, stamping: str, status: int
) -> None:
    product = product_with(("book.pdf", content), stamping=stamping)
    orders = [bought(product), bought(product)]

    for _each in range(2):
        stamp_due()

    for grant in DownloadGrant.objects.all():
        answer = fetch(download_url(grant))
        assert answer.status_code == status
        assert (answer.body == content) == (stamping == "lenient")
    note = OutgoingMail.objects.get(to="staff@example.com")
    assert ("as you chose" in note.text) == (stamping == "lenient")
    assert ("We are looking at it" in page_of(orders[0])) == (stamping == "strict")


def test_a_full_disk_is_tried_again_and_staff_hears_of_it(admin_client: Client) -> None:
    bought(product_with())
    full = OSError(28, "No space left on device")

    with patch("delivery.stamping.store_bytes", side_effect=full):
        for _each in range(4):
            stamp_due()
            assert not OutgoingMail.objects.filter(to="staff@example.com").exists() or _each >= 2
            Stamp.objects.update(next_attempt_at=Stamp.objects.get().asked_at)
    stamp = Stamp.objects.get()
    assert (stamp.status, stamp.attempts) == (Stamp.Status.PENDING, 4)
    assert "No space left" in stamp.error
    assert OutgoingMail.objects.filter(to="staff@example.com").count() == 1

    stamp_due()

    stamp.refresh_from_db()
    assert (stamp.status, stamp.error) == (Stamp.Status.READY, "")


def test_a_replaced_file_is_copied_anew_and_the_old_copy_goes() -> None:
    product = product_with()
    order = bought(product)
    stamp_due()
    former = Stamp.objects.get()
    file = product.files.get()
    put_upload(file, SimpleUploadedFile("book.pdf", make_pdf(5)))
    file.save()

    assert "Your copy is being made" in page_of(order)
    assert fetch(download_url(DownloadGrant.objects.get())).status_code == 503
    stamp_due()

    with pikepdf.open(io.BytesIO(fetch(download_url(DownloadGrant.objects.get())).body)) as pdf:
        assert len(pdf.pages) == 5
    assert not file.file.storage.exists(former.name)


def test_a_copy_that_is_lost_is_made_anew() -> None:
    bought(product_with())
    stamp_due()
    stamp = Stamp.objects.get()
    grant = DownloadGrant.objects.get()
    grant.file.file.storage.delete(stamp.name)

    assert fetch(download_url(grant)).status_code == 503
    stamp_due()

    assert fetch(download_url(grant)).status_code == 200


def test_marks_that_come_later_hold_for_earlier_buyers_and_end_at_once(admin_client: Client) -> None:
    product = product_with(stamping="off")
    order = bought(product)
    assert not Stamp.objects.exists()

    Product.objects.update(stamping="strict")
    assert fetch(download_url(DownloadGrant.objects.get())).status_code == 503
    assert "Your copy is being made" in page_of(order)
    stamp_due()
    assert fetch(download_url(DownloadGrant.objects.get())).status_code == 200

    chosen = {"action": "make_again", "_selected_action": [Stamp.objects.get().pk]}
    page = admin_client.post("/admin/delivery/stamp/", chosen, follow=True).content.decode()
    assert "1 copy is being made." in page
    assert Stamp.objects.get().status == Stamp.Status.PENDING
    Product.objects.update(stamping="off")
    assert fetch(download_url(DownloadGrant.objects.get())).status_code == 200


def test_a_marked_download_asks_no_more_queries(django_assert_max_num_queries: Any) -> None:
    bought(product_with())
    stamp_due()
    url = download_url(DownloadGrant.objects.get())

    with django_assert_max_num_queries(3 + 2):  # and a savepoint
        assert fetch(url).status_code == 200


def test_files_in_s3_are_marked_too(s3: str) -> None:
    bought(product_with())

    stamp_due()

    assert Stamp.objects.get().status == Stamp.Status.READY
    assert fetch(download_url(DownloadGrant.objects.get())).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_many_workers_make_one_copy() -> None:
    with patch("storefront.jobs._send"):
        bought(product_with())
    stamp = Stamp.objects.get()

    in_processes(lambda _number: make_stamp(Stamp.objects.get()), 4)

    stamp.refresh_from_db()
    assert (stamp.status, stamp.attempts) == (Stamp.Status.READY, 1)
    folder = Path(DownloadGrant.objects.get().file.file.storage.path("stamped"))
    assert (folder / Path(stamp.name).name).is_file()
