from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from checkout.errors import RefundNotPossible
from checkout.models import DemoCharge, Dispute, Order, OrderEvent, Payment, Refund, RefundRequest
from checkout.refund_requests import approve, ask_for_refund, decline
from checkout.refunds import request_refund
from delivery.models import DownloadGrant
from tests.factories import make_product, make_user, paid_order, pending_order

pytestmark = pytest.mark.django_db


def later(order: Order, **ago: int) -> Order:
    """The order, as if it had been paid so long ago."""
    Order.objects.filter(pk=order.pk).update(paid_at=timezone.now() - timedelta(**ago))
    order.refresh_from_db()
    return order


def test_staff_is_asked_and_the_files_stay_meanwhile(commits: Any, settings: Any) -> None:
    settings.ADMINS = [("Staff", "staff@example.com")]
    with commits():
        order = paid_order()

    with commits():
        request = ask_for_refund(order, "It is about ducks.")

    assert (request.status, request.words) == (RefundRequest.Status.OPEN, "It is about ducks.")
    assert not Refund.objects.exists()
    assert DownloadGrant.objects.usable().count() == 1
    assert [each.to for each in mail.outbox] == [["buyer@example.com"], ["staff@example.com"]]
    assert "It is about ducks." in str(mail.outbox[-1].body)


def test_granted_at_once_where_the_shop_says_so(commits: Any, settings: Any) -> None:
    settings.REFUNDS_AUTO_APPROVE = True
    with commits():
        order = paid_order()

    with commits():
        ask_for_refund(order)

    order.refresh_from_db()
    refund = Refund.objects.get()
    assert (refund.status, refund.source, refund.reason) == ("succeeded", "buyer", "requested")
    assert (order.status, order.refund_request.status, order.refund_request.refund) == (
        "refunded",
        "approved",
        refund,
    )
    assert DemoCharge.objects.get().refunded == 1200
    assert DownloadGrant.objects.usable().count() == 0


def test_asking_twice_asks_once(commits: Any, settings: Any) -> None:
    settings.REFUNDS_AUTO_APPROVE = True
    order = paid_order()

    with commits():
        first, second = ask_for_refund(order, "one"), ask_for_refund(order, "two")

    assert first == second
    assert RefundRequest.objects.get().words == "one"
    assert OrderEvent.objects.filter(name="order.refund_asked").count() == 1
    assert Refund.objects.get().amount == 1200


def test_the_last_moment_is_in_time_and_the_next_is_not() -> None:
    order = later(paid_order(), days=30, seconds=-5)
    ask_for_refund(order)
    late = later(paid_order(), days=30, seconds=5)

    with pytest.raises(RefundNotPossible, match="has passed"):
        ask_for_refund(late)

    assert RefundRequest.objects.get().order == order


def test_a_product_may_have_a_longer_window_than_the_shop() -> None:
    order = later(paid_order(make_product(refund_days=60)), days=59)

    assert ask_for_refund(order).status == "open"


@pytest.mark.parametrize("days", [7, 0])
def test_or_a_shorter_one_or_none(days: int) -> None:
    order = later(paid_order(make_product(refund_days=days)), days=8)

    with pytest.raises(RefundNotPossible):
        ask_for_refund(order)

    assert not RefundRequest.objects.exists()


def test_the_window_is_the_one_that_was_promised_at_the_sale(settings: Any) -> None:
    product = make_product(refund_days=14)
    order = later(paid_order(product), days=10)
    product.refund_days = 0
    product.save()
    settings.REFUND_WINDOW_DAYS = 0

    assert ask_for_refund(order).status == "open"


def test_each_line_has_its_own_window(commits: Any, settings: Any) -> None:
    settings.REFUNDS_AUTO_APPROVE = True
    book, codes = make_product(1200), make_product(500, refund_days=0)
    with commits():
        order = paid_order(book, codes)

    with commits():
        ask_for_refund(order)

    order.refresh_from_db()
    refund = Refund.objects.get()
    assert (refund.amount, order.status) == (1200, "partially_refunded")
    assert [(part.line.variant.product, part.amount) for part in refund.lines.all()] == [(book, 1200)]
    assert DownloadGrant.objects.usable().get().line.variant.product == codes


def test_staff_who_answers_late_gives_what_was_asked_for_in_time(commits: Any) -> None:
    order = later(paid_order(make_product(1200, refund_days=7), make_product(500)), days=6)
    request = ask_for_refund(order)
    later(order, days=20)
    RefundRequest.objects.update(created_at=timezone.now() - timedelta(days=14))

    with commits():
        approve(request, by=make_user(is_staff=True))

    assert Refund.objects.get().amount == 1700


def test_what_staff_gave_back_before_is_not_given_twice(commits: Any) -> None:
    order = paid_order(make_product(1200), make_product(500, refund_days=0))
    with commits():
        payment = order.payments.get()
        request_refund(payment, 1000, reason=Refund.Reason.OTHER, source=Refund.Source.STAFF)
        approve(ask_for_refund(order))

    assert [each.amount for each in Refund.objects.order_by("pk")] == [1000, 700]
    assert payment.refundable == 0


def test_free_lines_are_not_in_the_way(commits: Any) -> None:
    order = paid_order(make_product(1200), make_product(0))

    with commits():
        approve(ask_for_refund(order))

    order.refresh_from_db()
    assert order.status == "refunded"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"held_at": timezone.now()}, "in person"),
        ({"status": "refunded"}, "nothing to give back"),
        ({"status": "pending", "paid_at": None}, "nothing to give back"),
    ],
)
def test_not_every_order_can_be_given_back(change: dict[str, Any], reason: str) -> None:
    order = paid_order()
    Order.objects.update(**change)

    with pytest.raises(RefundNotPossible, match=reason):
        ask_for_refund(order)

    assert not RefundRequest.objects.exists()
    assert not Refund.objects.exists()


def test_nothing_is_given_back_for_what_was_free() -> None:
    with pytest.raises(RefundNotPossible, match="nothing to give back"):
        ask_for_refund(pending_order(make_product(0)))

    assert not RefundRequest.objects.exists()


def test_not_beside_a_dispute_but_beside_a_warning() -> None:
    order, warned = paid_order(), paid_order()
    for each, is_warning in ((order, False), (warned, True)):
        Dispute.objects.create(
            payment=each.payments.get(), reference=str(each.pk), amount=1200, is_warning=is_warning
        )

    with pytest.raises(RefundNotPossible, match="bank"):
        ask_for_refund(order)

    assert ask_for_refund(warned).status == "open"
    assert RefundRequest.objects.count() == 1


def test_a_dispute_that_came_meanwhile_leaves_the_request_open() -> None:
    request = ask_for_refund(paid_order())
    Dispute.objects.create(payment=Payment.objects.get(), reference="d", amount=1200)

    with pytest.raises(RefundNotPossible):
        approve(request)

    request.refresh_from_db()
    assert (request.status, request.refund) == ("open", None)
    assert not Refund.objects.exists()


def test_what_is_declined_is_told_and_stays_declined(commits: Any) -> None:
    request = ask_for_refund(paid_order())

    with commits():
        assert decline(request, answer="You have read it all.", by=make_user(is_staff=True))
    assert not decline(request, answer="No.", by=make_user(is_staff=True))
    assert approve(request) is None

    assert "You have read it all." in str(mail.outbox[-1].body)
    assert not Refund.objects.exists()
