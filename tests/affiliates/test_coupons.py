"""An affiliate's coupon wins over any link; buyers who refer friends earn coupons, by the same ledger."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from affiliates.errors import NotNow
from affiliates.friends import give_credits, invite
from affiliates.joining import Application, apply
from affiliates.ledger import adjust, balances
from affiliates.models import Affiliate, AffiliateCoupon, LedgerEntry, Payout, Program, Rate, Referral
from affiliates.payouts import due
from affiliates.proving import breaches
from affiliates.visits import Visit, sign
from checkout.models import Coupon, Order
from checkout.placing import place_order
from storefront.models import OutgoingMail
from tests.factories import (
    handle_events_of,
    make_affiliate,
    make_buyer,
    make_cart,
    make_coupon,
    make_product,
    make_user,
    paid_order,
    pay,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("lost_webhooks")]


@pytest.fixture(autouse=True)
def _proven(lost_webhooks: None) -> Any:
    yield
    assert list(breaches()) == []


def bought_with(coupon: Coupon | None, visit: Visit | None = None, **buyer: Any) -> Order:
    cart = make_cart(make_product(1000, refund_days=0), coupons=[coupon] if coupon else [])
    if visit:
        cart._session["referral"] = sign(visit)
    order = pay(place_order(cart, make_buyer(**buyer)))
    handle_events_of(order)
    return order


def test_the_coupon_wins_over_the_link() -> None:
    amal, rami = make_affiliate("amal"), make_affiliate("rami")
    coupon = make_coupon("AMAL10")
    AffiliateCoupon.objects.create(affiliate=amal, coupon=coupon)

    bought_with(coupon, Visit.now(rami.pk, "link", path="/products/x/"))
    bought_with(coupon, Visit.now(amal.pk, "link", path="/products/y/"), email="two@example.com")
    bought_with(coupon, email="three@example.com")
    bought_with(make_coupon("OTHER"), Visit.now(rami.pk, "link"), email="four@example.com")

    assert list(
        Referral.objects.order_by("pk").values_list("affiliate", "way", "coupon", "path", "lines__commission")
    ) == [
        (amal.pk, "coupon", "AMAL10", "", 180),  # of 900, after the discount
        (amal.pk, "coupon", "AMAL10", "/products/y/", 180),
        (amal.pk, "coupon", "AMAL10", "", 180),
        (rami.pk, "link", "", "", 180),
    ]


def test_ones_own_coupon_earns_nothing_for_oneself() -> None:
    affiliate = make_affiliate(user=make_user("me@example.com"))
    coupon = make_coupon()
    AffiliateCoupon.objects.create(affiliate=affiliate, coupon=coupon)

    bought_with(coupon, email="m.e+x@example.com")
    bought_with(coupon, email="me+x@example.com")

    assert list(Referral.objects.order_by("pk").values_list("refusal", flat=True)) == ["", "own_email"]


def test_a_coupon_may_have_a_rate_of_its_own() -> None:
    affiliate, coupon = make_affiliate(), make_coupon()
    AffiliateCoupon.objects.create(affiliate=affiliate, coupon=coupon)
    Rate.objects.create(affiliate=affiliate, percent_bps=3000)
    Rate.objects.create(coupon=coupon, percent_bps=500)

    bought_with(coupon)
    bought_with(None, Visit.now(affiliate.pk, "link"), email="two@example.com")

    assert [line.commission for line in credited_lines()] == [45, 300]


def credited_lines() -> list[Any]:
    return [referral.lines.get() for referral in Referral.objects.order_by("pk")]


def test_the_affiliate_sees_their_coupons(client: Client) -> None:
    affiliate = make_affiliate("amal")
    AffiliateCoupon.objects.create(affiliate=affiliate, coupon=make_coupon("رمضان"))
    client.force_login(affiliate.user)

    page = client.get("/affiliates/creatives/").content.decode()

    assert "رمضان" in page
    assert "?coupon=%D8%B1%D9%85%D8%B6%D8%A7%D9%86&amp;ref=amal" in page


# --- Friends -----------------------------------------------------------------------------------------


def a_buyer(client: Client) -> Any:
    user = make_user("mona@example.com")
    handle_events_of(paid_order(email=user.email, user=user))
    client.force_login(user)
    return user


def test_a_buyer_has_a_link_and_what_it_earns_becomes_a_coupon(client: Client) -> None:
    user = a_buyer(client)
    Program.objects.create(friends_are_on=True, friend_coupon=make_coupon("FRIEND"), friend_rate_bps=1500)
    client.post("/affiliates/friends/")
    client.post("/affiliates/friends/")
    friend = Affiliate.objects.get()
    page = client.get("/affiliates/friends/").content.decode()
    assert f"/r/{friend.code}/?coupon=FRIEND" in page

    order = bought_with(
        Program.load().friend_coupon, Visit.now(friend.pk, "link"), email="friend@example.com"
    )
    assert due() == []
    assert give_credits() == 1
    assert give_credits() == 0

    payout, coupon = Payout.objects.get(), Coupon.objects.exclude(code="FRIEND").get()
    assert order.total == 900
    assert (payout.amount, payout.status, payout.reference) == (135, "paid", coupon.code)
    assert (coupon.amounts, coupon.email, coupon.max_uses) == ({"USD": 135}, user.email, 1)
    assert coupon.code in OutgoingMail.objects.get(cause=f"affiliate.credit:{payout.pk}").text
    assert balances(friend)[0].available == 0
    assert "friend@example.com" not in client.get("/affiliates/friends/").content.decode()


def test_a_coupon_is_given_after_the_hold_and_a_dead_worker_leaves_no_gap(monkeypatch: Any) -> None:
    Program.objects.create(friends_are_on=True)
    friend = make_affiliate(kind="friend", method="credit")
    cart = make_cart(make_product(1000, refund_days=14))
    cart._session["referral"] = sign(Visit.now(friend.pk, "link"))
    handle_events_of(pay(place_order(cart, make_buyer())))
    assert give_credits() == 0

    real = timezone.now
    monkeypatch.setattr("django.utils.timezone.now", lambda: real() + timedelta(days=15))
    monkeypatch.setattr("affiliates.friends._give", lambda payout: False)
    give_credits()
    assert (Payout.objects.get().status, Coupon.objects.count()) == ("pending", 0)
    monkeypatch.undo()
    monkeypatch.setattr("django.utils.timezone.now", lambda: real() + timedelta(days=15))

    assert give_credits() == 1
    assert Coupon.objects.get().amounts == {"USD": 100}


def test_links_for_friends_are_for_buyers_while_they_are_on(client: Client) -> None:
    with pytest.raises(NotNow):
        invite(make_user(), language="en")
    user = a_buyer(client)
    with pytest.raises(NotNow):
        invite(user, language="en")
    assert client.post("/affiliates/friends/").status_code == 200
    assert not Affiliate.objects.exists()

    Program.objects.create(friends_are_on=True)
    invite(user, language="en")
    for path in ("ledger/", "payouts/", "creatives/"):
        assert client.get(f"/affiliates/{path}").status_code == 404
    assert client.get("/affiliates/")["Location"] == "/affiliates/friends/"


def test_a_friend_who_applies_becomes_an_affiliate_and_keeps_what_was_earned() -> None:
    friend = make_affiliate(kind="friend", method="credit")
    adjust(friend, 300, "USD", reason="A gift", by=make_user(), key="1")

    affiliate = apply(friend.user, Application("Mona", "mona", "fa"))

    assert (affiliate.pk, affiliate.kind, affiliate.status) == (friend.pk, "affiliate", "pending")
    assert (affiliate.code, affiliate.method, affiliate.wants_digest) == ("mona", "", True)
    assert balances(affiliate)[0].available == 300
    assert LedgerEntry.objects.count() == 1
