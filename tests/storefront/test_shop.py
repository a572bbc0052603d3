"""The shop's settings: the environment's until staff saves a row, which then wins everywhere at once."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from catalog.models import Price, Product
from storefront import shop as shop_module
from storefront.mail import _sender
from storefront.models import Shop
from storefront.models.shop import Numerals
from storefront.money import digits, format_money, format_rate
from storefront.shop import facts_of, forget_shop, new_shop, shop, trying
from storefront.templatetags.shop import money, part
from tests.factories import make_product, make_shop, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def _asks_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a shop: nothing is known before the first question."""
    monkeypatch.setattr(shop_module, "_kept", shop_module._Kept())


def test_before_anything_is_saved_the_environment_counts(settings) -> None:
    settings.SITE_NAME, settings.CURRENCY, settings.REFUND_WINDOW_DAYS = "Env", "EUR", 7

    assert (shop().name, shop().currency, shop().refund_window_days) == ("Env", "EUR", 7)
    assert (shop().languages, shop().charges_tax, shop().seller) == (("en", "ar", "fa"), False, "Env")


def test_a_saved_row_wins_over_the_environment(settings, client: Client) -> None:
    settings.SITE_NAME = "Env"
    make_shop(name_en="Papyrus", name_ar="بردي", name_fa=None, refund_window_days=3)
    settings_page = {prefix: client.get(f"{prefix}/").content.decode() for prefix in ("", "/ar", "/fa")}

    assert "3 days to change your mind" in settings_page[""]
    assert 'class="wordmark" href="/">Papyrus<' in settings_page[""]
    assert 'class="wordmark" href="/ar/">بردي<' in settings_page["/ar"]
    assert 'class="wordmark" href="/fa/">Papyrus<' in settings_page["/fa"]
    assert "Env" not in "".join(settings_page.values())


@pytest.mark.usefixtures("_asks_the_database")
def test_it_is_asked_once_and_again_after_a_change() -> None:
    with CaptureQueriesContext(connection) as asked:
        first = [shop() for _each in range(3)]
    make_shop(name_en="New")
    second = shop()
    forget_shop()

    assert len(asked) == 1
    assert first[0] is first[1] is first[2] is not second
    assert second.names["en"] == "New"
    assert shop() is second  # read anew, and the same: caches that are keyed by it stay


@pytest.mark.usefixtures("_asks_the_database")
def test_what_was_read_across_a_change_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    row = make_shop(name_en="Old")
    forget_shop()

    def old_row_while_another_thread_saves() -> Shop:
        Shop.objects.update(name_en="New")
        forget_shop()
        return row

    with monkeypatch.context() as slow:
        slow.setattr(Shop.objects, "first", old_row_while_another_thread_saves)
        assert shop().name == "Old"
    assert shop().name == "New"


def test_there_is_one_row() -> None:
    make_shop(name_en="One")
    make_shop(name_en="Two")
    assert Shop.objects.get().name == "Two"

    with pytest.raises(IntegrityError), transaction.atomic():
        Shop.objects.bulk_create([Shop(pk=2, name="Three", currency="USD")])


def test_texts_are_kept_clean() -> None:
    row = make_shop(name_en="Papyrus\u202e \x00 ", address="Street 1\r\nAmman\x07")

    assert (row.name, row.address) == ("Papyrus", "Street 1\nAmman")


def test_another_currency_changes_prices_and_their_order(commits) -> None:
    cheap, dear = make_product(100), make_product(900)
    for product, euros in ((cheap, 800), (dear, 700)):
        Price.objects.create(variant=product.variants.get(), currency="EUR", amount=euros)
    make_variant(cheap, None)

    with commits():
        make_shop(currency="EUR")

    assert list(Product.objects.order_by("sorting_amount")) == [dear, cheap]
    shown = [each.lowest_price for each in Product.objects.for_shelf().order_by("pk")]
    assert [(price.amount, price.currency) for price in shown] == [(800, "EUR"), (700, "EUR")]


def test_digits_of_arabic_pages_are_a_matter_of_taste() -> None:
    with translation.override("ar"):
        assert (digits("4.5 MB"), str(money(123450, "USD")).count("1,234.50")) == ("4.5 MB", 1)
        with trying(facts_of(Shop(currency="USD", languages=["ar"], arabic_numerals=Numerals.ARABIC))):
            assert digits("4.5 MB") == "٤٫٥ MB"
            assert "١٬٢٣٤٫٥٠" in money(123450, "USD")
            assert format_money(-5, "KWD", "ar") == "\u200e-٠٫٠٠٥\xa0د.ك."
            assert format_rate(750, "ar") == "٧٫٥٪"
            assert format_money(1200, "USD", "en") == "$12.00"
        assert digits(12) == "12"


def test_pieces_that_are_kept_follow_the_shop() -> None:
    before = part("storefront/_promise.html")
    with trying(facts_of(new_shop())):
        same = part("storefront/_promise.html")
    make_shop(refund_window_days=9)

    assert before == same
    assert "9 days" in part("storefront/_promise.html")


@pytest.mark.parametrize(
    ("set_to", "sender"),
    [
        ("shop@example.com", '"Book \\"n\\" Pen" <shop@example.com>'),
        ("Operator <shop@example.com>", "Operator <shop@example.com>"),
    ],
)
def test_mails_go_out_under_the_name_of_the_shop(settings, set_to: str, sender: str) -> None:
    settings.DEFAULT_FROM_EMAIL = set_to
    make_shop(name_en='Book "n" Pen', name_ar="مكتبة")

    assert _sender("en") == sender
    assert ("مكتبة" in _sender("ar")) == ("Operator" not in set_to)


def test_only_what_is_offered_is_a_currency_of_carts() -> None:
    facts = facts_of(Shop(currency="USD", currencies=["EUR"], languages=[]))

    assert [facts.offers(code) for code in ("USD", "EUR", "SAR")] == [True, True, False]
    assert facts_of(Shop(currency="USD", currencies=[], languages=[])).offers("SAR")
