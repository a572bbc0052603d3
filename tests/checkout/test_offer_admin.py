from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from checkout.models import Offer, OfferPrice
from checkout.offer_words import say_offer
from tests.checkout.test_views import csrf, words
from tests.delivery.test_gifting import given
from tests.factories import (
    make_bundle,
    make_offer,
    make_open_price,
    make_product,
    make_user,
    make_variant,
)

pytestmark = pytest.mark.django_db
ADD = "/admin/checkout/offer/add/"


@pytest.fixture
def staff(page_client: Client) -> Client:
    page_client.force_login(make_user("staff@example.com", is_staff=True, is_superuser=True))
    return page_client


def send(staff: Client, path: str = ADD, **fields: Any) -> Any:
    form = {"kind": "cross", "is_active": "on", "hours": "24", "title_en": "They match"} | fields
    return staff.post(path, form | csrf(staff, path))


def test_staff_makes_an_offer_and_reads_what_it_does(staff: Client) -> None:
    theme, mails = make_product(3900, title_en="Khayma"), make_product(1200, title_en="Nameh")

    send(
        staff,
        products=theme.pk,
        variant=mails.variants.get().pk,
        amount="۷٫۵۰",
        other_prices="EUR 7.00",
        ends_at_0="2030-01-02",
        ends_at_1="10:00:00",
    )

    offer = Offer.objects.get()
    assert set(OfferPrice.objects.values_list("currency", "amount")) == {("USD", 750), ("EUR", 700)}
    page = words(staff.get(f"/admin/checkout/offer/{offer.pk}/change/"))
    assert "Whoever has <bdi>Khayma</bdi> in the cart gets <bdi>Nameh</bdi>" in page
    assert 'value="7.50"' in page
    assert "EUR 7.00" in page
    assert "It holds until" in words(staff.get("/admin/checkout/offer/"))


def test_a_share_instead_takes_the_prices_away(staff: Client) -> None:
    theme, mails = make_product(), make_product()
    offer = make_offer("cross", mails, theme, amount=700)
    path = f"/admin/checkout/offer/{offer.pk}/change/"

    send(staff, path, products=theme.pk, variant=offer.variant_id, percent="12.5")

    offer.refresh_from_db()
    assert (offer.rate_bps, offer.prices.count()) == (1250, 0)
    assert 'value="12.5"' in words(staff.get(path))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"products": ""}, "at least one product"),
        ({"amount": ""}, "Give a price"),
        ({"percent": "10"}, "not both"),
        ({"amount": "", "percent": "101"}, "less than or equal to 100"),
        ({"amount": "12.345"}, "at most 2 decimals"),
        ({"kind": "upgrade"}, "leave price and percent empty"),
        ({"kind": "upgrade", "amount": "", "products": ""}, "Choose what buyers have"),
        ({"former": "variant"}, "Only an upgrade"),
        (
            {
                "starts_at_0": "2030-01-02",
                "starts_at_1": "10:00",
                "ends_at_0": "2030-01-01",
                "ends_at_1": "10:00",
            },
            "after it begins",
        ),
    ],
)
def test_half_an_offer_is_refused(staff: Client, fields: dict[str, Any], said: str) -> None:
    theme, mails = make_product(), make_product()
    if fields.get("former"):
        fields = {"former": str(make_variant(theme, 900).pk)}
    whole: dict[str, Any] = {"products": theme.pk, "variant": mails.variants.get().pk, "amount": "7.50"}

    page = words(send(staff, **{name: value for name, value in (whole | fields).items() if value}))

    assert said in page
    assert not Offer.objects.exists()


@pytest.mark.parametrize(
    ("make", "fields", "said"),
    [
        (make_open_price, {"amount": "7.50"}, "Buyers name the price"),
        (make_bundle, {"kind": "upgrade"}, "no upgrade is needed"),
    ],
)
def test_what_can_not_be_offered_is_refused(staff: Client, make: Any, fields: Any, said: str) -> None:
    variant = make().variants.get()

    page = words(send(staff, products=make_product().pk, variant=variant.pk, **fields))

    assert said in page
    assert not Offer.objects.exists()


@pytest.mark.parametrize("language", ["en", "ar", "fa"])
@pytest.mark.parametrize("kind", Offer.Kind.values)
def test_each_kind_has_its_sentence_in_each_language(language: str, kind: str) -> None:
    first, second = make_product(title_en="First"), make_product(title_en="Second")
    amount = None if kind == "upgrade" else 700
    offer = make_offer(kind, second, first, amount=amount, is_active=False, starts_at=timezone.now())

    with override(language):
        said = say_offer(offer)

    assert "<bdi>First</bdi>" in said
    assert "<bdi>Second</bdi>" in said
    assert "%(" not in said
    if language != "en":
        assert "Whoever" not in said


def test_staff_sends_a_gift_again_and_reads_its_story(staff: Client, commits: Any) -> None:
    gift = given()
    page = f"/admin/checkout/order/{gift.order_id}/change/"
    assert "A gift for <bdi>Mona</bdi>" in words(staff.get(page))

    with commits():
        staff.post(f"/admin/checkout/order/{gift.order_id}/gift/", csrf(staff, page))

    assert "had the gift sent to" in words(staff.get(page))
    assert gift.token not in words(staff.get(f"/admin/checkout/gift/{gift.pk}/change/"))
    assert "sent, not accepted yet" in words(staff.get("/admin/checkout/gift/"))
