"""What the shop needs of others: mail server, payment provider, and how the world reaches it."""

import smtplib
import time
import urllib.error
import urllib.request
from email.utils import parsedate_to_datetime

from django.conf import settings
from django.core.mail import get_connection

from storefront.checks import half_set_provider
from storefront.doctor.finding import Findings, ok, problem, warning

STRIPE = "https://api.stripe.com"
TIME_OUT = 5  # seconds
MAX_CLOCK_ERROR = 60  # seconds; Stripe's signatures are refused at 300


def mail() -> Findings:
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        yield warning(
            "Mail", f"Mail goes to {settings.EMAIL_BACKEND}, to no reader. Set EMAIL_URL to send it."
        )
        return
    connection = get_connection(timeout=TIME_OUT)
    where = f"{connection.host}:{connection.port}"
    try:
        connection.open()
        connection.close()
    except (OSError, smtplib.SMTPException) as error:
        yield problem("Mail", f"{where} does not let us in ({error}). Mend EMAIL_URL; mails wait meanwhile.")
    else:
        yield ok("Mail", f"{where} lets us in.")
    if settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith(("@localhost", "@127.0.0.1")):
        yield warning("Mail", "Mails come from an address at localhost: set DEFAULT_FROM_EMAIL.")


def stripe() -> Findings:
    if half_set := half_set_provider():
        yield problem("Stripe", half_set)
    elif not settings.STRIPE_SECRET_KEY:
        yield (ok if settings.DEMO else warning)("Stripe", "Off: set STRIPE_SECRET_KEY to take payments.")
    else:
        yield from _stripe_answers()
    if settings.STRIPE_API_BASE != STRIPE:
        yield warning("Stripe", f"STRIPE_API_BASE is {settings.STRIPE_API_BASE}, not Stripe: for tests only.")


def _stripe_answers() -> Findings:
    url = f"{settings.STRIPE_API_BASE}/v1/balance"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {settings.STRIPE_SECRET_KEY}"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIME_OUT) as response:  # noqa: S310
            sent_at = response.headers["Date"]
    except urllib.error.HTTPError as error:
        yield problem(
            "Stripe", f"It refuses the key ({error.code}): copy STRIPE_SECRET_KEY from its dashboard."
        )
        return
    except OSError as error:
        yield problem("Stripe", f"It cannot be reached ({error}): let this machine out to {url}.")
        return
    kind = "test" if "_test_" in settings.STRIPE_SECRET_KEY else "live"
    yield (warning if kind == "test" and settings.IS_HTTPS else ok)("Stripe", f"It takes the {kind} key.")
    apart = abs(time.time() - parsedate_to_datetime(sent_at).timestamp()) if sent_at else 0
    if apart > MAX_CLOCK_ERROR:
        yield problem("Clock", f"It is {apart:.0f} s off Stripe's, which breaks signatures: set it by NTP.")
    else:
        yield ok("Clock", "It agrees with Stripe's.")


def address() -> Findings:
    if settings.IS_HTTPS:
        yield ok("Address", f"{settings.SITE_URL}, over HTTPS.")
    elif settings.DEMO or settings.DEBUG:
        yield ok("Address", f"{settings.SITE_URL}, without HTTPS, as a demo may.")
    else:
        yield problem("Address", f"{settings.SITE_URL} is not https: get a certificate, then mend SITE_URL.")
    if settings.IS_HTTPS and not settings.TRUSTED_PROXIES:
        yield problem("Address", "TRUSTED_PROXIES is 0, so HTTPS ends nowhere: 1 behind the shipped nginx.")
    if settings.DEBUG and not settings.DEMO:
        yield problem("Address", "DEBUG is on and shows the insides of the shop: switch it off.")
