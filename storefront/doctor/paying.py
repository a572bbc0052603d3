"""Whether buyers can pay: PayPal's keys, and who takes each currency that something has a price in."""

import base64
import json
import urllib.error
import urllib.request

from django.conf import settings
from django.db import DatabaseError

from catalog.models import Price
from checkout.providers import providers
from storefront.checks import half_set_provider
from storefront.doctor.finding import Findings, ok, problem, warning
from storefront.doctor.outside import TIME_OUT
from storefront.money import decimals
from storefront.shop import shop

PAYPAL = "https://api-m.paypal.com"
DISPUTES = "/disputes/read-seller"  # the end of the right's name


def paypal() -> Findings:
    if half_set := half_set_provider("PayPal"):
        yield problem("PayPal", half_set)
    elif not settings.PAYPAL_CLIENT_ID:
        yield ok("PayPal", "Off: set PAYPAL_CLIENT_ID to take PayPal.")
    else:
        yield from _paypal_answers()
    if settings.PAYPAL_API_BASE != PAYPAL:
        text = f"PAYPAL_API_BASE is {settings.PAYPAL_API_BASE}: no real money comes from there."
        yield warning("PayPal", text)


def _paypal_answers() -> Findings:
    """https://developer.paypal.com/api/rest/authentication/"""
    url = f"{settings.PAYPAL_API_BASE}/v1/oauth2/token"
    keys = base64.b64encode(f"{settings.PAYPAL_CLIENT_ID}:{settings.PAYPAL_CLIENT_SECRET}".encode()).decode()
    headers = {"Authorization": f"Basic {keys}", "Content-Type": "application/x-www-form-urlencoded"}
    request = urllib.request.Request(url, b"grant_type=client_credentials", headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIME_OUT) as response:  # noqa: S310
            rights = str(json.loads(response.read(100_000)).get("scope", ""))
    except urllib.error.HTTPError as error:
        text = f"It refuses the keys ({error.code}): copy id and secret of the app from its dashboard."
        yield problem("PayPal", text)
    except (OSError, ValueError, AttributeError) as error:
        yield problem("PayPal", f"It cannot be reached ({error}): let this machine out to {url}.")
    else:
        yield ok("PayPal", "It takes the keys.")
        if rights and DISPUTES not in rights:
            text = "Disputes cannot be seen: switch them on among the features of the app."
            yield warning("PayPal", text)


def ways_to_pay() -> Findings:
    """Who takes the currencies of the shop, and who is hidden from buyers, and why."""
    try:
        priced = set(Price.objects.order_by().values_list("currency", flat=True).distinct())
    except DatabaseError as error:
        yield problem("Ways to pay", f"Prices cannot be read ({error}): run `manage.py migrate`.")
        return
    for currency in sorted(priced | {shop().currency}):
        reasons = {
            each: each.why_not(100 * 10 ** decimals(currency), currency) for each in providers().values()
        }
        offered = [str(each.label) for each, reason in reasons.items() if not reason]
        hidden = " ".join(f"Hidden: {each.label}. {reason}" for each, reason in reasons.items() if reason)
        if offered:
            yield ok("Ways to pay", f"{currency}: {', '.join(offered)}. {hidden}".strip())
        else:
            yield problem(
                "Ways to pay", f"Nobody takes {currency}, so it cannot be bought in. {hidden}".strip()
            )
