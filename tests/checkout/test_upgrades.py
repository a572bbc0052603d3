"""An upgrade that is put in the cart, or can't be."""

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore

from catalog.models import Price
from checkout.cart import Cart
from checkout.errors import CartNotUsable
from checkout.upgrades import choose_upgrade
from tests.delivery.editions import Shop
from tests.factories import make_product


@pytest.mark.django_db
def test_where_the_cart_cannot_change_its_currency_it_holds_what_it_held() -> None:
    shop = Shop()
    line, euros = shop.bought(), make_product(None).variants.get()
    for variant in (shop.five, euros):
        Price.objects.create(variant=variant, currency="EUR", amount=3500)
    cart = Cart(SessionStore())
    cart.take_over(euros.pk, "EUR", "")

    with pytest.raises(CartNotUsable, match="in that currency"):
        choose_upgrade(cart, shop.mona, line.pk, shop.five.pk)

    assert (cart.quantities, cart.currency, cart.upgrades) == ({euros.pk: 1}, "EUR", {})
