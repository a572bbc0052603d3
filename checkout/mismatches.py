"""Differences between our books and a provider's, kept where staff sees them."""

from django.conf import settings
from django.db import transaction

from checkout.models import Mismatch, Order
from storefront.mail import send_templated


@transaction.atomic
def note_mismatch(
    kind: Mismatch.Kind, reference: str, *, provider: str = "", order: Order | None = None, details: str = ""
) -> Mismatch:
    """Keep a mismatch and tell staff, once as long as it is open. Safe to repeat and to race."""
    mismatch, is_new = Mismatch.objects.get_or_create(
        kind=kind,
        provider=provider,
        reference=reference[:255],
        resolved_at=None,
        defaults={"order": order, "details": details},
    )
    if is_new:
        for _name, address in settings.ADMINS:
            send_templated(
                "mismatch",
                to=address,
                context={"mismatch": mismatch},
                language=settings.LANGUAGE_CODE,
                cause=f"mismatch:{mismatch.pk}:{address}",
            )
    return mismatch
