"""Signed links to files: bound to one right and one purpose, good for DOWNLOAD_LINK_HOURS.

Each link is a session of its own: whatever is asked for by it is one download.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.releases import current_files
from catalog.rows import bare
from checkout.models import Dispute, Order
from delivery.errors import DownloadLimitReached, DownloadRefused, LinkExpired, LinkNotValid
from delivery.loading import load_right, load_rights
from delivery.models import Download, DownloadGrant
from delivery.models.grant import limit_reached

_PURPOSE, _ORDER_PURPOSE, _GIFT_PURPOSE = "delivery.download", "delivery.order", "delivery.gift"


def download_url(grant: DownloadGrant) -> str:
    """A fresh link to the grant's file: its 128 random bits, those of a session, the time, and an HMAC."""
    return reverse("download", args=[_sign(grant.key, _PURPOSE)])


def order_download_url(order: Order) -> str:
    """A fresh link to all files of the order as one zip, for whoever has them.

    Links hold their key in clear, so a recipient's is made of the gift's: the order's opens its buyer's page.
    """
    if order.is_given:
        return reverse("gift_download", args=[_sign(order.gift.token, _GIFT_PURPOSE)])
    return reverse("order_download", args=[_sign(order.token, _ORDER_PURPOSE)])


def _sign(key: str, purpose: str) -> str:
    return signing.TimestampSigner(salt=purpose).sign(f"{key}.{secrets.token_urlsafe(9)}")


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
    key, session = _unsign(token, _PURPOSE)
    grant = load_right(key, session)
    if grant is None:
        raise LinkNotValid(_("This link leads to nothing any more."))
    download = _download_of(grant, session)
    if not _is_running(download):
        _refuse_old(token, _PURPOSE)
    refuse_closed(grant)
    return Link(grant, session, download, vars(grant)["broken_id"])


@dataclass(frozen=True)
class OrderLink:
    """What a link to a whole order is for: rights that may be used, and the downloads begun by it before."""

    order: Order
    session: str
    grants: list[DownloadGrant]
    downloads: list[Download]


def open_order_link(token: str) -> OrderLink:
    """What a link to a whole order leads to today, in one query. Raises as open_link() does."""
    return _open_whole(token, _ORDER_PURPOSE)


def open_gift_link(token: str) -> OrderLink:
    """As open_order_link(), for the link that a recipient has."""
    return _open_whole(token, _GIFT_PURPOSE)


def _open_whole(token: str, purpose: str) -> OrderLink:
    key, session = _unsign(token, purpose)
    orders = Q(line__order__gift__token=key) if purpose == _GIFT_PURPOSE else Q(line__order__token=key)
    grants = load_rights(orders, session)
    if not grants:
        raise LinkNotValid(_("This link leads to nothing any more."))
    downloads = [download for grant in grants if (download := _download_of(grant, session))]
    if not any(map(_is_running, downloads)):
        _refuse_old(token, purpose)
    open_ = [grant for grant in grants if not grant.revoked_at and not grant.is_over]
    refuse_closed(open_[0] if open_ else grants[0])
    begun = {download.grant_id for download in downloads}
    usable = [grant for grant in open_ if grant.remaining != 0 or grant.pk in begun]
    current = {file.pk for file in current_files(grant.file for grant in usable)}
    wanted = [grant for grant in usable if grant.file_id in current]
    if not wanted:
        raise DownloadLimitReached(limit_reached(open_[0].limit))
    return OrderLink(grants[0].line.order, session, wanted, downloads)


def _unsign(token: str, purpose: str) -> tuple[str, str]:
    """Key and session. Raises LinkNotValid; the age is another question."""
    try:
        key, _dot, session = signing.TimestampSigner(salt=purpose).unsign(token).partition(".")
    except signing.BadSignature:
        raise LinkNotValid(
            _("This link is not complete. Please copy it again, or open your order page.")
        ) from None
    return key, session


def _refuse_old(token: str, purpose: str) -> None:
    try:
        signing.TimestampSigner(salt=purpose).unsign(token, max_age=_hours())
    except signing.SignatureExpired:
        raise LinkExpired(_("This link has expired. Your order page gives you a fresh one.")) from None


def _is_running(download: Download | None) -> bool:
    return download is not None and download.started_at + _hours() >= timezone.now()


def _hours() -> timedelta:
    return timedelta(hours=settings.DOWNLOAD_LINK_HOURS)


def _download_of(grant: DownloadGrant, session: str) -> Download | None:
    found = vars(grant)
    if not session or found["begun_id"] is None:
        return None
    times = {"started_at": found["begun_at"], "broken_at": found["begun_broken_at"]}
    return bare(Download, id=found["begun_id"], grant_id=grant.pk, session=session, **times)


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
