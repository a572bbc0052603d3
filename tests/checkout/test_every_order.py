"""Five messages come in each of their 120 orders: money, access and mails end the same, every time."""

import itertools
from collections import Counter
from typing import Any

import pytest
from django.test import Client

from checkout.models import Mismatch, Order, Payment, WebhookEvent
from checkout.payments import start_payment
from checkout.providers.stripe import EVENT_TYPES
from delivery.models import DownloadGrant
from storefront.models import OutgoingMail
from tests.doubles.direct import direct_wire
from tests.doubles.paypal import PayPalDouble
from tests.doubles.stripe import StripeDouble
from tests.factories import make_product, pending_order

pytestmark = pytest.mark.django_db
Event = dict[str, Any]


def stripe_story(double: StripeDouble, payment: Payment, end: str) -> list[Event]:
    """Paid, refunded in part, disputed for the rest; another refund fails after it had succeeded."""
    told = double.pay(payment.reference)[-1:]
    told += double.refund_in_dashboard(payment.reference, 500)[:1]
    failing = double.refund_in_dashboard(payment.reference, 100)[0]["data"]["object"]["id"]
    told += double.settle_refund(failing, "failed")[:1]
    told += double.dispute(payment.reference)[:1]
    return told + double.move_dispute(told[-1]["data"]["object"]["id"], end)


def paypal_story(double: PayPalDouble, payment: Payment, end: str) -> list[Event]:
    """Approved and taken, refunded in part, disputed for the rest."""
    told = double.take(payment.reference)
    told += double.refund_by_hand(payment.reference, "5.00")
    told += double.dispute(payment.reference)
    dispute = double.book.disputes[told[-1]["resource"]["dispute_id"]]
    dispute["dispute_amount"] = {"currency_code": "USD", "value": "7.00"}
    outcome = {"won": "RESOLVED_SELLER_FAVOUR", "lost": "RESOLVED_BUYER_FAVOUR"}[end]
    return told + double.resolve(dispute["dispute_id"], outcome)


STORIES: dict[str, Any] = {"stripe": stripe_story, "paypal": paypal_story}


def ends(order: Order) -> tuple[Any, ...]:
    """All that a buyer and the staff can tell in the end."""
    order.refresh_from_db()
    (payment,) = order.payments.all()
    mails = OutgoingMail.objects.filter(to=order.email).values_list("cause", flat=True)
    return (
        order.status,
        payment.status,
        sorted(payment.refunds.values_list("amount", "status", "source")),
        list(payment.disputes.values_list("amount", "status", "is_warning")),
        DownloadGrant.objects.usable().filter(line__order=order).count(),
        Counter(cause.partition(":")[0] for cause in mails),
        Counter(order.events.values_list("name", flat=True)),
    )


@pytest.mark.parametrize(("name", "end"), [("stripe", "lost"), ("paypal", "won")])
def test_five_messages_in_any_order_end_alike(
    request: pytest.FixtureRequest, commits: Any, name: str, end: str
) -> None:
    double, product = request.getfixturevalue(name), make_product(1200)
    all_ends = []

    with direct_wire(double):
        for number, sequence in enumerate(itertools.permutations(range(5))):
            order = pending_order(
                product, email=f"buyer{number}@example.com", client_address=f"10.0.0.{number}"
            )
            events = STORIES[name](double, start_payment(order, name), end)
            assert len(events) == 5
            for each in sequence:
                post(commits, name, double, events[each])
            all_ends.append(ends(order))

    assert len(all_ends) == 120
    assert [found for found in all_ends if found != all_ends[0]] == []
    status, paid, refunds, disputes, rights, _mails, happened = all_ends[0]
    assert (status, paid) == ({"won": "partially_refunded", "lost": "refunded"}[end], "succeeded")
    assert refunds == [(500, "succeeded", "provider")]
    assert disputes == [(700, end, False)]
    assert rights == {"won": 1, "lost": 0}[end]
    assert happened["order.paid"] == happened["order.refunded"] == happened[f"order.dispute_{end}"] == 1
    assert not Mismatch.objects.exists()
    assert not WebhookEvent.objects.filter(handled_at=None).exists()


@pytest.mark.parametrize("name", ["stripe", "paypal"])
def test_messages_that_come_as_things_happen_or_days_late_leave_the_same_money(
    request: pytest.FixtureRequest, commits: Any, name: str
) -> None:
    """Each message is told at once or at the very end: 32 ways to be late."""
    double, product = request.getfixturevalue(name), make_product(1200)
    all_money = []

    for number, lateness in enumerate(itertools.product([False, True], repeat=5)):
        order = pending_order(product, email=f"buyer{number}@example.com", client_address=f"10.0.0.{number}")
        with direct_wire(double):
            payment = start_payment(order, name)
            late = []
            for step, is_late in zip(steps(name, double, payment), lateness, strict=True):
                events = [each for each in step() if each.get("type", EVENT_TYPES[0]) in EVENT_TYPES]
                late += events if is_late else []
                for event in [] if is_late else events:
                    post(commits, name, double, event)
            for event in late:
                post(commits, name, double, event)
        all_money.append(ends(order)[:5])

    assert all_money == [all_money[0]] * 32
    assert all_money[0][0] == "refunded"


def steps(name: str, double: Any, payment: Payment) -> list[Any]:
    """Agreed to, then given back in two parts, disputed in between, and won."""
    key = payment.reference
    if name == "stripe":
        return [
            lambda: double.pay(key),
            lambda: double.refund_in_dashboard(key, 500),
            lambda: double.dispute(key),
            lambda: double.move_dispute(list(double.book.disputes)[-1], "won"),
            lambda: double.refund_in_dashboard(key, 700),
        ]
    return [
        lambda: double.take(key),
        lambda: double.refund_by_hand(key, "5.00"),
        lambda: double.dispute(key),
        lambda: double.resolve(list(double.book.disputes)[-1], "RESOLVED_SELLER_FAVOUR"),
        lambda: double.refund_by_hand(key, "7.00"),
    ]


def post(commits: Any, name: str, double: Any, event: Event) -> None:
    body, headers = double.signed(event)
    with commits():
        answer = Client().post(f"/webhooks/{name}/", body, "application/json", headers=headers)
    assert answer.status_code == 200
