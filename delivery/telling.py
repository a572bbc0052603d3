"""What delivery adds to the timeline of an order."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from checkout.models import Order
from checkout.timeline import Entry
from checkout.wording import sentence
from delivery.models import Download, License, LicenseMove
from storefront.templatetags.shop import isolate, ltr

MOVES = {
    "suspended": gettext_lazy("Suspended by staff"),
    "resumed": gettext_lazy("Let go on by staff"),
    "revoked": gettext_lazy("Revoked by staff"),
    "money": gettext_lazy("Followed the money"),
    "expiry_set": gettext_lazy("Got another end"),
    "limit_set": gettext_lazy("Got another limit"),
    "extended": gettext_lazy("Renewed"),
    "upgraded": gettext_lazy("Moved to another variant"),
    "downgraded": gettext_lazy("Moved back to its former variant"),
}


def tell_downloads(order: Order, limit: int) -> Iterator[Entry]:
    downloads = Download.objects.filter(grant__line__order=order).select_related("grant__file")
    for download in downloads.order_by("-pk")[:limit]:
        said = (
            _("The recipient downloaded %(file)s.") if order.is_given else _("The buyer downloaded %(file)s.")
        )
        words = sentence(said, file=isolate(download.grant.file.filename))
        note = format_html("{} {}", ltr(download.client_address or ""), ltr(download.user_agent))
        yield Entry(download.started_at, "download", words, "", note)


def tell_licenses(order: Order, limit: int) -> Iterator[Entry]:
    """That licences were issued, and what became of them since."""
    licenses = License.objects.filter(line__order=order)
    for license_ in licenses.select_related("line").order_by("-pk")[:limit]:
        words = sentence(_("The licence %(key)s was issued."), key=ltr(license_.key_short))
        yield Entry(license_.issued_at, "license", words, "", isolate(license_.line), _page(license_))
    moves = LicenseMove.objects.filter(license__line__order=order).select_related("license")
    for move in moves.order_by("-pk")[:limit]:
        said = MOVES.get(move.name, move.name)
        words = sentence(_("Licence %(key)s: %(said)s."), key=ltr(move.license.key_short), said=said)
        yield Entry(move.created_at, "license", words, "", url=_page(move.license))


def _page(license_: License) -> str:
    return reverse("admin:delivery_license_change", args=[license_.pk])
