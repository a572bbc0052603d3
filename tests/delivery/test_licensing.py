import re
from datetime import timedelta

import pytest
from django.utils import timezone

from checkout.models import Dispute, Order, OrderEvent, Refund
from delivery.access import update_access
from delivery.licensing import issue_licenses
from delivery.models import License, LicenseMove
from tests.factories import (
    handle_events_of,
    make_license,
    make_plan,
    make_product,
    make_variant,
    paid_order,
)

pytestmark = pytest.mark.django_db


def event_of(license_: License, name: str = "order.refunded") -> OrderEvent:
    return OrderEvent.objects.create(order=license_.line.order, name=name, handled_at=timezone.now())


def test_each_unit_gets_a_key_of_its_own_and_twice_is_once() -> None:
    plan = make_plan(activation_limit=3, valid_days=365, key_pattern="ARQAM-" + "#" * 26)
    order = paid_order(plan.product, make_product())
    order.lines.filter(variant__product=plan.product).update(quantity=3, net_amount=3600, amount=3600)
    event = order.events.get(name="order.paid")

    for _each in range(2):
        issue_licenses(event)

    licenses = License.objects.order_by("number")
    assert [each.number for each in licenses] == [1, 2, 3]
    assert len({each.key for each in licenses}) == 3
    assert re.fullmatch(r"ARQAM-[0-9A-HJKMNP-TV-Z]{26}", licenses[0].key)
    assert licenses[0].activation_limit == 3
    assert licenses[0].expires_at is not None
    assert abs(licenses[0].expires_at - timezone.now() - timedelta(days=365)) < timedelta(minutes=1)
    assert {each.standing for each in licenses} == {"active"}


def test_a_variant_has_its_own_plan_before_its_products() -> None:
    product = make_product()
    agency = make_variant(product, 4900, title_en="Agency")
    make_plan(product, activation_limit=1)
    make_plan(product, variant=agency, activation_limit=0)

    one = paid_order(product)
    handle_events_of(one)

    assert License.objects.get().activation_limit == 1


def test_a_product_without_a_plan_brings_no_licence() -> None:
    handle_events_of(paid_order())

    assert not License.objects.exists()


@pytest.mark.parametrize("pattern", ["#" * 25, "#" * 26 + "é", "", "abc" + "#" * 26, "#" * 26 + " "])
def test_a_pattern_that_could_be_guessed_is_refused(pattern: str) -> None:
    plan = make_plan()
    plan.key_pattern = pattern

    with pytest.raises(Exception, match="key_pattern"):
        plan.full_clean()


def test_the_money_stops_and_restores_a_licence() -> None:
    license_ = make_license()
    order, payment = license_.line.order, license_.line.order.payments.get()

    dispute = Dispute.objects.create(
        payment=payment, reference="dp_1", amount=1200, status=Dispute.Status.OPEN
    )
    update_access(event_of(license_, "order.disputed"))
    license_.refresh_from_db()
    assert (license_.status, license_.standing) == ("active", "suspended")

    Dispute.objects.filter(pk=dispute.pk).update(status=Dispute.Status.WON)
    for _each in range(2):
        update_access(event_of(license_, "order.dispute_won"))
    license_.refresh_from_db()
    assert license_.standing == "active"

    Order.objects.filter(pk=order.pk).update(status=Order.Status.REFUNDED)
    update_access(event_of(license_))
    license_.refresh_from_db()
    assert license_.standing == "revoked"

    Order.objects.filter(pk=order.pk).update(status=Order.Status.PAID)
    update_access(event_of(license_, "order.refund_failed"))
    license_.refresh_from_db()
    assert license_.standing == "active"
    assert [move.data for move in license_.moves.filter(name="money")] == [
        {"withdrawn": "disputed"},
        {"withdrawn": ""},
        {"withdrawn": "refunded"},
        {"withdrawn": ""},
    ]


def test_a_refund_of_one_line_stops_its_licence_alone() -> None:
    plans = make_plan(), make_plan()
    order = paid_order(plans[0].product, plans[1].product)
    handle_events_of(order)
    line = order.lines.get(variant__product=plans[0].product)
    refund = Refund.objects.create(
        payment=order.payments.get(), amount=1200, reason="requested", status="succeeded", revokes_access=True
    )
    refund.lines.create(line=line, amount=1200)

    update_access(OrderEvent.objects.create(order=order, name="order.refunded"))

    assert License.objects.get(line=line).standing == "revoked"
    assert License.objects.exclude(line=line).get().standing == "active"


def test_what_staff_stopped_stays_so_when_the_money_returns() -> None:
    license_ = make_license()
    license_.suspend("shared in public")
    Order.objects.update(status=Order.Status.REFUNDED)
    update_access(event_of(license_))
    Order.objects.update(status=Order.Status.PAID)
    update_access(event_of(license_))

    license_.refresh_from_db()
    assert license_.standing == "suspended"


def test_moves_follow_the_table_and_twice_does_nothing() -> None:
    license_ = make_license()

    assert [license_.suspend(), license_.suspend(), license_.resume(), license_.resume()] == [True, False] * 2
    assert [license_.revoke(), license_.revoke(), license_.resume()] == [True, False, False]
    license_.refresh_from_db()
    assert license_.standing == "revoked"
    assert list(license_.moves.values_list("name", flat=True)) == ["suspended", "resumed", "revoked"]


@pytest.mark.parametrize(("left", "days"), [(10, 375), (-100, 365)])
def test_a_renewal_counts_from_the_expiry_or_from_now_once_a_cause(left: int, days: int) -> None:
    license_ = make_license(valid_days=365)
    license_.set_expiry(timezone.now() + timedelta(days=left))

    assert [license_.extend(365, once="line:7"), license_.extend(365, once="line:7")] == [True, False]

    license_.refresh_from_db()
    expected = (timezone.now() + timedelta(days=days)).date()
    assert license_.expires_at is not None
    assert license_.expires_at.date() == expected
    assert f"{license_.expires_at:%H:%M:%S}" == "23:59:59"
    assert license_.standing == "active"


def test_what_never_expires_cannot_be_renewed() -> None:
    license_ = make_license()

    assert not license_.extend(365, once="line:7")
    assert not LicenseMove.objects.exists()
