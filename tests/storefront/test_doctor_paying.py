"""The doctor asks PayPal whether it takes the keys, and says who takes which currency."""

from typing import Any

import pytest
from django.test import Client

from catalog.models import Price
from storefront.doctor import paying
from storefront.doctor.finding import Findings
from tests.doubles.paypal import PayPalDouble
from tests.doubles.stripe import StripeDouble
from tests.factories import make_product, make_user

pytestmark = pytest.mark.django_db


def said(findings: Findings) -> list[tuple[str, str]]:
    return [(finding.level, finding.text) for finding in findings]


def test_the_right_keys_are_well_and_a_stand_in_is_told(paypal: PayPalDouble) -> None:
    assert said(paying.paypal()) == [
        ("ok", "It takes the keys."),
        ("warning", f"PAYPAL_API_BASE is {paypal.url}: no real money comes from there."),
    ]
    assert paypal.complaints == []


def test_wrong_keys_are_a_problem_and_are_not_shown(paypal: PayPalDouble, settings: Any) -> None:
    settings.PAYPAL_CLIENT_SECRET = "nobody-knows-it"  # noqa: S105

    found = said(paying.paypal())

    assert found[0][0] == "problem"
    assert "refuses the keys (401)" in found[0][1]
    assert "nobody-knows-it" not in str(found)


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", "http://127.0.0.1:9"])
def test_out_of_reach_is_a_problem(paypal: PayPalDouble, settings: Any, base: str) -> None:
    settings.PAYPAL_API_BASE = base

    assert [level for level, _text in said(paying.paypal())] == ["problem", "warning"]


def test_half_set_is_a_problem_and_unset_is_off(settings: Any) -> None:
    assert [level for level, _text in said(paying.paypal())] == ["ok"]

    settings.PAYPAL_CLIENT_ID = "id"
    assert "PAYPAL_CLIENT_SECRET is missing" in said(paying.paypal())[0][1]


def test_each_currency_is_told_with_who_takes_it_and_who_is_hidden(
    paypal: PayPalDouble, stripe: StripeDouble, settings: Any
) -> None:
    settings.DEMO = False
    variant = make_product(1200).variants.get()
    for currency in ("AED", "IRR"):
        Price.objects.create(variant=variant, currency=currency, amount=1000)

    aed, irr, usd = said(paying.ways_to_pay())

    assert aed[0] == "ok"
    assert aed[1].startswith(
        "AED: Card and more, by Stripe. Hidden: PayPal. PayPal takes no payments in AED."
    )
    assert irr[0] == "problem"
    assert irr[1].startswith("Nobody takes IRR")
    assert usd == ("ok", "USD: Card and more, by Stripe, PayPal.")


@pytest.mark.parametrize("is_staff", [True, False])
def test_staff_reads_at_the_checkout_why_a_provider_is_hidden(
    paypal: PayPalDouble, settings: Any, is_staff: bool
) -> None:
    settings.CURRENCY = "AED"
    client = Client()
    client.force_login(make_user(is_staff=is_staff))
    client.post("/cart/lines/", {"variant": make_product(5000).variants.get().pk})

    page = client.get("/checkout/").content.decode()

    assert ('value="paypal"' in page, 'value="demo"' in page) == (False, True)
    assert ("PayPal takes no payments in AED" in page) == is_staff
