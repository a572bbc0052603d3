"""Pages in Arabic and Persian hold no word of English and, in Persian, no Latin digit.

Latin is allowed in what is marked as such (dir="ltr", another lang, code), and for the names below.
"""

import re
from html.parser import HTMLParser

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import translation

from accounts.models import User
from catalog.models import Category, Faq
from checkout.models import Order
from storefront.templatetags.shop import money, money_text
from tests.factories import make_product, make_variant, paid_order, pending_order

pytestmark = pytest.mark.django_db
NAMES = {"PDF", "IP", "JPEG", "PNG", "WebP", "GIF", "AVIF", "Markdown", "SHA", "USD", "EUR", "QR"}
NAMES |= {"CSV", "HTML", "IBAN", "PayPal", "Payoneer", "Skrill", "Wise"}
# What stands in titles and sentences without markup: e-mail and web addresses, order numbers, sign-in codes.
ADDRESSED = re.compile(r"\S+@[\w.]+|https?://\S+|D-\d+|\b[A-Z]{4}-[A-Z]{4}\b")
SILENT = {"script", "style", "noscript", "textarea", "code", "svg"}
VOID = {"br", "hr", "img", "input", "link", "meta", "source", "use", "wbr", "path"}
SPOKEN = ("aria-label", "placeholder", "title", "alt")


class Words(HTMLParser):
    """The words of a page that claim to be in its language: text, and attributes that are read aloud."""

    def __init__(self, page: str, language: str) -> None:
        super().__init__()
        self.language = language
        self.open: list[tuple[str, bool]] = []
        self.said: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_foreign = given.get("dir") == "ltr" or given.get("lang", self.language) != self.language
        if tag not in VOID:
            self.open.append((tag, is_foreign or tag in SILENT))
        if not is_foreign and not self.is_foreign:
            self.said += [given[name] or "" for name in SPOKEN if name in given]

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self.is_foreign:
            self.said.append(data)

    @property
    def is_foreign(self) -> bool:
        return any(is_foreign for _tag, is_foreign in self.open)


def leftovers(page: str, language: str) -> list[str]:
    """English words, Latin digits in Persian, and Arabic letters where Persian has its own."""
    text = ADDRESSED.sub("", " ".join(Words(page, language).said))
    words = [word for word in re.findall(r"[A-Za-z]{2,}", text) if word not in {*NAMES, settings.SITE_NAME}]
    return words + (re.findall(r"[0-9]+|\w*[يك]\w*", text) if language == "fa" else [])


def make_translated_product():
    shelf = Category.objects.create(slug="shelf", title_en="Shelf", title_ar="رف", title_fa="قفسه")
    product = make_product(
        title_en="A book",
        title_ar="كتاب",
        title_fa="کتاب",
        slug="a-book",
        content_language="fa",
        sample="s.pdf",
    )
    product.categories.add(shelf)
    product.files.update(title_en="The book", title_ar="الكتاب", title_fa="کتاب")
    product.variants.update(title_en="For one", title_ar="لقارئ", title_fa="برای یک خواننده")
    make_variant(product, None, title_en="For all", title_ar="للجميع", title_fa="برای همه")
    Faq.objects.create(product=product, question_en="Why?", question_ar="لماذا؟", question_fa="چرا؟")
    return product


PAGES = [
    "/",
    "/products/",
    "/products/?kind=theme",
    "/products/?q=کتاب",
    "/products/?q=ققنوس",
    "/products/a-book/",
    "/categories/shelf/",
    "/cart/",
    "/nowhere/",
    "/demo/mails/",
    "/accounts/login/",
    "/accounts/login/code/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/confirm-email/no-such-key/",
    "/downloads/broken/",
    "/affiliates/join/",
]


@pytest.mark.parametrize("language", ["ar", "fa"])
@pytest.mark.parametrize("path", PAGES)
def test_public_pages_speak_one_language(client: Client, language: str, path: str) -> None:
    make_translated_product()

    response = client.get(f"/{language}{path}")

    assert response.status_code in (200, 403, 404)
    assert leftovers(response.content.decode(), language) == []


@pytest.mark.parametrize("language", ["ar", "fa"])
def test_an_empty_shop_speaks_one_language(client: Client, language: str) -> None:
    for path in ("/", "/products/"):
        assert leftovers(client.get(f"/{language}{path}").content.decode(), language) == []


