import io
import zipfile
from typing import Any
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from catalog.files import store_file
from catalog.models import Product, ProductFile
from checkout.models import Order
from delivery.links import order_download_url
from delivery.models import Download, DownloadGrant
from tests.factories import handle_events_of, make_product, paid_order
from tests.processes import in_processes

pytestmark = pytest.mark.django_db


def product_with(*files: tuple[str, bytes], **fields: Any) -> Product:
    product = make_product(files=0, **fields)
    for position, (name, content) in enumerate(files):
        store_file(product, SimpleUploadedFile(name, content), position=position)
    return product


def bought(*products: Product) -> Order:
    order = paid_order(*products)
    handle_events_of(order)
    return order


def fetch(url: str) -> Any:
    response: Any = Client().get(url)
    if response.streaming:
        vars(response)["body"] = b"".join(response.streaming_content)
    return response


def opened(response: Any) -> dict[str, bytes]:
    """Names and bytes of a sent zip, proven whole."""
    assert response.status_code == 200
    assert int(response["Content-Length"]) == len(response.body)
    with zipfile.ZipFile(io.BytesIO(response.body)) as content:
        assert content.testzip() is None
        return {name: content.read(name) for name in content.namelist()}


def test_all_files_of_an_order_come_as_one_zip_of_known_size() -> None:
    order = bought(
        product_with(("كتاب.pdf", b"%PDF one"), ("empty.txt", b"x"), title_en="Cats: a/b"),
        product_with(("كتاب.pdf", b"%PDF two"), ("big.zip", b"z" * 300_000), title_en="Dogs"),
    )

    response = fetch(order_download_url(order))

    assert opened(response) == {
        "Cats a b/كتاب.pdf": b"%PDF one",
        "Cats a b/empty.txt": b"x",
        "Dogs/كتاب.pdf": b"%PDF two",
        "Dogs/big.zip": b"z" * 300_000,
    }
    assert response["Content-Disposition"] == f'attachment; filename="{order.number}.zip"'
    assert response["Accept-Ranges"] == "none"


def test_files_of_one_name_get_names_of_their_own() -> None:
    order = bought(product_with(("a.pdf", b"1"), ("A.pdf", b"2"), ("a (2).pdf", b"3")))

    assert list(opened(fetch(order_download_url(order)))) == ["a.pdf", "A (2).pdf", "a (2) (2).pdf"]


def test_it_is_one_download_of_each_file_whatever_its_retries(django_assert_max_num_queries: Any) -> None:
    order = bought(product_with(("a.pdf", b"1"), ("b.pdf", b"2")), product_with(("c.pdf", b"3")))
    url = order_download_url(order)

    with django_assert_max_num_queries(3 + 2):  # and a savepoint
        fetch(url)
    fetch(url)

    assert list(DownloadGrant.objects.values_list("used_count", flat=True)) == [1, 1, 1]
    assert Download.objects.count() == 3


def test_what_is_used_up_stays_out_and_nothing_is_left_says_so() -> None:
    order = bought(product_with(("a.pdf", b"1"), download_limit=1), product_with(("b.pdf", b"2")))
    links = [order_download_url(order) for _each in range(2)]

    assert len(opened(fetch(links[0]))) == 2
    assert list(opened(fetch(links[1]))) == ["b.pdf"]
    assert len(opened(fetch(links[0]))) == 2

    Product.objects.update(download_limit=1)
    DownloadGrant.objects.update(used_count=1)
    assert fetch(order_download_url(order)).status_code == 403


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda: Order.objects.update(status="refunded"), 403),
        (lambda: Order.objects.update(held_at=timezone.now()), 403),
        (lambda: DownloadGrant.objects.update(revoked_at=timezone.now()), 403),
    ],
)
def test_a_closed_order_gives_nothing(change: Any, status: int) -> None:
    order = bought(product_with(("a.pdf", b"1")))
    url = order_download_url(order)
    change()

    assert fetch(url).status_code == status
    assert not Download.objects.exists()


def test_a_link_to_one_file_opens_no_order_and_a_made_up_one_nothing(settings: Any) -> None:
    order = bought(product_with(("a.pdf", b"1")))
    token = order_download_url(order).removeprefix("/downloads/order/")

    assert fetch(f"/downloads/{token}").status_code == 404
    assert fetch(f"/downloads/order/{order.token}/").status_code == 404
    settings.DOWNLOAD_LINK_HOURS = -1
    assert fetch(f"/downloads/order/{token}").status_code == 410


def test_head_tells_the_size_and_counts_nothing() -> None:
    order = bought(product_with(("a.pdf", b"1"), ("b.pdf", b"22")))
    url = order_download_url(order)

    size = Client().head(url)["Content-Length"]

    assert not Download.objects.exists()
    assert int(size) == len(fetch(url).body)


def test_a_missing_file_is_said_before_anything_is_sent() -> None:
    order = bought(product_with(("a.pdf", b"1"), ("b.pdf", b"22")))
    file = ProductFile.objects.latest("pk").file
    file.storage.delete(file.name)

    assert fetch(order_download_url(order)).status_code == 403
    assert not Download.objects.exists()


def test_memory_holds_some_chunks_of_it() -> None:
    order = bought(product_with(("a.bin", b"x" * 3_000_000)))

    with patch("delivery.sending.CHUNK", 50_000):
        response: Any = Client().get(order_download_url(order))
        sizes = [len(chunk) for chunk in response.streaming_content]

    assert max(sizes) <= 50_000
    assert sum(sizes) == int(response["Content-Length"])


def test_s3_fills_it_too(s3: str) -> None:
    order = bought(product_with(("a.pdf", b"1"), ("b.pdf", b"2" * 200_000)))

    assert opened(fetch(order_download_url(order))) == {"a.pdf": b"1", "b.pdf": b"2" * 200_000}


@pytest.mark.django_db(transaction=True)
def test_one_link_in_many_processes_is_one_download_of_each_file() -> None:
    order = bought(product_with(("a.pdf", b"1"), ("b.pdf", b"2"), download_limit=1))
    url = order_download_url(order)

    answers = in_processes(lambda _number: sorted(opened(fetch(url))), 6)

    assert answers == [["a.pdf", "b.pdf"]] * 6
    assert Download.objects.count() == 2
