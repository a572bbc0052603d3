"""Set-up faults that stop the shop at its start, instead of at the first sale."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004
from django.utils.module_loading import import_string


def half_set_provider() -> str:
    """Which half of a provider's keys is missing, or nothing. A provider without keys is just off."""
    if bool(settings.STRIPE_SECRET_KEY) == bool(settings.STRIPE_WEBHOOK_SECRET):
        return ""
    missing = "STRIPE_WEBHOOK_SECRET" if settings.STRIPE_SECRET_KEY else "STRIPE_SECRET_KEY"
    return f"Stripe is set up by half: {missing} is missing. Set both, or neither."


@register()
def check_providers(**_rest: Any) -> list[CheckMessage]:
    half_set = half_set_provider()
    return [Error(half_set, id="storefront.E001")] if half_set else []


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
    for event, paths in settings.ORDER_REACTIONS.items():
        for path in paths:
            try:
                import_string(path)
            except ImportError as error:
                text = f"ORDER_REACTIONS[{event!r}] names {path}, which is not there: {error}"
                errors.append(Error(text, id="storefront.E002"))
    return errors
