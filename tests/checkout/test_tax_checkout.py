"""Paying where the sum depends on the place: nobody pays another sum than the one they saw."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from checkout.models import Offer, Order, TaxEvidence, TaxTreatment, Upsell
from checkout.payments import start_payment, sync_payment
from storefront.models import Shop
from tests.checkout.test_queries import at_most
from tests.doubles.paypal import PayPalDouble
from tests.doubles.stripe import StripeDouble
from tests.factories import (
    handle_events_of,
    make_offer,
    make_product,
    make_rate,
    make_shop,
    paid_order,
    pending_order,
)

pytestmark = pytest.mark.django_db
HANS = {"email": "hans@example.com", "country": "DE", "provider": "demo"}


@pytest.fixture(autouse=True)
def shop() -> Shop:
    """A shop in Amman that adds the tax of its buyers' countries."""
    make_rate("JO", 1600)
    make_rate("DE", 1900)
    make_rate("ES", 2100)
    make_rate("ES", 700, region="Canary Islands")
    return make_shop(charges_tax=True, prices_include_tax=False, country="JO")


@pytest.fixture
def shopper() -> Client:
    client = Client()
    client.post("/cart/lines/", {"variant": make_product(10_000, kind="plugin").variants.get().pk})
    return client


def words(response: Any) -> str:
    page = re.sub(r"</?(bdi|b|span)\b[^>]*>", "", response.content.decode())
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def total_of(response: Any) -> int:
    found = re.search(r'name="shown_total" value="(\d+)"', response.content.decode())
    assert found
    return int(found[1])


def test_the_cart_says_that_tax_comes_on_top(shopper: Client) -> None:
    page = words(shopper.get("/cart/"))

    assert "$100.00" in page
    assert "Tax is added at the checkout" in page


def test_the_cart_says_that_prices_include_it(shopper: Client) -> None:
    make_shop(charges_tax=True)

    assert "Prices include tax" in words(shopper.get("/cart/"))


def test_the_page_shows_the_sum_for_the_country_it_guesses(shopper: Client) -> None:
    page = shopper.get("/checkout/", headers={"Accept-Language": "ar-JO"})

    assert "VAT 16% $16.00" in words(page)
    assert total_of(page) == 11_600


def test_another_country_shows_its_sum_before_it_is_paid(shopper: Client) -> None:
    shown = total_of(shopper.get("/checkout/", headers={"Accept-Language": "ar-JO"}))

    page = shopper.post("/checkout/", HANS | {"shown_total": shown})

    assert page.status_code == 200
    assert not Order.objects.exists()
    assert "The price has changed" in words(page)
    assert total_of(page) == 11_900
    assert 'value="hans@example.com"' in page.content.decode()

    assert shopper.post("/checkout/", HANS | {"shown_total": total_of(page)}).status_code == 302
    assert Order.objects.get().total == 11_900


def test_the_sum_can_be_reckoned_anew_with_half_a_form(shopper: Client) -> None:
    page = shopper.post("/checkout/", {"country": "DE", "reprice": "1", "vat_id": "DE1", "shown_total": "1"})

    assert total_of(page) == 11_900
    assert "This is no VAT id of Germany" in words(page)
    assert "We need an e-mail address" not in words(page)
    assert not Order.objects.exists()


def test_a_region_is_asked_for_where_one_matters(shopper: Client) -> None:
    spain, germany = (shopper.post("/checkout/", {"country": code, "reprice": "1"}) for code in ("ES", "DE"))
    assert "Canary Islands" in words(spain)
    assert "Canary Islands" not in words(germany)

    shopper.post("/checkout/", HANS | {"country": "ES", "region": "Canary Islands", "shown_total": 10_700})
    order = Order.objects.get()
    assert (order.tax_country, order.tax_region, order.total) == ("ES", "Canary Islands", 10_700)


def test_a_company_abroad_pays_no_tax_and_reads_why(shopper: Client) -> None:
    company = {"company": "Rot\u202e  GmbH", "vat_id": "de 136 695 976"}
    page = shopper.post("/checkout/", HANS | company | {"reprice": "1"})
    assert "Reverse charge: your company accounts for the tax itself." in words(page)
    assert total_of(page) == 10_000

    paid_at = shopper.post("/checkout/", HANS | company | {"shown_total": 10_000})
    order = Order.objects.get()
    assert paid_at.status_code == 302
    assert (order.company, order.vat_id) == ("Rot GmbH", "DE136695976")
    assert (order.tax_treatment, order.total) == (TaxTreatment.REVERSE_CHARGE, 10_000)
    told = words(shopper.get(order.get_absolute_url()))
    assert "Reverse charge" in told
    assert "Bought for Rot GmbH" in told
    assert "DE136695976" in told


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"vat_id": "DE136695978"}, "A digit of this VAT id is wrong"),
        ({"vat_id": "FR40303265045"}, "This is a VAT id of France, and you chose Germany."),
        ({"vat_id": "x" * 61}, "at most 60 characters"),
        ({"company": "x" * 201}, "at most 200 characters"),
        ({"region": "x" * 61}, ""),
        ({"country": "XX", "vat_id": "DE136695976"}, "from the list"),
        ({"vat_id": "\x00"}, "Null characters are not allowed"),
    ],
)
def test_what_can_not_be_taken_is_said_and_nothing_is_written(
    shopper: Client, typed: dict[str, str], said: str
) -> None:
    page = shopper.post("/checkout/", HANS | typed)

    if said:
        assert page.status_code == 200
        assert said in words(page)
        assert not Order.objects.exists()
    else:
        assert Order.objects.get().tax_region == ""


