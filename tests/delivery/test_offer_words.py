"""Pages and mails of offers and gifts speak one language, and ask as much for one line as for many."""

import re
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from catalog.models import ProductFile, Variant
from checkout.gifts import GiftWish, keep
from checkout.models import Gift
from tests.delivery.editions import Shop
from tests.delivery.test_gifting import accepted, given
from tests.factories import handle_events_of, make_offer, make_product, paid_order
from tests.test_words import leftovers, make_translated_product

pytestmark = pytest.mark.django_db
LANGUAGES = pytest.mark.parametrize("language", ["ar", "fa"])
WISH = GiftWish(giver="سارا", name="مونا", email="mona@example.com", message="سلام")


def translated(product: Any) -> Any:
    product.title_ar, product.title_fa = "إضافة", "افزونه"
    product.save()
    product.variants.update(title_ar="نسخة", title_fa="نسخه")
    product.files.update(title_ar="ملف", title_fa="فایل")
    return product


@LANGUAGES
def test_what_is_offered_speaks_one_language(client: Client, language: str) -> None:
    book, other, third = (
        make_translated_product(),
        translated(make_product(900)),
        translated(make_product(700)),
    )
    for kind, product in (("cross", other), ("bump", other), ("upsell", third)):
        make_offer(kind, product, book, amount=500, title_ar="معًا", title_fa="با هم")
    with translation.override(language):
        order = paid_order(book, language=language)
    client.post(f"/{language}/cart/lines/", {"variant": book.variants.all()[0].pk})

    seen = [client.get(f"/{language}{path}") for path in ("/cart/", "/checkout/", f"/orders/{order.token}/")]

    assert [leftovers(page.content.decode(), language) for page in seen] == [[]] * 3
    assert ['class="upsell' in str(page.content) or "bump" in str(page.content) for page in seen[1:]] == [
        True
    ] * 2


def said(text: str, language: str) -> list[str]:
    """What is left over, but for titles that tests make in English, and zip, which is a name."""
    return leftovers(re.sub(r"Book \d+|\bzip\b", "", text), language)


@LANGUAGES
def test_a_gift_speaks_one_language(client: Client, language: str, lost_webhooks: None, commits: Any) -> None:
    with translation.override(language), commits():
        gift = given(WISH, language=language)
    ProductFile.objects.update(title_ar="ملف", title_fa="فایل")
    mails = [message for message in mail.outbox if isinstance(message, EmailMultiAlternatives)]
    seen = [f"{message.subject} {message.body}" for message in mails]
    seen += [str(message.alternatives[0][0]) for message in mails]
    gift_page, order_page = f"/{language}/gifts/{gift.token}/", f"/{language}/orders/{gift.order.token}/"
    seen += [client.get(path).content.decode() for path in (gift_page, order_page)]
    accepted(gift)
    seen += [client.get(path).content.decode() for path in (gift_page, order_page)]
    Gift.objects.update(claimed_at=None)
    keep(gift.order)
    seen += [client.get(gift_page).content.decode()]

    assert [said(text, language) for text in seen] == [[]] * 9


@LANGUAGES
def test_a_library_with_upgrades_and_gifts_speaks_one_language(client: Client, language: str) -> None:
    shop = Shop()
    pks = [shop.five.pk, shop.many.pk]
    Variant.objects.filter(pk__in=pks).update(title_ar="نسخة", title_fa="نسخه")
    with translation.override(language):
        shop.bought()
        given(WISH, user=shop.mona, language=language)
        accepted(given(WISH, language=language), shop.mona)
    ProductFile.objects.update(title_ar="ملف", title_fa="فایل")
    client.force_login(shop.mona)

    page = client.get(f"/{language}/library/").content.decode()

    assert said(page, language) == []
    assert page.count("/cart/upgrades/") == 2


def test_pages_ask_alike_for_any_number_of_lines() -> None:
    counts = []
    for number in (1, 4):
        shop = Shop()
        for _each in range(number):
            shop.upgraded(shop.bought(), shop.five)
            accepted(given(WISH), shop.mona)
        client = Client()
        client.force_login(shop.mona)
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/library/").status_code == 200
        counts.append(len(asked))

    assert counts[0] == counts[1] <= 13


def test_the_page_of_a_gift_asks_at_most_nine() -> None:
    gift = accepted(given(WISH))
    with CaptureQueriesContext(connection) as asked:
        assert Client().get(f"/gifts/{gift.token}/").status_code == 200

    assert len(asked) <= 9


def test_an_order_page_with_an_upsell_asks_at_most_sixteen() -> None:
    book = make_product()
    make_offer("upsell", make_product(900), book, amount=500)
    order = paid_order(book)
    handle_events_of(order)
    with CaptureQueriesContext(connection) as asked:
        assert "upsell" in Client().get(f"/orders/{order.token}/").content.decode()

    assert len(asked) <= 16
