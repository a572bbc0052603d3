"""The doors of gifts: the recipient's page, and what the buyer does on the page of the order."""

from typing import Any

import pytest
from django.test import Client

from checkout.placing import place_order
from delivery.models import Activation, License
from storefront.models import OutgoingMail
from tests.checkout.test_views import csrf, words
from tests.delivery.test_gifting import accepted, counts, gift_of, given
from tests.factories import make_buyer, make_cart

pytestmark = pytest.mark.django_db


def test_looking_accepts_nothing_and_a_post_does(page_client: Client, commits: Any) -> None:
    gift = given()
    path = f"/gifts/{gift.token}/"
    page = words(page_client.get(path))
    assert "A gift from <bdi>Sara</bdi>" in page
    assert "Happy Nowruz<br>Sara" in page
    assert gift_of(gift.order).claimed_at is None
    assert page_client.post(path).status_code == 403

    with commits():
        answer = page_client.post(path, csrf(page_client, path))

    assert (answer["Location"], counts()) == (path, (2, 1))
    answer = page_client.get(path)
    assert words(answer).count('class="download"') == 2
    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"


def test_the_recipient_frees_places_and_the_buyer_does_not(page_client: Client) -> None:
    gift = accepted(given())
    license_ = License.objects.get()
    activation = Activation.objects.create(license=license_, instance="one.com", name="one.com")
    path = f"/gifts/{gift.token}/"
    form = csrf(page_client, path)

    refused = page_client.post(f"/orders/{gift.order.token}/activations/{activation.uid}/", form)
    assert (refused.status_code, Activation.objects.in_use().count()) == (404, 1)
    answer = page_client.post(f"{path}activations/{activation.uid}/", form)
    assert answer["Location"] == f"{path}#license-{license_.pk}"
    assert not Activation.objects.in_use().exists()


def test_the_buyer_corrects_sends_again_and_keeps(page_client: Client, commits: Any) -> None:
    gift = given()
    path = f"/orders/{gift.order.token}/"
    form = csrf(page_client, path)
    bad = page_client.post(f"{path}gift/address/", form | {"name": "Mona", "email": "mona@"})
    assert "is not complete" in words(bad)
    assert 'value="mona@"' in words(bad)

    with commits():
        page_client.post(f"{path}gift/address/", form | {"name": "Mona", "email": "mona@example.org"})
    with commits():
        page_client.post(f"{path}gift/mails/", form)
    assert OutgoingMail.objects.filter(to="mona@example.org").count() == 2

    with commits():
        page_client.post(f"{path}gift/keeping/", form)
    assert words(page_client.get(path)).count('class="download"') == 2


@pytest.mark.parametrize("door", ["gift/mails/", "gift/address/", "gift/keeping/"])
def test_an_order_that_is_no_gift_says_so(page_client: Client, door: str) -> None:
    order = place_order(make_cart(), make_buyer())
    path = f"/orders/{order.token}/"
    form = csrf(page_client, "/accounts/login/") | {"name": "X", "email": "x@example.com"}

    answer = page_client.post(f"{path}{door}", form, follow=True)

    assert "There is nothing to give in this order." in words(answer)


def test_an_unknown_link_is_not_found() -> None:
    assert Client().get("/gifts/nobody-knows/").status_code == 404
