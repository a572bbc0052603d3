from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from catalog.models import Price, Product
from checkout.cart import Cart
from checkout.models import Gift, Offer, Order
from checkout.placing import place_order
from checkout.quoting import Quote, quote_cart
from tests.factories import (
    give_back,
    make_buyer,
    make_cart,
    make_offer,
    make_product,
    make_user,
    paid_order,
)

pytestmark = pytest.mark.django_db


def quoted(cart: Cart, **buyer: Any) -> Quote:
    return quote_cart(Cart(cart._session), make_buyer(**buyer))


def parts(quote: Quote) -> list[tuple[str, str, int]]:
    return [(part.reason, part.label, part.amount) for part in quote.totals.parts]


def of(product: Product) -> QuerySet[Price]:
    return Price.objects.filter(variant__product=product)


SPOIL: dict[str, Callable[[Product], object]] = {
    "draft": lambda product: Product.objects.filter(pk=product.pk).update(status="draft"),
    "variant off": lambda product: product.variants.update(is_active=False),
    "no price": lambda product: of(product).delete(),
    "no saving": lambda product: of(product).update(amount=700),
}
WAYS = ["refunded", "held", "unpaid", "line taken back", "disputed", "given away"]


class TestTogether:
    def test_the_second_costs_less_when_both_are_in_the_cart(self) -> None:
        theme, mails = make_product(3900), make_product(1200)
        make_offer("cross", mails, theme, amount=700, title_en="They match")

        alone, both = quoted(make_cart(mails)), quoted(make_cart(theme, mails))

        assert (alone.total, parts(alone)) == (1200, [])
        assert (both.total, parts(both)) == (4600, [("cross", "They match", 500)])
        assert [line.amount for line in both.lines] == [3900, 700]

    def test_a_share_off_is_rounded_half_up_for_each(self) -> None:
        theme, mails = make_product(3900), make_product(1250)
        make_offer("cross", mails, theme, rate_bps=3333)
        cart = make_cart(theme, mails)
        cart.change(theme.variants.get().pk, 3)
        cart.change(mails.variants.get().pk, 3)

        assert quoted(cart).lines[1].amount == 3 * (1250 - 417)

    def test_in_dinars_and_tomans_prices_stay_in_their_steps(self) -> None:
        theme, mails = make_product(), make_product()
        for product, amount in ((theme, 9990), (mails, 4990)):
            Price.objects.create(variant=product.variants.get(), currency="KWD", amount=amount)
        make_offer("cross", mails, theme, rate_bps=3333)
        cart = make_cart(theme, mails)
        cart.choose_currency("KWD")

        assert quoted(cart).lines[1].amount == 4990 - 1660

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"is_active": False}, id="off"),
            pytest.param({"starts_at": timezone.now() + timedelta(hours=1)}, id="not yet"),
            pytest.param({"ends_at": timezone.now() - timedelta(seconds=1)}, id="over"),
        ],
    )
    def test_it_holds_in_its_time_only(self, change: dict[str, object]) -> None:
        theme, mails = make_product(3900), make_product(1200)
        offer = make_offer("cross", mails, theme, amount=700)
        assert quoted(make_cart(theme, mails)).total == 4600

        Offer.objects.filter(pk=offer.pk).update(**change)

        assert quoted(make_cart(theme, mails)).total == 5100

    def test_it_says_nothing_in_a_currency_it_has_no_price_in(self) -> None:
        theme, mails = make_product(3900), make_product(1200)
        for product in (theme, mails):
            Price.objects.create(variant=product.variants.get(), currency="SAR", amount=4000)
        make_offer("cross", mails, theme, amount=700)
        cart = make_cart(theme, mails)
        cart.choose_currency("SAR")

        assert quoted(cart).total == 8000

    def test_it_is_suggested_while_only_the_first_is_there(self) -> None:
        theme, mails, other = make_product(3900), make_product(1200), make_product(900)
        offer = make_offer("cross", mails, theme, amount=700)
        make_offer("cross", make_product(500), other, amount=100)

        suggestions = quoted(make_cart(theme)).offered.suggestions
        assert [(each.offer, each.list_amount, each.amount) for each in suggestions] == [(offer, 1200, 700)]
        assert quoted(make_cart(theme, mails)).offered.suggestions == ()
        assert quoted(make_cart(mails)).offered.suggestions == ()

    @pytest.mark.parametrize("spoil", [SPOIL[name] for name in SPOIL], ids=list(SPOIL))
    def test_what_can_not_be_had_for_less_is_not_suggested(self, spoil: Callable[[Product], object]) -> None:
        theme, mails = make_product(3900), make_product(1200)
        make_offer("cross", mails, theme, amount=700)

        spoil(mails)

        assert quoted(make_cart(theme)).offered.suggestions == ()

    def test_the_order_keeps_why_a_line_cost_less(self) -> None:
        theme, mails = make_product(3900), make_product(1200)
        make_offer("cross", mails, theme, amount=700, title_en="They match")

        order = place_order(make_cart(theme, mails), make_buyer(), shown_total=4600)

        line = order.lines.get(variant__product=mails)
        assert (order.total, line.unit_amount, line.discount_amount, line.amount) == (4600, 1200, 500, 700)
        assert line.discounts == [{"reason": "cross", "label": "They match", "amount": 500}]


