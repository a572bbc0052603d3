"""Signed links to files: bound to one right and one purpose, good for DOWNLOAD_LINK_HOURS.

Each link is a session of its own: whatever is asked for by it is one download.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout.models import Dispute
from delivery.errors import DownloadRefused, LinkExpired, LinkNotValid
from delivery.models import Download, DownloadGrant

_PURPOSE = "delivery.download"
_NEEDED = [
    *("key", "revoked_at", "used_count", "renewed_at", "line__order__token", "line__order__status"),
    *("line__order__held_at", "line__order__paid_at", "file__file", "file__filename", "file__size"),
    *("file__sha256", "file__content_type", "file__product__download_limit"),
    *("file__product__download_days", "file__product__stamping"),
]


def download_url(grant: DownloadGrant) -> str:
    """A fresh link to the grant's file: its 128 random bits, those of a session, the time, and an HMAC."""
    signer = signing.TimestampSigner(salt=_PURPOSE)
    return reverse("download", args=[signer.sign(f"{grant.key}.{secrets.token_urlsafe(9)}")])


@dataclass(frozen=True)
class Link:
    """What a signed link is for, and the download that it began before, if it did."""

    grant: DownloadGrant
    session: str
    download: Download | None
    broken_id: int | None  # of a download by another link, broken off on its way


def open_link(token: str) -> Link:
    """What a link leads to, in one query. Raises LinkNotValid, LinkExpired or DownloadRefused.

    A download that has begun may go on for DOWNLOAD_LINK_HOURS, though its link grows old meanwhile.
    """
    signer = signing.TimestampSigner(salt=_PURPOSE)
    try:
        key, _dot, session = signer.unsign(token).partition(".")
    except signing.BadSignature:
        raise LinkNotValid(
            _("This link is not complete. Please copy it again, or open your order page.")
        ) from None
    grant = _grants(session).filter(key=key).first()
    if grant is None:
        raise LinkNotValid(_("This link leads to nothing any more."))
    hours = timedelta(hours=settings.DOWNLOAD_LINK_HOURS)
    download = _download_of(grant, session)
    if download is None or download.started_at + hours < timezone.now():
        try:
            signer.unsign(token, max_age=hours)
        except signing.SignatureExpired:
            raise LinkExpired(_("This link has expired. Your order page gives you a fresh one.")) from None
    refuse_closed(grant)
    return Link(grant, session, download, vars(grant)["broken_id"])


def _grants(session: str) -> QuerySet[DownloadGrant]:
    begun = Download.objects.filter(grant=OuterRef("pk"), session=session)
    broken = Download.objects.filter(grant=OuterRef("pk"), broken_at__isnull=False)
    grants = DownloadGrant.objects.select_related("line__order", "file__product").only(*_NEEDED)
    return grants.annotate(
        begun_id=Subquery(begun.values("pk")),
        begun_at=Subquery(begun.values("started_at")),
        begun_broken_at=Subquery(begun.values("broken_at")),
        broken_id=Subquery(broken.order_by("-pk").values("pk")[:1]),
    )


def _download_of(grant: DownloadGrant, session: str) -> Download | None:
    found = vars(grant)
    if not session or found["begun_id"] is None:
        return None
    times = {"started_at": found["begun_at"], "broken_at": found["begun_broken_at"]}
    return Download(pk=found["begun_id"], grant=grant, session=session, **times)


def refuse_closed(grant: DownloadGrant) -> None:
    """Raises DownloadRefused with the reason, unless the file may be sent as the order stands now."""
    order = grant.line.order
    if order.is_held:
        raise DownloadRefused(_("We are looking at this order. Your files will be back when that is done."))
    if grant.revoked_at or not order.is_paid:
        disputes = Dispute.objects.filter(payment__order=order, is_warning=False)
        if order.is_paid and disputes.exclude(status=Dispute.Status.WON).exists():
            raise DownloadRefused(
                _("The payment of this order is disputed, so its files are closed until that is settled.")
            )
        raise DownloadRefused(_("This order was refunded, so its files can't be downloaded any more."))
    if grant.is_over:
        raise DownloadRefused(_("The time for downloading this file is over. Write to us for more."))
