"""Staff reads on an order who brought its buyer, and why that counts."""

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from affiliates.models import Program, Referral
from affiliates.telling import tell_referral
from affiliates.visits import Visit
from checkout.models import Order
from storefront.templatetags.shop import when
from tests.factories import (
    handle_events_of,
    make_affiliate,
    make_coupon,
    make_user,
    paid_order,
    referred_order,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("lost_webhooks")]
CLICKED = (timezone.now() - timedelta(days=1)).replace(microsecond=0)


def told(order: Order) -> list[tuple[str, str]]:
    return [(plain(each.words), plain(each.note)) for each in tell_referral(order, 9)]


def plain(markup: str) -> str:
    return unescape(strip_tags(markup))


def test_a_link_is_told_with_its_page_and_sub_id() -> None:
    Program.objects.create(credit="first")
    affiliate = make_affiliate(name="Amal <b>")

    order = referred_order(
        affiliate, visit=Visit(affiliate.pk, CLICKED, "link", path="/products/x/", sub_id="موجز", utm="mail")
    )

    assert told(order) == [
        (
            "Amal <b> is credited with this order.",
            f"Link, by a cookie · followed {when(CLICKED, 'time')}"
            " · The first affiliate whose link was followed · /products/x/ · sub-id موجز · mail",
        )
    ]


def test_a_coupon_is_told_by_its_code() -> None:
    affiliate, coupon = make_affiliate(name="Amal"), make_coupon("AMAL10")
    affiliate.coupons.create(coupon=coupon)
    order = paid_order(coupons=[coupon])
    handle_events_of(order)

    assert told(order) == [("Amal is credited with this order.", "Coupon · AMAL10")]


def test_an_earlier_purchase_is_told() -> None:
    Program.objects.create(is_lifetime=True)
    referred_order(make_affiliate(name="Amal"), email="mona@example.com")
    order = paid_order(email="mona@example.com")
    handle_events_of(order)

    assert told(order) == [("Amal is credited with this order.", "Earlier purchase")]


def test_a_refusal_says_why() -> None:
    affiliate = make_affiliate(name="Amal")
    order = referred_order(
        affiliate, email=affiliate.user.email, visit=Visit(affiliate.pk, CLICKED, "carried")
    )

    ((words, note),) = told(order)
    assert words == "Amal brought this order, and earns nothing by it."
    assert note.startswith("The affiliate's own e-mail address · Link, carried along · followed")


def test_the_page_of_the_order_leads_to_the_referral() -> None:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    order = referred_order(make_affiliate(name="Amal"))

    page = client.get(f"/ar/admin/checkout/order/{order.pk}/change/").content.decode()

    assert f"/ar/admin/affiliates/referral/{Referral.objects.get().pk}/change/" in page
    assert told(paid_order()) == []
