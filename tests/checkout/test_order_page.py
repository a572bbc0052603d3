"""The page of one order for staff, and what may be done there."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.utils import timezone

from checkout.models import DemoCharge, Order, OrderEvent, Payment, Refund
from storefront.models import LimitCount, OutgoingMail
from tests.checkout.staff_pages import errors, page_of, refund, wish
from tests.checkout.test_queries import at_most
from tests.factories import make_user, pending_order, started_payment

pytestmark = pytest.mark.django_db

# --- Reading --------------------------------------------------------------------------------------


def test_the_page_tells_who_what_how_much_and_what_happened(staff: Client, order: Order) -> None:
    page = staff.get(page_of(order)).text

    assert order.email in page
    assert "$20.00" in page
    assert order.payments.get().reference in page
    assert "The order is paid." in page
    assert "took" in page
    assert OutgoingMail.objects.get().subject in page


def test_the_page_asks_as_much_for_a_long_story_as_for_a_short_one(
    staff: Client, order: Order, commits: Any
) -> None:
    for _each in range(3):
        refund(staff, order, commits, amount="1")
    staff.get(page_of(order))

    with at_most(22):
        staff.get(page_of(order))


@pytest.mark.parametrize("pk", ["0", "99999", "9" * 40, "x", "٣"])
def test_no_such_order(staff: Client, pk: str) -> None:
    assert staff.get(f"/admin/checkout/order/{pk}/change/").status_code == 404


def test_a_link_to_a_deed_shows_the_order(staff: Client, order: Order) -> None:
    assert staff.get(page_of(order, "refunds"))["Location"] == page_of(order)


def test_staff_without_the_right_does_nothing_and_is_offered_nothing(client: Client, order: Order) -> None:
    viewer = make_user("viewer@example.com", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_order"))
    client.force_login(viewer)

    assert "Release" not in client.get(page_of(order)).text
    for part in ("refunds", "mails", "email", "hold", "release", "looks"):
        assert f"/{part}/" not in client.get(page_of(order)).text
        assert client.post(page_of(order, part), wish(order)).status_code == 403
    assert client.post(page_of(order), {"email": "spy@example.com"}).status_code == 403
    assert not Refund.objects.exists()
    assert OrderEvent.objects.count() == 2


def test_deeds_take_a_token(order: Order) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("staff@example.com", is_staff=True, is_superuser=True))

    assert client.post(page_of(order, "refunds"), wish(order)).status_code == 403
    assert not Refund.objects.exists()


def test_buyers_see_no_page_for_staff(client: Client, order: Order) -> None:
    client.force_login(make_user("buyer@example.com"))

    assert client.get(page_of(order)).status_code == 302
    assert client.post(page_of(order, "refunds"), wish(order)).status_code == 302
    assert not Refund.objects.exists()


# --- Mail, address, hold, look --------------------------------------------------------------------


def test_the_delivery_mail_is_sent_anew_and_only_once_a_minute(
    staff: Client, order: Order, commits: Any
) -> None:
    with commits():
        staff.post(page_of(order, "mails"))
        response = staff.post(page_of(order, "mails"), follow=True)

    assert "Wait a minute" in response.text
    first, second = OutgoingMail.objects.order_by("pk")
    assert (first.to, first.subject) == (second.to, second.subject)
    assert first.cause != second.cause
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 2
    assert "staff@example.com</bdi> asked for the delivery mail once more" in response.text


def test_nothing_is_mailed_of_an_order_that_is_not_paid(staff: Client, commits: Any) -> None:
    order = pending_order()

    with commits():
        response = staff.post(page_of(order, "mails"), follow=True)

    assert "There is nothing to deliver" in response.text
    assert not OutgoingMail.objects.exists()
    assert not LimitCount.objects.exists()


def test_the_address_changes_and_old_links_stay_good(staff: Client, order: Order, commits: Any) -> None:
    order.user = make_user(order.email)
    order.save()

    response = staff.post(page_of(order, "email"), {"email": " New@Example.COM "}, follow=True)
    with commits():
        staff.post(page_of(order, "mails"))

    order.refresh_from_db()
    assert order.email_folded == "new@example.com"
    assert not Order.objects.exclude(user=None).exists()
    assert Client().get(order.get_absolute_url()).status_code == 200
    event = order.events.get(name="order.email_changed")
    assert (event.data["old"], event.data["by"]) == ("buyer@example.com", "staff@example.com")
    assert "changed the buyer&#x27;s address from" in response.text
    assert mail.outbox[-1].to == [order.email]


def test_the_order_joins_the_account_that_has_proven_the_new_address(staff: Client, order: Order) -> None:
    owner = make_user("new@example.com")
    EmailAddress.objects.create(user=owner, email="new@example.com", verified=True)

    staff.post(page_of(order, "email"), {"email": "new@example.com"})

    order.refresh_from_db()
    assert order.user == owner


def test_an_account_that_has_not_proven_the_address_gets_nothing(staff: Client, order: Order) -> None:
    owner = make_user("new@example.com")
    EmailAddress.objects.create(user=owner, email="new@example.com", verified=False)

    staff.post(page_of(order, "email"), {"email": "new@example.com"})

    order.refresh_from_db()
    assert order.user is None


@pytest.mark.parametrize("typed", ["", "nobody", "a@b", "x" * 300 + "@example.com"])
def test_an_address_that_is_none_stays_in_its_field(staff: Client, order: Order, typed: str) -> None:
    response = staff.post(page_of(order, "email"), {"email": typed})

    assert len(errors(response)) == 1
    assert f'value="{typed}"' in response.text or not typed
    order.refresh_from_db()
    assert order.email == "buyer@example.com"
    assert not order.events.filter(name="order.email_changed").exists()


def test_the_same_address_changes_nothing(staff: Client, order: Order) -> None:
    response = staff.post(page_of(order, "email"), {"email": order.email}, follow=True)

    assert "This is the address that the order has." in response.text
    assert not order.events.filter(name="order.email_changed").exists()


def test_an_order_is_held_with_a_reason_and_released(staff: Client, order: Order, commits: Any) -> None:
    with commits():
        held = staff.post(page_of(order, "hold"), {"reason": "Asks for <b>ten</b> copies"}, follow=True)
        again = staff.post(page_of(order, "hold"), {"reason": "Again"}, follow=True)
    assert "Asks for &lt;b&gt;ten&lt;/b&gt; copies" in held.text
    assert "The order was held already." in again.text
    order.refresh_from_db()
    assert order.held_reason == "Asks for <b>ten</b> copies"

    with commits():
        released = staff.post(page_of(order, "release"), follow=True)

    order.refresh_from_db()
    assert not order.is_held
    assert "staff@example.com</bdi> released the order." in released.text
    assert "The order was not held." in staff.post(page_of(order, "release"), follow=True).text


def test_a_hold_wants_a_reason(staff: Client, order: Order) -> None:
    response = staff.post(page_of(order, "hold"), {"reason": " "})

    assert len(errors(response)) == 1
    order.refresh_from_db()
    assert not order.is_held


def test_a_look_at_the_provider_finds_a_payment(staff: Client, commits: Any) -> None:
    payment = started_payment()
    DemoCharge.objects.update(status=DemoCharge.Status.PAID)

    with commits():
        page = staff.post(page_of(payment.order, "looks"), follow=True).text

    assert "What it said is booked." in page
    assert Order.objects.get().is_paid


def test_a_provider_that_is_off_is_said(staff: Client, order: Order, settings: Any) -> None:
    settings.DEMO = False

    response = staff.post(page_of(order, "looks"), follow=True)

    assert "This way to pay is not offered here." in response.text
    assert "Demo" in response.text


# --- What was stored in English -------------------------------------------------------------------


def test_what_differs_is_said_in_the_language_of_the_reader(staff: Client) -> None:
    order = pending_order()
    Payment.objects.create(
        order=order,
        provider="demo",
        amount=1200,
        currency="USD",
        mismatch="amount: 1300 instead of 1200; currency: EUR instead of USD",
    )
    order.hold("amount: 1300 instead of 1200; currency: EUR instead of USD")

    page = staff.get(page_of(order)).text

    assert 'dir="ltr">€13.00</bdi> was taken instead of <bdi class="money" dir="ltr">$12.00</bdi>.' in page
    assert "instead of" not in re.sub(r"<[^>]+>", "", staff.get("/ar" + page_of(order)).text)


def test_what_waits_is_said_with_its_error(staff: Client, order: Order) -> None:
    event = order.events.get(name="order.paid")
    OrderEvent.objects.filter(pk=event.pk).update(handled_at=None, error="OSError: <disk>")

    page = staff.get(page_of(order)).text

    assert "OSError: &lt;disk&gt;" in page
    assert f"/admin/checkout/orderevent/{event.pk}/change/" in page


def test_the_story_is_told_newest_first(staff: Client, order: Order) -> None:
    OrderEvent.objects.filter(name="order.placed").update(created_at=timezone.now() - timedelta(days=3))

    page = staff.get(page_of(order)).text

    assert page.index("The order is paid.") < page.index("The order was placed.")
