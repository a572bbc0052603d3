from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from checkout import tasks
from checkout.models import Order, OrderEvent
from checkout.placing import place_order
from storefront.limits import within_limit
from storefront.models import LimitCount, OutgoingMail
from tests.factories import (
    handle_events_of,
    make_buyer,
    make_cart,
    make_product,
    make_user,
    paid_order,
    pending_order,
)

pytestmark = pytest.mark.django_db


def body(kind: str) -> str:
    message = mail.outbox[-1]
    return str(message.body if kind == "text" else message.alternatives[0][0])  # type: ignore[union-attr]


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl"), ("fa", "rtl")])
def test_writes_once_an_order_in_the_buyers_language(commits: Any, language: str, direction: str) -> None:
    with commits():
        order = paid_order(make_product(title_en="Clean Lines"), language=language)
    with commits():
        order.events.get(name="order.paid").run_again()
        tasks.handle_due_events()

    row = OutgoingMail.objects.get()
    assert (row.to, row.language, row.status, row.attempts) == ("buyer@example.com", language, "sent", 1)
    assert len(mail.outbox) == 1
    prefix = "" if language == "en" else f"/{language}"
    for kind in ("text", "html"):
        assert "Clean Lines" in body(kind)
        assert f"{prefix}/orders/{order.token}/" in body(kind)
    assert f'dir="{direction}"' in body("html")
    assert mail.outbox[0].extra_headers["Content-Language"] == language


@pytest.mark.parametrize(
    "title", ["<script>alert(1)</script>", "كتاب \u202eold\u202c", "a\x07b\nc", "🐈 & “quotes”"]
)
def test_no_title_breaks_a_mail(commits: Any, title: str) -> None:
    with commits():
        paid_order(make_product(title_en=title))

    assert "<script>" not in body("html")
    assert "\n" not in mail.outbox[0].subject
    assert OutgoingMail.objects.get().status == OutgoingMail.Status.SENT


def free_order(commits: Any, **buyer: Any) -> Order:
    with commits():
        return place_order(make_cart(make_product(0)), make_buyer(**buyer))


def test_a_free_order_writes_nothing_to_an_address_that_nobody_proved(commits: Any) -> None:
    order = free_order(commits)

    assert order.is_paid
    assert OrderEvent.objects.filter(order=order, handled_at=None).count() == 0
    assert order.lines.get().grants.count() == 1
    assert not OutgoingMail.objects.exists()
    assert mail.outbox == []


@pytest.mark.parametrize("is_verified", [True, False])
@pytest.mark.parametrize("email", ["mona@example.com", "Mona@example.COM", "victim@example.com"])
def test_a_free_order_writes_to_the_buyers_own_proven_address(
    commits: Any, is_verified: bool, email: str
) -> None:
    user = make_user("mona@example.com")
    EmailAddress.objects.create(user=user, email="mona@example.com", verified=is_verified)

    free_order(commits, email=email, user=user)

    is_mailed = is_verified and email != "victim@example.com"
    assert [each.to for each in mail.outbox] == ([[email]] if is_mailed else [])


def test_a_refunded_order_is_not_announced(commits: Any) -> None:
    order = paid_order()
    Order.objects.update(status=Order.Status.REFUNDED)

    with commits():
        tasks.handle_due_events()

    assert order.events.get(name="order.paid").handled_at
    assert mail.outbox == []


def test_the_buyer_has_the_mail_sent_again_some_times(commits: Any, page_client: Client) -> None:
    with commits():
        order = paid_order()
    page = page_client.get(order.get_absolute_url())
    form = {"csrfmiddlewaretoken": page.context["csrf_token"]}
    assert "Send me the mail again" in page.content.decode()

    said = []
    for _each in range(2):
        with commits():
            answer = page_client.post(f"{order.get_absolute_url()}mail/", form, follow=True)
        said.append(answer.content.decode())

    assert f"The mail is on its way to {order.email}." in said[0]
    assert "This mail was asked for just now." in said[1]
    assert [mail.to for mail in OutgoingMail.objects.all()] == [order.email] * 2
    LimitCount.objects.all().delete()
    for _each in range(5):
        within_limit("order.own_mail", str(order.pk), limit=5, per=timedelta(days=1))
    often = page_client.post(f"{order.get_absolute_url()}mail/", form, follow=True)
    assert "We have sent it often today." in often.content.decode()
    assert OutgoingMail.objects.count() == 2


def test_nobody_has_mails_sent_to_an_address_that_nobody_proved() -> None:
    order = pending_order(make_product(0))
    handle_events_of(order)
    page = Client().get(order.get_absolute_url())

    answer = Client().post(f"{order.get_absolute_url()}mail/", follow=True)

    assert "Send me the mail again" not in page.content.decode()
    assert "This order has no mail." in answer.content.decode()
    assert not OutgoingMail.objects.exists()
