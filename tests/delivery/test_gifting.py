"""A gift brings nothing to anybody before its recipient accepts it, and then nothing to its buyer."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from checkout import tasks
from checkout.claiming import claim_orders
from checkout.errors import GiftNotPossible
from checkout.gifts import GiftWish, accept, keep, readdress, send_again
from checkout.models import DemoCharge, Dispute, Gift, Order, OrderEvent
from checkout.payments import start_payment, sync_payment
from checkout.placing import place_order
from checkout.providers import demo
from delivery.links import order_download_url
from delivery.models import Download, DownloadGrant, License
from delivery.news import announce_releases
from delivery.pages import order_page, shelves
from delivery.stamping import mark_words
from delivery.telling import tell_downloads
from storefront.models import OutgoingMail
from tests.checkout.test_views import words
from tests.factories import (
    give_back,
    handle_events_of,
    make_buyer,
    make_cart,
    make_plan,
    make_product,
    make_release,
    make_user,
)

pytestmark = pytest.mark.django_db
WISH = GiftWish(giver="Sara", name="Mona", email="mona@example.com", message="Happy Nowruz\nSara")


def ordered(wish: GiftWish = WISH, **buyer: Any) -> Order:
    plan = make_plan(make_product(files=2))
    return place_order(make_cart(plan.product), make_buyer(**buyer), gift=wish)


def given(wish: GiftWish = WISH, **buyer: Any) -> Gift:
    """A gift that is paid; what follows from that has happened."""
    order = ordered(wish, **buyer)
    payment = start_payment(order, "demo")
    demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
    sync_payment(payment)
    settle(order)
    return gift_of(order)


def settle(order: Order) -> None:
    order.refresh_from_db()
    handle_events_of(order)
    tasks.send_due_gifts()


def gift_of(order: Order) -> Gift:
    return Gift.objects.select_related("order").get(order=order)


def accepted(gift: Gift, user: User | None = None) -> Gift:
    accept(gift, user)
    handle_events_of(gift.order)
    return gift_of(gift.order)


def counts() -> tuple[int, int]:
    return DownloadGrant.objects.count(), License.objects.count()


def link_in(to: str) -> str:
    """Where the last mail to this address leads."""
    text = OutgoingMail.objects.filter(to=to).latest("pk").text or str(
        [each for each in mail.outbox if each.to == [to]][-1].body
    )
    found = re.search(r"http://[^/]+(/\S*/(?:gifts|orders)/\S+|/(?:gifts|orders)/\S+)", text)
    assert found, text
    return found[1]


class TestMails:
    def test_the_buyer_gets_a_receipt_and_the_recipient_the_link(self) -> None:
        gift = given()

        assert sorted(OutgoingMail.objects.values_list("to", "is_secret")) == [
            ("buyer@example.com", False),
            ("mona@example.com", True),
        ]
        assert link_in("mona@example.com") == f"/gifts/{gift.token}/"
        receipt = OutgoingMail.objects.get(to="buyer@example.com")
        assert gift.order.get_absolute_url() in receipt.text
        assert gift.token not in receipt.text + receipt.html
        assert "/downloads/" not in receipt.text + receipt.html
        assert gift.handled_at is not None

    @pytest.mark.parametrize("language", ["en", "ar", "fa"])
    def test_both_are_in_the_language_of_the_order(self, language: str) -> None:
        gift = given(language=language)

        prefix = "" if language == "en" else f"/{language}"
        assert link_in("mona@example.com") == f"{prefix}/gifts/{gift.token}/"
        assert link_in("buyer@example.com") == f"{prefix}/orders/{gift.order.token}/"
        html = OutgoingMail.objects.get(to="buyer@example.com").html
        assert f'<html lang="{language}" dir="{"ltr" if language == "en" else "rtl"}"' in html

    def test_it_is_written_on_the_morning_of_its_day_in_the_time_of_the_shop(self, settings: Any) -> None:
        settings.TIME_ZONE = "Asia/Tehran"
        day = timezone.localdate() + timedelta(days=3)
        gift = given(GiftWish("Sara", "Mona", "mona@example.com", day=day))

        morning = datetime(day.year, day.month, day.day, 9, tzinfo=ZoneInfo("Asia/Tehran"))
        assert gift.next_attempt_at == morning
        assert not OutgoingMail.objects.filter(to="mona@example.com").exists()
        Gift.objects.update(next_attempt_at=timezone.now())
        for _each in range(2):
            tasks.send_due_gifts()
        assert OutgoingMail.objects.filter(to="mona@example.com").count() == 1

    def test_an_unpaid_a_held_and_a_refunded_order_send_nothing(self) -> None:
        unpaid = ordered()
        later = GiftWish("Sara", "Mona", "mona@example.com", day=timezone.localdate() + timedelta(days=3))
        held, refunded = given(later), given(later)
        held.order.hold("to look at it")
        take_back(refunded.order)
        Gift.objects.update(next_attempt_at=timezone.now())

        tasks.send_due_gifts()
        assert not OutgoingMail.objects.filter(to="mona@example.com").exists()

        held.order.release()
        settle(held.order)
        assert link_in("mona@example.com") == f"/gifts/{held.token}/"
        assert gift_of(unpaid).handled_at is None

    def test_what_can_not_be_written_stays_due_with_its_reason(self, monkeypatch: Any) -> None:
        def broken(*_args: Any, **_options: Any) -> None:
            raise ValueError("no such template")

        monkeypatch.setattr("checkout.gifts.send_templated", broken)
        gift = given()

        assert (gift.handled_at, gift.error) == (None, "ValueError: no such template")
        monkeypatch.undo()
        Gift.objects.update(next_attempt_at=timezone.now())
        tasks.send_due_gifts()
        assert link_in("mona@example.com")

    def test_sent_again_it_is_one_more_mail_and_not_for_ever(self) -> None:
        gift = given()

        for _each in range(5):
            send_again(gift.order)
            tasks.send_due_gifts()
        with pytest.raises(GiftNotPossible):
            send_again(gift.order)

        assert OutgoingMail.objects.filter(to="mona@example.com").count() == 6

    def test_no_gift_writes_to_anybody_for_ever(self) -> None:
        gift = given()
        Gift.objects.update(wishes=20)

        with pytest.raises(GiftNotPossible, match="as often as it can be"):
            readdress(gift.order, "Mona", "mona@example.org")

        assert Gift.objects.get().email == "mona@example.com"

    def test_another_address_gets_another_link(self) -> None:
        gift = given()

        readdress(gift.order, "Mona", "mona@example.org")
        tasks.send_due_gifts()

        new = gift_of(gift.order)
        assert link_in("mona@example.org") == f"/gifts/{new.token}/"
        assert new.token != gift.token
        assert Client().get(f"/gifts/{gift.token}/").status_code == 404
        event = OrderEvent.objects.get(name="order.gift_readdressed")
        assert event.data == {"old": "mona@example.com", "new": "mona@example.org"}

    def test_the_old_link_accepts_nothing_however_early_its_page_was_opened(self) -> None:
        gift = given()
        readdress(gift.order, "Mona", "mona@example.org")

        with pytest.raises(GiftNotPossible):
            accept(gift, None)

        assert (gift_of(gift.order).claimed_at, counts()) == (None, (0, 0))

    def test_a_day_to_come_stays_when_the_address_changes(self) -> None:
        day = timezone.localdate() + timedelta(days=3)
        gift = given(GiftWish("Sara", "Mona", "mona@example.com", day=day))

        readdress(gift.order, "Mona", "mona@example.org")
        tasks.send_due_gifts()

        assert gift_of(gift.order).next_attempt_at == gift.next_attempt_at
        assert not OutgoingMail.objects.filter(to__startswith="mona").exists()


class TestWhoHasWhat:
    def test_nobody_before_it_is_accepted(self) -> None:
        gift = given()

        assert counts() == (0, 0)
        page = order_page(gift.order)
        assert (page["downloads"], page["shelves"], page["state"]) == ([], [], "paid")

    def test_the_recipient_with_the_link_and_not_the_buyer(self) -> None:
        gift = accepted(given())

        assert counts() == (2, 1)
        page = words(Client().get(f"/gifts/{gift.token}/"))
        assert page.count('class="download"') == 2
        assert License.objects.get().key in page
        page = words(Client().get(f"/orders/{gift.order.token}/"))
        assert "/downloads/" not in page
        assert License.objects.get().key not in page
        assert "Mona" in page

    def test_nothing_that_the_recipient_gets_opens_the_page_of_the_buyer(self) -> None:
        gift = accepted(given())

        page = words(Client().get(f"/gifts/{gift.token}/"))
        links = re.findall(r'href="([^"]*/downloads/[^"]+)"', page)
        assert len(links) == 3
        assert any("/downloads/gift/" in link for link in links)
        whole = page + link_in("mona@example.com")
        assert gift.order.token not in whole
        assert gift.order.email not in whole
        answer = Client().get(order_download_url(gift.order))
        assert answer["Content-Type"] == "application/zip"
        assert b"".join(answer.streaming_content)[:2] == b"PK"  # type: ignore[attr-defined]

    def test_an_account_has_it_alone_and_finds_it_in_its_library(self) -> None:
        mona, bahram = make_user("mona@example.com"), make_user("bahram@example.com")
        gift = accepted(given(user=bahram), mona)

        (shelf,) = shelves(mona.pk)
        assert (len(shelf["downloads"]), len(shelf["licenses"]), shelf["received"]) == (2, 1, gift)
        (shelf,) = shelves(bahram.pk)
        assert shelf == {"product": shelf["product"], "order": gift.order, "given": gift}
        for reader, is_theirs in ((mona, True), (bahram, False), (None, False)):
            client = Client()
            if reader:
                client.force_login(reader)
            assert ("/downloads/" in words(client.get(f"/gifts/{gift.token}/"))) is is_theirs

    def test_one_accepted_by_the_link_joins_the_account_that_proves_the_address(self) -> None:
        mona, gift = make_user("mona@example.com"), accepted(given())
        assert shelves(mona.pk) == []

        EmailAddress.objects.create(user=mona, email="mona@example.com", verified=True)
        claim_orders(mona)

        (shelf,) = shelves(mona.pk)
        assert shelf["received"] == gift
        with pytest.raises(GiftNotPossible):
            accept(gift, make_user())

    def test_one_that_waits_joins_nothing_by_itself(self) -> None:
        mona, gift = make_user("mona@example.com"), given()
        EmailAddress.objects.create(user=mona, email="mona@example.com", verified=True)

        claim_orders(mona)

        assert (shelves(mona.pk), gift_of(gift.order).claimed_at) == ([], None)

    def test_whoever_keeps_it_has_it_as_if_it_was_never_given(self) -> None:
        gift = given()

        for _each in range(2):
            keep(gift.order)
        settle(gift.order)

        page = order_page(gift_of(gift.order).order)
        assert (len(page["downloads"]), len(page["shelves"][0].keys)) == (2, 1)
        assert OutgoingMail.objects.filter(cause=f"order.delivered:{gift.order_id}").count() == 1
        with pytest.raises(GiftNotPossible):
            accept(gift, None)
        assert "closed" in words(Client().get(f"/gifts/{gift.token}/"))

    @pytest.mark.parametrize("deed", [send_again, keep, lambda order: readdress(order, "X", "x@example.com")])
    def test_what_is_accepted_can_not_be_called_back(self, deed: Callable[[Order], Any]) -> None:
        gift = accepted(given())

        with pytest.raises(GiftNotPossible):
            deed(gift.order)

        gift = gift_of(gift.order)
        assert (gift.kept_at, gift.email, gift.wishes) == (None, "mona@example.com", 0)


class TestMoneyBack:
    def test_takes_it_from_the_recipient(self) -> None:
        gift = accepted(given())
        grants = DownloadGrant.objects.filter(revoked_at=None)
        assert grants.count() == 2

        take_back(gift.order)

        assert (grants.count(), License.objects.get().standing) == (0, "revoked")
        assert "This gift is closed" in words(Client().get(f"/gifts/{gift.token}/"))

    def test_of_one_that_waits_leaves_nothing_to_accept(self) -> None:
        gift = given()
        take_back(gift.order)

        with pytest.raises(GiftNotPossible):
            accept(gift, None)

        assert counts() == (0, 0)

    def test_is_in_dispute_before_it_was_sent(self) -> None:
        day = timezone.localdate() + timedelta(days=3)
        gift = given(GiftWish("Sara", "Mona", "mona@example.com", day=day))
        dispute = Dispute.objects.create(
            payment=gift.order.payments.get(), reference="dp_1", amount=1200, status="open"
        )
        Gift.objects.update(next_attempt_at=timezone.now())
        tasks.send_due_gifts()
        assert not OutgoingMail.objects.filter(to="mona@example.com").exists()

        Dispute.objects.filter(pk=dispute.pk).update(status="won")
        Gift.objects.update(next_attempt_at=timezone.now())
        tasks.send_due_gifts()
        assert OutgoingMail.objects.filter(to="mona@example.com").count() == 1

    def test_is_in_dispute(self) -> None:
        gift = accepted(given())
        payment = gift.order.payments.get()
        dispute = Dispute.objects.create(payment=payment, reference="dp_1", amount=1200, status="open")
        OrderEvent.record(gift.order, "order.disputed", {"dispute": dispute.pk})
        handle_events_of(gift.order)

        assert "This gift is closed" in words(Client().get(f"/gifts/{gift.token}/"))


def take_back(order: Order) -> None:
    give_back(order)
    handle_events_of(order)


def test_programs_and_news_are_the_recipients(settings: Any, monkeypatch: Any) -> None:
    gift = accepted(given())
    product = gift.order.lines.get().variant.product
    Order.objects.update(paid_at=timezone.now() - timedelta(days=1))
    make_release(product, is_announced=True)
    noon = timezone.now().replace(hour=12)
    monkeypatch.setattr("delivery.news.timezone.localtime", lambda: noon)

    announce_releases()

    news = OutgoingMail.objects.get(cause__startswith="updates:")
    assert (news.to, gift.order.token in news.text + news.html) == ("mona@example.com", False)
    assert f"/gifts/{gift.token}/" in news.text
    assert "Mona" in mark_words(gift.order)
    assert "buyer" not in mark_words(gift.order)
    Download.objects.create(grant=DownloadGrant.objects.all()[0], session="s")
    assert "The recipient downloaded" in next(tell_downloads(gift.order, 9)).words
