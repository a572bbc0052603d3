from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from checkout.errors import CartNotUsable
from checkout.gifts import GiftWish, accept
from checkout.models import DemoCharge, Gift, Order
from checkout.payments import expire_order, sync_payment
from checkout.placing import place_order
from checkout.providers import demo
from checkout.providers.base import RefundResult, RefundState
from checkout.refunds import settle_refund
from delivery.codes import give_codes_back, load_codes, reasons_not_to_sell
from delivery.errors import CodesNotUsable
from delivery.licensing import issue_licenses
from delivery.models import Code, License, LicensePlan
from storefront.models import OutgoingMail
from tests.factories import (
    give_back,
    handle_events_of,
    make_buyer,
    make_cart,
    make_license,
    make_plan,
    paid_order,
    pending_order,
    started_payment,
)

pytestmark = pytest.mark.django_db


def pool(*codes: str, **fields: Any) -> LicensePlan:
    plan = make_plan(source="codes", **fields)
    if codes:
        load_codes(plan, "\n".join(codes).encode())
    return plan


def pay(order: Order) -> None:
    payment = started_payment(order)
    demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
    sync_payment(payment)
    handle_events_of(order)
    order.refresh_from_db()


# --- Loading -------------------------------------------------------------------------------------


def test_a_list_is_taken_with_a_report_of_each_row() -> None:
    plan = pool("AAAA-1111")
    other = make_license()
    rows = [
        "number;Code",
        "1;BBBB-2222",
        "2;aaaa 1111",
        "3;",
        "4;bbbb2222",
        f"5;{other.key}",
        "6;رمز-٣٤",
        ";",
    ]

    report = load_codes(plan, "\r\n".join(rows).encode("utf-8-sig"))

    assert (report.taken, report.duplicates, report.refused) == (2, [3, 5, 6], [4])
    assert set(plan.codes.values_list("text", flat=True)) == {"AAAA-1111", "BBBB-2222", "رمز-٣٤"}


def test_a_plain_list_without_a_head_is_taken_too() -> None:
    plan = pool()

    report = load_codes(plan, b"one-1\n\ntwo-2\n" + b"x" * 201 + b"\n---\n")

    assert (report.taken, report.duplicates, report.refused) == (2, [], [4, 5])


def test_the_same_list_twice_is_taken_once() -> None:
    _plan, other = pool("one-1", "two-2"), pool()

    report = load_codes(other, b"one-1\ntwo-2\n")

    assert (report.taken, report.duplicates) == (0, [1, 2])
    assert Code.objects.count() == 2


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"%PDF-1.7 \x80", b"a\x00b\xff", b"x" * 10_000_001])
def test_what_is_no_list_is_refused(content: bytes) -> None:
    plan = pool()

    with pytest.raises(CodesNotUsable):
        load_codes(plan, content)
    assert not Code.objects.exists()


# --- The sale ------------------------------------------------------------------------------------


def test_a_sold_code_is_the_key_of_the_licence_and_is_sold_once() -> None:
    plan = pool("one-1", "two-2", "three-3")
    first, second = paid_order(plan.product), paid_order(plan.product)

    for order in (first, second, first):
        handle_events_of(order)
        issue_licenses(order.events.get(name="order.paid"))

    assert list(License.objects.order_by("pk").values_list("key", flat=True)) == ["one-1", "two-2"]
    assert License.objects.get(key="one-1").code.line == first.lines.get()
    assert plan.codes.free().get().text == "three-3"


def test_an_empty_pool_stops_the_sale_in_the_cart_and_at_the_checkout() -> None:
    plan = pool("one-1")
    variant, client = plan.product.variants.get(), Client()

    client.post("/cart/lines/", {"variant": variant.pk, "quantity": 1})
    assert client.get("/checkout/").status_code == 200
    pending_order(plan.product)

    assert "This is sold out for now." in client.get("/cart/").content.decode()
    assert client.get("/checkout/").status_code == 302
    refused = client.post("/cart/lines/", {"variant": variant.pk, "quantity": 1}, follow=True)
    assert "This is sold out for now." in refused.content.decode()
    assert Order.objects.count() == 1


