"""What the checkout asks besides e-mail and country: a box for one more thing, and whether it is a gift."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from checkout.models import Gift, Offer, Order
from checkout.placing import place_order
from tests.checkout.test_views import MONA, check_out, csrf, put_in_cart, words
from tests.factories import make_buyer, make_cart, make_offer, make_plan, make_product

pytestmark = pytest.mark.django_db
SEND = {"gift-is_gift": "on", "gift-giver": "Sara", "gift-name": "Mona", "gift-email": "mona@example.org"}


@pytest.fixture
def bump(page_client: Client) -> Offer:
    """A checkout that offers a book of 19.00 for 9.00 beside one of 24.00."""
    book = make_product(2400)
    offer = make_offer("bump", make_product(1900), book, amount=900, title_en="The exercises")
    put_in_cart(page_client, book)
    return offer


class TestBump:
    def test_the_box_says_what_it_adds_and_for_how_much(self, page_client: Client, bump: Offer) -> None:
        page = words(page_client.get("/checkout/"))

        assert f'name="bump" value="{bump.pk}">' in page
        assert "The exercises" in page
        assert "$9.00" in page
        assert 'name="shown_total" value="2400"' in page

    def test_ticked_it_is_in_the_cart_and_the_new_sum_is_shown_before_anything_is_paid(
        self, page_client: Client, bump: Offer
    ) -> None:
        ticked = {"bump": str(bump.pk), "shown_total": "2400", "email": "m@example.com"}
        page = words(check_out(page_client, **ticked))

        assert "The sum has changed" in page
        assert 'name="shown_total" value="3300"' in page
        assert 'value="m@example.com"' in page
        assert f'value="{bump.pk}" checked>' in page
        assert not Order.objects.exists()

        check_out(page_client, **ticked | {"shown_total": "3300"})
        order = Order.objects.get()
        assert order.total == 3300
        line = order.lines.get(variant=bump.variant)
        assert (line.amount, line.discounts) == (
            900,
            [{"reason": "bump", "label": "The exercises", "amount": 1000}],
        )

    def test_emptied_it_leaves_the_cart(self, page_client: Client, bump: Offer) -> None:
        check_out(page_client, bump=str(bump.pk))

        page = words(check_out(page_client, shown_total="3300"))

        assert 'name="shown_total" value="2400"' in page
        assert "The sum has changed" in page
        check_out(page_client, shown_total="2400")
        assert Order.objects.get().total == 2400

    def test_a_repricing_tells_the_sum_and_says_nothing_of_what_is_not_typed_yet(
        self, page_client: Client, bump: Offer
    ) -> None:
        page = words(check_out(page_client, bump=str(bump.pk), reprice="1", email="", country=""))

        assert 'name="shown_total" value="3300"' in page
        assert "We need an e-mail address" not in page
        assert not Order.objects.exists()

    def test_the_price_is_for_the_one_that_the_box_adds(self, page_client: Client, bump: Offer) -> None:
        check_out(page_client, bump=str(bump.pk))
        put_in_cart(page_client, bump.variant.product, "2")

        check_out(page_client, bump=str(bump.pk))

        assert Order.objects.get().total == 2400 + 900 + 2 * 1900

    def test_without_what_brings_it_about_it_costs_its_own_price(
        self, page_client: Client, bump: Offer
    ) -> None:
        check_out(page_client, bump=str(bump.pk))
        book = bump.products.get().variants.get()

        page_client.post(f"/cart/lines/{book.pk}/", {"quantity": 0} | csrf(page_client, "/cart/"))

        assert "$19.00" in words(page_client.get("/cart/"))

    @pytest.mark.parametrize("kind", ["upsell", "loyal", "cross"])
    def test_only_a_bump_can_be_ticked(self, page_client: Client, kind: str) -> None:
        book = make_product(2400)
        offer = make_offer(kind, make_product(1900), book, amount=1)
        put_in_cart(page_client, book)

        check_out(page_client, bump=str(offer.pk))

        assert Order.objects.get().total == 2400

    @pytest.mark.parametrize("typed", ["x", "-1", "9" * 50, "\u0661"])
    def test_nonsense_ticks_nothing(self, page_client: Client, bump: Offer, typed: str) -> None:
        check_out(page_client, bump=typed)

        assert Order.objects.get().total == 2400

    def test_what_is_sold_out_is_said(self, page_client: Client, bump: Offer) -> None:
        make_plan(bump.variant.product, source="codes")

        page = words(check_out(page_client, bump=str(bump.pk)))

        assert "This is sold out for now." in page
        assert not Order.objects.exists()


class TestGift:
    def test_the_order_is_for_somebody_else(self, page_client: Client) -> None:
        put_in_cart(page_client, make_product())
        day = timezone.localdate() + timedelta(days=9)

        check_out(page_client, **SEND, **{"gift-message": "For you\r\nSara", "gift-day": day.isoformat()})

        gift = Gift.objects.get()
        assert (gift.giver, gift.name, gift.email, gift.message, gift.day) == (
            "Sara",
            "Mona",
            "mona@example.org",
            "For you\nSara",
            day,
        )
        assert (gift.order.email, gift.order.is_gift) == (MONA["email"], True)
        assert len(gift.token) >= 43

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"gift-name": ""}, "whom it is for"),
            ({"gift-giver": " \u202e "}, "whom it is from"),
            ({"gift-email": "mona@"}, "is not complete"),
            ({"gift-day": "2020-01-01"}, "within the next year"),
            ({"gift-day": "9999-01-01"}, "within the next year"),
            ({"gift-day": "tomorrow"}, "Please choose a day"),
            ({"gift-message": "x" * 1001}, "at most 1000"),
            ({"gift-is_gift": ""}, "Is it a gift?"),
        ],
    )
    def test_what_is_missing_is_said_and_what_was_typed_stays(
        self, page_client: Client, change: dict[str, str], said: str
    ) -> None:
        put_in_cart(page_client, make_product())
        typed = {name: value for name, value in (SEND | change).items() if value or name != "gift-is_gift"}

        page = words(check_out(page_client, **typed))

        assert said in page
        assert '<details class="fold gift" open>' in page
        assert 'value="Sara"' in page or "gift-giver" in change
        assert not Order.objects.exists()

    def test_nothing_free_is_given(self, page_client: Client) -> None:
        put_in_cart(page_client, make_product(0))
        assert "gift-email" not in words(page_client.get("/checkout/"))

        check_out(page_client, provider="", **SEND)

        assert not Order.objects.get().is_gift

    @pytest.mark.parametrize("change", [{"gift-email": "m2@example.org"}, {"gift-message": "Another"}])
    def test_turning_back_and_changing_it_makes_another_order(
        self, page_client: Client, change: dict[str, str]
    ) -> None:
        put_in_cart(page_client, make_product())

        for typed in (SEND, SEND, SEND | change, {}):
            check_out(page_client, **typed)

        assert [order.is_gift for order in Order.objects.order_by("pk")] == [True, True, False]


@pytest.mark.parametrize("path", ["/cart/", "/ar/cart/", "/fa/cart/"])
def test_the_cart_suggests_with_one_button(page_client: Client, path: str) -> None:
    theme, mails = make_product(3900), make_product(1200)
    make_offer("cross", mails, theme, amount=700, title_en="They match")
    put_in_cart(page_client, theme)
    assert "They match" in words(page_client.get(path))

    put_in_cart(page_client, mails)

    page = words(page_client.get(path))
    assert 'class="suggestions"' not in page
    assert 'class="good"' in page


def test_an_upgrade_is_asked_for_by_its_owner_alone(page_client: Client) -> None:
    form = csrf(page_client, "/accounts/login/") | {"line": "1", "variant": "1"}

    assert "/accounts/" in page_client.post("/cart/upgrades/", form)["Location"]


def test_placing_a_gift_asks_no_more_than_two_queries_besides(
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    from checkout.gifts import GiftWish

    cart = make_cart()
    with django_assert_max_num_queries(18):
        place_order(cart, make_buyer(), gift=GiftWish("Sara", "Mona", "mona@example.org"))