def test_prices_that_include_the_tax_say_how_much(shopper: Client, commits: Any) -> None:
    make_shop(charges_tax=True, country="JO")
    page = shopper.post("/checkout/", HANS | {"reprice": "1"})
    assert total_of(page) == 10_000
    assert "of it VAT 19% $15.97" in words(page)

    with commits():
        handle_events_of(paid_order(make_product(10_000, kind="plugin"), country="DE"))
    text = re.sub("[\u2066-\u2069]", "", str(mail.outbox[0].body))
    assert "Total: $100.00\nof it VAT 19%: $15.97" in text


# --- Where the buyer is ---------------------------------------------------------------------------


def evidence(order: Order) -> list[tuple[str, str, bool]]:
    return list(order.tax_evidence.values_list("kind", "country", "is_confirmed"))


def test_what_the_network_says_is_kept_beside_what_was_chosen(shopper: Client, settings: Any) -> None:
    settings.COUNTRY_HEADER = "CF-IPCountry"

    shopper.post("/checkout/", HANS, headers={"CF-IPCountry": "DE"})

    assert evidence(Order.objects.get()) == [("chosen", "DE", False), ("network", "DE", False)]
    assert not Order.objects.differing().exists()


def test_a_country_that_differs_from_the_networks_is_confirmed_first(shopper: Client, settings: Any) -> None:
    settings.COUNTRY_HEADER = "CF-IPCountry"
    abroad = {"CF-IPCountry": "es"}

    page = shopper.post("/checkout/", HANS, headers=abroad)
    assert "I am at home in Germany, although I seem to be connected from Spain." in words(page)
    assert "Please confirm this, or choose the country where you are." in words(page)
    assert not Order.objects.exists()

    shopper.post("/checkout/", HANS | {"is_place_confirmed": "on"}, headers=abroad)
    order = Order.objects.get()
    assert evidence(order) == [("chosen", "DE", True), ("network", "ES", False)]
    assert order.evidence_differs
    assert list(Order.objects.differing()) == [order]


@pytest.mark.parametrize("told", ["XX", "T1", "", "DE, ES", "\u00fc", "de"])
def test_only_a_country_counts_as_one(shopper: Client, settings: Any, told: str) -> None:
    settings.COUNTRY_HEADER = "CF-IPCountry"

    shopper.post("/checkout/", HANS, headers={"CF-IPCountry": told})

    assert len(evidence(Order.objects.get())) == (2 if told == "de" else 1)


def test_a_header_that_nobody_named_is_not_believed(shopper: Client) -> None:
    shopper.post("/checkout/", HANS, headers={"CF-IPCountry": "ES"})

    assert evidence(Order.objects.get()) == [("chosen", "DE", False)]


def test_where_no_tax_is_charged_nothing_is_asked_or_kept(shopper: Client, settings: Any) -> None:
    settings.COUNTRY_HEADER = "CF-IPCountry"
    make_shop(charges_tax=False)

    shopper.post("/checkout/", HANS, headers={"CF-IPCountry": "ES"})

    assert Order.objects.get().tax_treatment == TaxTreatment.EXEMPT
    assert not TaxEvidence.objects.exists()


def test_stripe_tells_the_country_of_the_card(stripe: StripeDouble) -> None:
    payment = start_payment(pending_order(country="JO"), "stripe")
    stripe.pay(payment.reference)

    for _twice in range(2):
        sync_payment(payment)

    assert evidence(payment.order) == [("chosen", "JO", False), ("card", "EG", False)]


def test_paypal_tells_the_country_of_the_account(paypal: PayPalDouble) -> None:
    payment = start_payment(pending_order(country="JO"), "paypal")
    paypal.approve(payment.reference)

    sync_payment(payment)

    assert evidence(payment.order) == [("chosen", "JO", False), ("card", "EG", False)]


# --- Cost -----------------------------------------------------------------------------------------


def test_pages_stay_within_their_queries(shopper: Client) -> None:
    for _each in range(5):
        shopper.post("/cart/lines/", {"variant": make_product().variants.get().pk})

    with at_most(6):
        shopper.get("/cart/")
    with at_most(8):
        shopper.get("/checkout/", headers={"Accept-Language": "de-DE"})
    with at_most(21):  # one more than without taxes: rates are looked up for the page and for the order
        assert shopper.post("/checkout/", HANS).status_code == 302


def test_one_click_after_the_payment_is_taxed_like_the_order_it_follows() -> None:
    client, book = Client(), make_product(10_000)
    make_offer("upsell", make_product(2000), book, amount=1000)
    company: dict[str, Any] = {"country": "ES", "region": "Canary Islands", "company": "Dunas"}
    source = paid_order(book, **company, network_country="DE", is_place_confirmed=True)
    page = client.get(f"/orders/{source.token}/")
    assert "$10.70 Otherwise $21.40" in words(page)

    client.post(f"/orders/{source.token}/upsells/", {"offer": Offer.objects.get().pk, "shown_total": "1070"})

    order = Upsell.objects.get().order
    assert (order.total, order.tax_region, order.company) == (1070, "Canary Islands", "Dunas")
    assert order.is_place_confirmed
