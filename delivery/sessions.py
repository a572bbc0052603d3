"""Counts downloads: one for each signed link, whatever number of requests its reader needs."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from delivery.links import Link, OrderLink
from delivery.models import Download, DownloadGrant


@dataclass(frozen=True)
class Reader:
    """Who fetches, as the log of downloads keeps it."""

    address: str | None
    program: str


def begin_download(link: Link, reader: Reader) -> Download:
    """The download that this link stands for: counted by the first request, free for all others.

    A link that comes after a transfer broke off takes that one over, free as well. Raises
    DownloadLimitReached, having written nothing. Safe to repeat and to race, in two queries.
    """
    if link.download:
        return link.download
    try:
        with transaction.atomic():
            return _take_over(link) or _count(link, reader)
    except IntegrityError:  # another part of the same session was quicker
        return Download.objects.get(grant=link.grant, session=link.session)


def begin_downloads(link: OrderLink, reader: Reader) -> list[Download]:
    """One download of each file of an order, all or none, as begin_download() for one. In two queries."""
    begun = {download.grant_id for download in link.downloads}
    grants = [grant for grant in link.grants if grant.pk not in begun]
    if not grants:
        return link.downloads
    downloads = [_row(grant, link.session, reader) for grant in grants]
    try:
        with transaction.atomic():
            Download.objects.bulk_create(downloads)
            DownloadGrant.objects.count_downloads(grants)
    except IntegrityError:  # the same link was quicker elsewhere
        return list(Download.objects.filter(grant__in=link.grants, session=link.session))
    return [*link.downloads, *downloads]


def _row(grant: DownloadGrant, session: str, reader: Reader) -> Download:
    return Download(
        grant=grant, session=session, client_address=reader.address, user_agent=reader.program[:300]
    )


def _count(link: Link, reader: Reader) -> Download:
    download = _row(link.grant, link.session, reader)
    download.save(force_insert=True)
    DownloadGrant.objects.count_downloads([link.grant])
    return download


def _take_over(link: Link) -> Download | None:
    if link.broken_id is None:
        return None
    since = timezone.now() - timedelta(hours=settings.DOWNLOAD_LINK_HOURS)
    rows = Download.objects.filter(pk=link.broken_id, broken_at__isnull=False, started_at__gte=since)
    if not rows.update(session=link.session, broken_at=None):
        return None
    return Download(pk=link.broken_id, grant=link.grant, session=link.session)
