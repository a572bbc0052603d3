import pytest

from catalog.models import Product
from checkout.models import Offer
from checkout.quoting import quote_cart
from demo.loading import load_demo
from demo.offers import shop_offers
from tests.factories import make_buyer, make_cart

pytestmark = pytest.mark.django_db


def test_every_title_stands_in_three_languages() -> None:
    for offer in shop_offers():
        assert set(offer["title"]) == {"en", "ar", "fa"}
        assert len(set(offer["title"].values())) == 3


def test_the_demo_shows_an_offer_of_each_kind_once_and_in_all_its_currencies() -> None:
    load_demo()
    load_demo()

    assert {offer.kind for offer in Offer.objects.all()} == set(Offer.Kind.values)
    assert Offer.objects.count() == len(shop_offers())
    for currency in ("USD", "EUR", "SAR"):
        for offer in Offer.objects.priced_in(currency).exclude(kind="upgrade"):
            amount, list_amount = offer.unit_amount, vars(offer)["list_amount"]
            assert amount is not None
            assert amount < list_amount
    theme = Product.objects.get(slug="khayma-theme")
    assert quote_cart(make_cart(theme), make_buyer()).offered.suggestions[0].amount == 700