class TestEarlierBuyers:
    def test_only_whoever_is_signed_in_and_has_it_pays_less(self) -> None:
        first, second, mona = make_product(1500), make_product(2000), make_user()
        make_offer("loyal", second, first, amount=1200, title_en="Second volume")
        paid_order(first, user=mona)

        assert quoted(make_cart(second), user=mona).total == 1200
        assert parts(quoted(make_cart(second), user=mona)) == [("loyal", "Second volume", 800)]
        assert quoted(make_cart(second), user=make_user()).total == 2000
        assert quoted(make_cart(second)).total == 2000

    @pytest.mark.parametrize(
        "how", ["refunded", "held", "unpaid", "line taken back", "disputed", "given away"]
    )
    def test_what_does_not_stand_makes_nobody_an_earlier_buyer(self, how: str) -> None:
        first, second, mona = make_product(1500), make_product(2000), make_user()
        make_offer("loyal", second, first, amount=1200)
        order = paid_order(first, make_product(), user=mona)
        assert quoted(make_cart(second), user=mona).total == 1200

        take_away(order, how)

        assert quoted(make_cart(second), user=mona).total == 2000

    def test_whoever_was_given_it_counts_as_one(self) -> None:
        first, second, mona = make_product(1500), make_product(2000), make_user()
        make_offer("loyal", second, first, amount=1200)
        order = paid_order(first)
        give_to(order, mona)

        assert quoted(make_cart(second), user=mona).total == 1200


def test_a_line_has_one_offer_the_best_one() -> None:
    first, second, mona = make_product(1500), make_product(2000), make_user()
    make_offer("loyal", second, first, amount=1200)
    make_offer("cross", second, first, amount=1500)
    paid_order(first, user=mona)

    assert parts(quoted(make_cart(first, second), user=mona)) == [("loyal", "", 800)]
    assert parts(quoted(make_cart(first, second))) == [("cross", "", 500)]


def test_all_offers_of_a_full_cart_are_one_query(django_assert_num_queries: Callable[..., Any]) -> None:
    products = [make_product() for _each in range(6)]
    for number, product in enumerate(products):
        make_offer("cross", product, products[number - 1], amount=500)
    cart = Cart(make_cart(*products)._session)

    with django_assert_num_queries(4):
        assert quote_cart(cart, make_buyer()).total == 6 * 500


def take_away(order: Order, how: str) -> None:
    line = order.lines.all()[0]
    if how == "refunded":
        give_back(order)
    elif how == "held":
        order.hold("to look at it")
    elif how == "unpaid":
        Order.objects.filter(pk=order.pk).update(status="expired")
    elif how == "line taken back":
        give_back(order, line.amount, lines={line: line.amount}, revokes_access=True)
    elif how == "disputed":
        order.payments.get().disputes.create(reference="dp_1", amount=order.total, status="open")
    else:
        give_to(order, None)


def give_to(order: Order, user: User | None) -> None:
    Order.objects.filter(pk=order.pk).update(is_gift=True)
    gift = Gift.objects.create(order=order, giver="Sara", name="Mona", email="mona@example.com")
    if user:
        gift.claim_for(user.pk)
