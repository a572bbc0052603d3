"""Signed links to files: bound to one right and one purpose, good for DOWNLOAD_LINK_HOURS."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from catalog.models import ProductFile
from checkout.models import OrderLine
from delivery.errors import DownloadRefused, LinkExpired, LinkNotValid
from delivery.models import DownloadGrant

_PURPOSE = "delivery.download"


def download_url(grant: DownloadGrant) -> str:
    """A fresh link to the grant's file: the grant's 128 random bits, the time, and an HMAC over both."""
    return reverse("download", args=[signing.TimestampSigner(salt=_PURPOSE).sign(grant.key)])


@dataclass(frozen=True)
class Offer:
    """A file that a buyer may fetch now, with a fresh link to it."""

    file: ProductFile
    url: str


def offers(line: OrderLine) -> list[Offer]:
    """Fresh links to all that a line's usable rights lead to; no query when these were fetched with it."""
    return [Offer(grant.file, download_url(grant)) for grant in line.grants.all() if not grant.revoked_at]


def open_link(token: str) -> DownloadGrant:
    """The grant that a link is for. Raises LinkNotValid, LinkExpired, or DownloadRefused with the reason."""
    try:
        key = signing.TimestampSigner(salt=_PURPOSE).unsign(
            token, max_age=timedelta(hours=settings.DOWNLOAD_LINK_HOURS)
        )
    except signing.SignatureExpired:
        raise LinkExpired(_("This link has expired. Your order page gives you a fresh one.")) from None
    except signing.BadSignature:
        raise LinkNotValid(
            _("This link is not complete. Please copy it again, or open your order page.")
        ) from None
    grant = DownloadGrant.objects.select_related("line__order", "file").filter(key=key).first()
    if grant is None:
        raise LinkNotValid(_("This link leads to nothing any more."))
    if grant.line.order.is_held:
        raise DownloadRefused(_("We are looking at this order. Your files will be back when that is done."))
    if grant.revoked_at or not grant.line.order.is_paid:
        raise DownloadRefused(_("This order was refunded, so its files can't be downloaded any more."))
    return grant