def test_more_than_there_are_can_not_be_bought() -> None:
    plan = pool("one-1", "two-2")
    variant = plan.product.variants.get()
    cart = make_cart(plan.product)

    with pytest.raises(CartNotUsable, match=r"Only 2 of this are left\."):
        cart.add(variant, 2)
    assert cart.count == 1
    cart.change(variant.pk, 3)
    assert [(line.problem, line.unit_amount) for line in cart.lines] == [("Only 2 of this are left.", 0)]
    assert reasons_not_to_sell({variant: 2}) == {}


def test_who_comes_second_for_the_last_code_gets_no_order() -> None:
    plan = pool("one-1")
    slow = make_cart(plan.product)
    assert slow.lines[0].problem == ""
    pending_order(plan.product)

    with pytest.raises(CartNotUsable, match="sold out"):
        place_order(slow, make_buyer("slow@example.com"))

    assert Order.objects.count() == 1


def test_an_order_that_nobody_pays_gives_its_codes_back() -> None:
    plan = pool("one-1")
    order = pending_order(plan.product)
    assert not plan.codes.free().exists()

    Order.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    order.refresh_from_db()
    expire_order(order)
    handle_events_of(order)

    assert plan.codes.free().count() == 1


def test_a_late_payment_keeps_its_codes_where_they_are_still_there() -> None:
    plan = pool("one-1")
    order = pending_order(plan.product)
    payment = started_payment(order)
    order.expire()
    give_codes_back(order.events.get(name="order.expired"))

    demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
    sync_payment(payment)
    handle_events_of(order)
    give_codes_back(order.events.get(name="order.expired"))

    assert License.objects.get().key == "one-1"
    assert not plan.codes.free().exists()


def test_a_late_payment_without_codes_waits_for_staff_and_nothing_is_sent() -> None:
    plan = pool("one-1")
    late = pending_order(plan.product)
    payment = started_payment(late)
    late.expire()
    handle_events_of(late)
    pay(pending_order(plan.product))
    OutgoingMail.objects.all().delete()

    demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
    sync_payment(payment)
    late.refresh_from_db()
    handle_events_of(late)

    late.refresh_from_db()
    assert late.is_held
    assert "Codes missing: 1" in late.held_reason
    assert not License.objects.filter(line__order=late).exists()
    assert not OutgoingMail.objects.filter(cause__startswith="order.delivered").exists()

    load_codes(plan, b"two-2")
    late.release()
    handle_events_of(late)

    assert License.objects.get(line__order=late).key == "two-2"
    assert OutgoingMail.objects.filter(cause=f"order.delivered:{late.pk}").count() == 1


def test_a_gift_that_is_refunded_before_it_was_accepted_gives_its_codes_back() -> None:
    plan = pool("AAAA-1111")
    wish = GiftWish(giver="Sara", name="Mona", email="mona@example.com")
    order = place_order(make_cart(plan.product), make_buyer(), gift=wish)
    pay(order)
    assert not Code.objects.free().exists()

    refund = give_back(order)
    handle_events_of(order)
    assert Code.objects.free().count() == 1

    settle_refund(refund, RefundResult(RefundState.FAILED, refund.key, refund.amount, refund.key))
    handle_events_of(order)
    accept(Gift.objects.select_related("order").get(), None)
    handle_events_of(order)
    assert License.objects.get().key == "AAAA-1111"


def test_a_refunded_code_is_not_sold_again() -> None:
    plan = pool("one-1")
    order = paid_order(plan.product)
    handle_events_of(order)
    Order.objects.update(status=Order.Status.REFUNDED)
    issue_licenses(order.events.get(name="order.paid"))

    assert License.objects.get().standing == "revoked"
    assert not plan.codes.free().exists()


def test_staff_is_told_once_of_a_low_stock_and_once_of_none(settings) -> None:
    settings.ADMINS = [("Staff", "staff@example.com")]
    plan = pool("a1", "b2", "c3", "d4", low_stock=2)

    told = []
    for _each in range(4):
        pending_order(plan.product)
        told.append(OutgoingMail.objects.filter(cause__startswith="codes.").count())

    assert told == [0, 1, 1, 2]
    subjects = list(
        OutgoingMail.objects.filter(cause__startswith="codes.").order_by("pk").values_list("subject")
    )
    assert [subject for (subject,) in subjects] == [
        f"Codes are running out: {plan.product}",
        f"No code is left: {plan.product}",
    ]
    load_codes(plan, b"e5\nf6\n")
    pending_order(plan.product)
    assert OutgoingMail.objects.filter(cause__startswith="codes.").count() == 3
