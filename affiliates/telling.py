"""What affiliates add to the timeline of an order: who brought the buyer, and how one knows."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from affiliates.models import Program, Referral
from checkout.models import Order
from checkout.timeline import Entry
from checkout.wording import sentence
from storefront.templatetags.shop import isolate, ltr, when


def tell_referral(order: Order, limit: int) -> Iterator[Entry]:
    found = Referral.objects.filter(order=order).select_related("affiliate")
    for referral in found[:limit]:
        words = _("%(affiliate)s is credited with this order.")
        if not referral.is_credited:
            words = _("%(affiliate)s brought this order, and earns nothing by it.")
        url = reverse("admin:affiliates_referral_change", args=[referral.pk])
        yield Entry(
            referral.created_at,
            "referral",
            sentence(words, affiliate=isolate(referral.affiliate)),
            note=format_html_join(" · ", "{}", ((reason,) for reason in _reasons(referral))),
            url=url,
        )


def _reasons(referral: Referral) -> Iterator[str | SafeString]:
    """Why this affiliate: what counted, and all that is known of the link."""
    if referral.refusal:
        yield referral.get_refusal_display()
    yield referral.get_way_display()
    if referral.coupon:
        yield isolate(referral.coupon)
    if referral.way in (Referral.Way.LINK, Referral.Way.CARRIED) and referral.clicked_at:
        yield sentence(_("followed %(time)s"), time=when(referral.clicked_at, "time"))
        if referral.credit:
            yield str(Program.Credit(referral.credit).label)
    if referral.path:
        yield ltr(referral.path)
    if referral.sub_id:
        yield sentence(_("sub-id %(sub)s"), sub=isolate(referral.sub_id))
    if referral.utm:
        yield isolate(referral.utm)
