from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Product
from checkout.errors import OfferOver, PriceChanged
from checkout.models import DemoCharge, Offer, Order, Upsell
from checkout.upselling import take_upsell, upsell_for
from tests.checkout.test_views import csrf, words
from tests.factories import (
    give_back,
    make_offer,
    make_plan,
    make_product,
    make_user,
    paid_order,
    pending_order,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def book() -> Product:
    return make_product(2400)


@pytest.fixture
def offer(book: Product) -> Offer:
    return make_offer("upsell", make_product(1900), book, amount=900, hours=2)


def click(order: Order, offer: Offer, total: int = 900) -> Order:
    return take_upsell(order, offer.pk, client_address="10.0.0.1", shown_total=total)


def test_one_click_is_an_order_of_the_same_buyer_at_the_price_of_the_offer(
    book: Product, offer: Offer
) -> None:
    mona = make_user()
    source = paid_order(book, email="mona@example.com", country="EG", language="ar", user=mona)
    Order.objects.filter(pk=source.pk).update(referral="amal")

    order = click(source, offer)

    assert (order.email, order.country, order.language, order.user) == ("mona@example.com", "EG", "ar", mona)
    assert (order.status, order.total, order.referral, order.client_address) == (
        "pending",
        900,
        "amal",
        "10.0.0.1",
    )
    line = order.lines.get()
    assert (line.variant, line.unit_amount, line.discounts[0]["reason"]) == (offer.variant, 1900, "upsell")
    assert Upsell.objects.get().order == order


def test_sending_it_twice_is_one_order(book: Product, offer: Offer) -> None:
    source = paid_order(book)

    assert click(source, offer) == click(source, offer)
    assert Order.objects.count() == 2


def test_it_is_offered_once_an_order_and_not_after_itself(book: Product, offer: Offer) -> None:
    make_offer("upsell", make_product(700), amount=300)
    source = paid_order(book)
    shown = upsell_for(source)
    assert shown is not None
    assert (shown.offer, shown.list_amount, shown.total) == (offer, 1900, 900)

    order = click(source, offer)

    assert upsell_for(source) is None
    Order.objects.filter(pk=order.pk).update(status="paid", paid_at=timezone.now())
    order.refresh_from_db()
    assert upsell_for(order) is None


@pytest.mark.parametrize(
    "why",
    ["over", "off", "refunded", "held", "unpaid", "had before", "gift", "unpublished", "sold out", "other"],
)
def test_what_is_offered_no_more_can_not_be_clicked(book: Product, offer: Offer, why: str) -> None:
    source = paid_order(book)
    assert upsell_for(source) is not None

    spoil(source, offer, why)

    source.refresh_from_db()
    assert upsell_for(source) is None
    before = Order.objects.count()
    with pytest.raises(OfferOver):
        click(source, offer)
    assert (Order.objects.count(), Upsell.objects.count()) == (before, 0)


def spoil(source: Order, offer: Offer, why: str) -> None:
    orders = Order.objects.filter(pk=source.pk)
    if why == "over":
        orders.update(paid_at=timezone.now() - timedelta(hours=2))
    elif why == "off":
        Offer.objects.update(is_active=False)
    elif why == "refunded":
        give_back(source, 100)
    elif why == "held":
        source.hold("to look at it")
    elif why == "unpaid":
        orders.update(status="expired")
    elif why == "had before":
        paid_order(offer.variant.product)
    elif why == "gift":
        orders.update(is_gift=True)
    elif why == "unpublished":
        offer.variant.product.unpublish()
    elif why == "sold out":
        make_plan(offer.variant.product, source="codes")
    else:
        offer.products.set([make_product()])


def test_another_sum_than_shown_is_refused_and_no_posted_price_is_believed(
    book: Product, offer: Offer
) -> None:
    source = paid_order(book)

    for total in (1, 0, 1900):
        with pytest.raises(PriceChanged):
            click(source, offer, total)

    assert (Order.objects.count(), Upsell.objects.count()) == (1, 0)


def test_an_order_that_cost_nothing_offers_nothing(offer: Offer) -> None:
    offer.products.clear()

    assert upsell_for(pending_order(make_product(0))) is None


def test_a_click_on_the_page_leads_to_the_provider_used_before(
    book: Product, offer: Offer, page_client: Client
) -> None:
    source = paid_order(book)
    path = f"/orders/{source.token}/"
    assert offer.variant.product.title in words(page_client.get(path))
    form = {"offer": offer.pk, "shown_total": 900} | csrf(page_client, path)

    answers = [page_client.post(f"{path}upsells/", form) for _click in range(2)]

    order = Upsell.objects.get().order
    assert {answer["Location"] for answer in answers} == {order.payments.get().redirect_url}
    assert order.payments.get().provider == "demo"
    assert DemoCharge.objects.filter(key=order.payments.get().key).count() == 1


def test_of_a_provider_that_is_away_the_buyer_reads_words_of_ours(
    book: Product, offer: Offer, page_client: Client, settings: Any
) -> None:
    source = paid_order(book)
    path = f"/orders/{source.token}/"
    form = {"offer": offer.pk, "shown_total": 900} | csrf(page_client, path)
    source.payments.update(provider="stripe")
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_x", "whsec_x"
    settings.STRIPE_API_BASE = "http://127.0.0.1:1"

    answer = page_client.post(f"{path}upsells/", form)

    order = Upsell.objects.get().order
    assert (answer["Location"], order.status) == (order.get_absolute_url(), "pending")
    page = words(page_client.get(answer["Location"]))
    assert "This way to pay does not answer just now." in page
    assert "Stripe is not" not in page


def test_what_costs_nothing_is_there_at_once(book: Product, page_client: Client, commits: Any) -> None:
    offer = make_offer("upsell", make_product(700), book, amount=0)
    source = paid_order(book)
    path = f"/orders/{source.token}/"

    answer = page_client.post(
        f"{path}upsells/", {"offer": offer.pk, "shown_total": 0} | csrf(page_client, path)
    )

    order = Upsell.objects.get().order
    assert (answer["Location"], order.status) == (f"/orders/{order.token}/", "paid")


@pytest.mark.parametrize(
    "form", [{}, {"offer": "x"}, {"offer": "999999999999", "shown_total": "900"}, {"offer": "1" * 40}]
)
def test_nonsense_is_answered_with_words(
    book: Product, offer: Offer, page_client: Client, form: dict[str, str]
) -> None:
    source = paid_order(book)
    path = f"/orders/{source.token}/"

    answer = page_client.post(f"{path}upsells/", form | csrf(page_client, path), follow=True)

    assert "This offer is over." in words(answer)
    assert Order.objects.count() == 1


def test_without_a_token_nothing_is_ordered(book: Product, offer: Offer, page_client: Client) -> None:
    source = paid_order(book)

    answer = page_client.post(f"/orders/{source.token}/upsells/", {"offer": offer.pk, "shown_total": 900})

    assert answer.status_code == 403
    assert Order.objects.count() == 1
