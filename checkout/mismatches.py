"""Differences between our books and a provider's, kept where staff sees them."""

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from checkout.models import Mismatch, Order
from storefront.mail import tell_staff


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
        path = reverse("admin:checkout_mismatch_change", args=[mismatch.pk])
        with override(settings.LANGUAGE_CODE):
            title = _("The books differ: %(what)s") % {"what": mismatch.reference}
            tell_staff(
                title=title,
                words=str(kind.label),
                details=details,
                path=path,
                cause=f"mismatch:{mismatch.pk}",
                about=order.number if order else "",
            )
    return mismatch
