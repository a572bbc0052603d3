"""Set-up faults that stop the shop at its start, instead of at the first sale."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004
from django.utils.module_loading import import_string

PROVIDER_KEYS = {
    "Stripe": ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"],
    "S3": ["S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"],
    "PayPal": ["PAYPAL_CLIENT_ID", "PAYPAL_CLIENT_SECRET", "PAYPAL_WEBHOOK_ID"],
}


def half_set_provider(provider: str = "Stripe") -> str:
    """Which part of a provider's keys is missing, or nothing. A provider without keys is just off."""
    keys = PROVIDER_KEYS[provider]
    missing = [key for key in keys if not getattr(settings, key)]
    if len(missing) in (0, len(keys)):
        return ""
    named = " is missing, ".join(missing)
    return f"{provider} is set up by half: {named} is missing. Set all {len(keys)}, or none."


@register()
def check_providers(**_rest: Any) -> list[CheckMessage]:
    half_set = filter(None, map(half_set_provider, PROVIDER_KEYS))
    return [Error(text, id="storefront.E001") for text in half_set]


@register()
def check_demo(**_rest: Any) -> list[CheckMessage]:
    if settings.DEMO and settings.IS_HTTPS:
        hint = "Unset DEMO in a real shop."
        return [
            Warning("The demo, which gives goods away, is served over HTTPS.", hint, id="storefront.W001")
        ]
    return []


@register()
def check_reactions(**_rest: Any) -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    tables = {f"ORDER_REACTIONS[{event!r}]": paths for event, paths in settings.ORDER_REACTIONS.items()}
    tables |= {"ORDER_PARTS": settings.ORDER_PARTS, "ORDER_TIMELINE": settings.ORDER_TIMELINE}
    tables |= {"SALE_CHECKS": settings.SALE_CHECKS, "SALE_RESERVATIONS": settings.SALE_RESERVATIONS}
    for table, paths in tables.items():
        for path in paths:
            try:
                import_string(path)
            except ImportError as error:
                text = f"{table} names {path}, which is not there: {error}"
                errors.append(Error(text, id="storefront.E002"))
    return errors