@pytest.mark.parametrize("language", ["ar", "fa"])
def test_buying_speaks_one_language(client: Client, language: str, lost_webhooks: None) -> None:
    variant = make_translated_product().variants.all()[0]
    client.post(f"/{language}/cart/lines/", {"variant": variant.pk, "quantity": 3})
    form = {"email": "someone", "country": "", "provider": ""}

    seen = [client.get(f"/{language}/cart/"), client.get(f"/{language}/checkout/")]
    seen += [client.post(f"/{language}/checkout/", form)]
    form |= {"email": "reader@example.com", "country": "JO", "provider": "demo"}
    seen += [client.post(f"/{language}/checkout/", form, follow=True)]
    seen += [client.get(f"/{language}/orders/{Order.objects.get().token}/")]
    seen += [client.post(seen[3].redirect_chain[-1][0], {"outcome": "decline"}, follow=True)]

    assert [response.status_code for response in seen] == [200] * 6
    assert [leftovers(response.content.decode(), language) for response in seen] == [[]] * 6


@pytest.mark.parametrize("language", ["ar", "fa"])
@pytest.mark.parametrize("state", ["paid", "held", "refunded", "expired", "pending"])
def test_the_order_page_speaks_one_language(
    client: Client, language: str, state: str, lost_webhooks: None
) -> None:
    product = make_translated_product()
    with translation.override(language):
        order = paid_order(product, language=language) if state != "pending" else pending_order(product)
    if state == "held":
        order.hold("Another currency.")
    elif state in ("refunded", "expired"):
        Order.objects.filter(pk=order.pk).update(status=state)

    page = client.get(f"/{language}/orders/{order.token}/").content.decode()

    assert leftovers(page, language) == []
    assert order.number in page


@pytest.mark.parametrize("language", ["ar", "fa"])
def test_account_pages_speak_one_language(
    client: Client, language: str, lost_webhooks: None, commits
) -> None:
    user = User.objects.create_user("reader@example.com", "a-good-secret")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    with translation.override(language), commits():
        paid_order(make_translated_product(), email=user.email, language=language)
    client.force_login(user)
    paths = [
        "library/",
        "accounts/email/",
        "accounts/password/change/",
        "accounts/2fa/",
        "accounts/sessions/",
    ]
    paths += ["accounts/logout/", "accounts/2fa/webauthn/", "accounts/reauthenticate/"]

    pages = {path: client.get(f"/{language}/{path}").content.decode() for path in paths}

    assert {path: leftovers(page, language) for path, page in pages.items()} == dict.fromkeys(paths, [])


@pytest.mark.parametrize("language", ["ar", "fa"])
def test_mails_speak_the_buyers_language(client: Client, language: str, lost_webhooks: None, commits) -> None:
    with translation.override(language), commits():
        paid_order(make_translated_product(), language=language)
    with commits():
        client.post(f"/{language}/accounts/login/code/", {"email": "reader@example.com"})

    assert len(mail.outbox) == 2
    for message in mail.outbox:
        assert isinstance(message, EmailMultiAlternatives)
        assert leftovers(str(message.alternatives[0][0]), language) == []
        assert leftovers(f"{message.subject} {message.body}", language) == []


@pytest.mark.parametrize("language", ["ar", "fa"])
@pytest.mark.parametrize("path", ["", "catalog/product/add/", "checkout/order/", "usersessions/usersession/"])
def test_the_admin_speaks_the_language_of_staff(client: Client, language: str, path: str) -> None:
    client.force_login(User.objects.create_superuser("staff@example.com", "x", name="سارا"))

    page = client.get(f"/{language}/admin/{path}").content.decode()

    words = [word for word in leftovers(page, language) if not word.isdecimal()]
    assert set(words) <= {
        "English",
        "None",
        "Search",
        "ar",
        "en",
        "fa",
        "Command",
        "Control",
        "EPUB",
        "Mac",
        "العربية",
    }


@pytest.mark.parametrize(
    ("language", "html", "text"),
    [
        ("en", '<bdi class="money" dir="ltr">$12.00</bdi>', "\u2066$12.00\u2069"),
        ("ar", '<bdi class="money" dir="rtl">12.00\xa0$</bdi>', "\u206712.00\xa0$\u2069"),
        ("fa", '<bdi class="money" dir="rtl">۱۲٫۰۰\xa0$</bdi>', "\u2067۱۲٫۰۰\xa0$\u2069"),
    ],
)
def test_a_price_has_the_direction_of_its_reader(language: str, html: str, text: str) -> None:
    with translation.override(language):
        assert (money(1200, "USD"), money_text(1200, "USD")) == (html, text)
