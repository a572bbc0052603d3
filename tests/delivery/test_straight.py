"""What is answered before sessions, accounts and the rest that only pages need."""

import json
from typing import Any

import pytest
from django.conf import settings as shop_settings
from django.test import Client

from delivery.links import download_url, order_download_url
from delivery.models import Download, DownloadGrant
from tests.factories import handle_events_of, make_license, paid_order

pytestmark = pytest.mark.django_db
BROKEN: dict[str, Any] = {
    "data": b"--x\r\nno head",
    "content_type": "multipart/form-data",
}  # names no boundary
LONG: dict[str, Any] = {"data": json.dumps({"key": "k" * 3_000_000}), "content_type": "application/json"}


@pytest.fixture
def client() -> Client:
    """A browser that says it has a session, which must not be looked for."""
    client = Client()
    client.cookies[shop_settings.SESSION_COOKIE_NAME] = "a-session-that-is-none"
    return client


@pytest.fixture
def grant() -> DownloadGrant:
    handle_events_of(paid_order())
    return DownloadGrant.objects.get()


def test_a_file_is_sent_in_three_queries_and_gone_on_with_in_one(
    client: Client, grant: DownloadGrant, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.X_ACCEL_LOCATION = "/private/"
    url = download_url(grant)

    with django_assert_num_queries(3 + 2):  # and a savepoint
        first = client.get(url)
    with django_assert_num_queries(1):
        again = client.get(url, headers={"Range": "bytes=5-"})

    for answer in (first, again):
        assert answer["X-Accel-Redirect"].startswith("/private/products/")
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "Vary" not in answer
        assert not answer.cookies
    assert Download.objects.count() == 1


@pytest.mark.parametrize("url_of", [download_url, lambda grant: order_download_url(grant.line.order)])
def test_a_link_is_only_read(client: Client, grant: DownloadGrant, url_of: Any) -> None:
    assert [client.post(url_of(grant)).status_code, client.delete(url_of(grant)).status_code] == [405, 405]
    assert not Download.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "/downloads/",
        "/downloads/x",
        "/downloads/x/y/",
        "/de/downloads/x/",
        "/en/downloads/x/",
        "/downloads/order/",
        "/api/",
        "/api/v1/licenses/",
        "/v1/licenses/x",
    ],
)
def test_other_addresses_are_not_found(client: Client, path: str) -> None:
    assert client.get(path, follow=True).status_code == 404


@pytest.mark.parametrize("body", [BROKEN, LONG])
@pytest.mark.parametrize("path", ["/api/v1/licenses/activate/", "/v1/licenses/validate", "/api/edd/"])
def test_programs_get_their_own_words_for_a_body_that_is_none(
    client: Client, path: str, body: dict[str, Any]
) -> None:
    answer = client.post(path, **body)

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")
    assert "no-store" in answer["Cache-Control"]


def test_a_broken_form_at_the_root_is_refused(client: Client) -> None:
    assert client.post("/", **BROKEN).status_code == 400


def test_programs_ask_for_no_session(client: Client, django_assert_num_queries: Any) -> None:
    license_ = make_license()
    client.post("/v1/licenses/validate", {"license_key": license_.key})

    with django_assert_num_queries(1):
        answer = client.post("/v1/licenses/validate", {"license_key": license_.key})

    assert answer.json()["valid"] is True
    assert not answer.cookies
