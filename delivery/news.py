"""Tells owners of new releases: at most one mail a day and address, unless they said no."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from catalog.markdown import render_markdown
from catalog.models import Release
from checkout.models import Order, OrderLine
from delivery.bringing import Brought, brought_by
from delivery.errors import LinkNotValid
from delivery.mails import is_mailed
from delivery.models import Digest, MailOptOut
from storefront.mail import send_templated
from storefront.text import fold_email

FROM_HOUR = 9  # of the shop's own time
BATCH = 200  # addresses
_PURPOSE = "delivery.updates"


@dataclass(frozen=True)
class News:
    """One release that an owner is told of."""

    release: Release
    changelog_html: str
    order_url: str


def announce_releases() -> None:
    """Write the mails that are due, some addresses at a time: a sweep. Safe to repeat and to race."""
    begin_digest()
    for digest in Digest.objects.filter(finished_at=None).order_by("day"):
        write_digest(digest)


def begin_digest() -> Digest | None:
    """The day's digest, of all releases that were in none; None before its hour, or when there is nothing."""
    now = timezone.localtime()
    if now.hour < FROM_HOUR or Digest.objects.filter(day=now.date()).exists():
        return None
    releases = list(Release.objects.published().filter(is_announced=True, digests=None))
    if not releases:
        return None
    try:
        with transaction.atomic():
            digest = Digest.objects.create(day=now.date())
            digest.releases.set(releases)
    except IntegrityError:  # another worker began it
        return None
    return digest


def write_digest(digest: Digest) -> None:
    """Write to the next addresses. One mail each, by its cause, wherever a worker dies."""
    later = _lines(digest).filter(reader__gt=digest.last_email).order_by("reader")
    emails = list(later.values_list("reader", flat=True).distinct()[:BATCH])
    lines: dict[str, list[OrderLine]] = {email: [] for email in emails}
    for line in _lines(digest).filter(reader__in=emails):
        lines[vars(line)["reader"]].append(line)
    releases = list(digest.releases.select_related("product").prefetch_related("files__variants"))
    for email in emails:
        _write(digest, lines[email], releases)
    Digest.objects.filter(pk=digest.pk).update(last_email=max(emails, default=digest.last_email))
    if len(emails) < BATCH:
        digest.mark_finished()


def _lines(digest: Digest) -> QuerySet[Any]:
    """What was bought of these products before the release, still stands, and may be written about.

    `reader` is the folded address of whoever has it: the buyer, or the one that it was given to.
    """
    is_given = Q(order__is_gift=True, order__gift__kept_at=None)
    reader = Case(When(is_given, then=F("order__gift__email_folded")), default=F("order__email_folded"))
    optout = MailOptOut.objects.filter(email_folded=OuterRef("reader"))
    itself = Q(
        variant__product__releases__digests=digest,
        order__paid_at__lt=F("variant__product__releases__published_at"),
    )
    in_bundle = Q(
        bundled__quantity__gt=0,
        bundled__variant__product__releases__digests=digest,
        order__paid_at__lt=F("bundled__variant__product__releases__published_at"),
    )
    return (
        OrderLine.objects.annotate(reader=reader)
        .filter(
            itself | in_bundle,
            order__in=Order.objects.paid().filter(held_at=None),
            grants__revoked_at=None,
            grants__isnull=False,
        )
        .exclude(Exists(optout))
        .select_related("order__gift", "variant")
        .order_by("-order_id", "pk")
        .distinct()
    )


def _write(digest: Digest, lines: list[OrderLine], releases: Iterable[Release]) -> None:
    lines = [line for line in lines if is_mailed(line.order)]
    if not lines:
        return
    brought = brought_by(lines)
    order = lines[0].order
    email = order.gift.email if order.is_given else order.email
    with override(order.language):
        news = [
            News(release, render_markdown(release.changelog), _url(line.order.get_owner_url()))
            for release in releases
            if (line := next((each for each in lines if _is_for(release, each, brought[each.pk])), None))
        ]
        context = {"news": news, "stop_url": _url(stop_path(email))}
    if news:
        reader = hashlib.sha256(fold_email(email).encode()).hexdigest()[:32]
        cause = f"updates:{digest.day:%Y-%m-%d}:{reader}"
        send_templated("new_releases", to=email, context=context, language=order.language, cause=cause)


def _is_for(release: Release, line: OrderLine, brought: Iterable[Brought]) -> bool:
    """Whether the buyer of this line has the release, and had the product before it."""
    paid_at, published_at = line.order.paid_at, release.published_at
    if not paid_at or not published_at or paid_at >= published_at:
        return False
    variants = [each.variant for each in brought if each.variant.product_id == release.product_id]
    files = release.files.all()
    return any(not files or any(file.is_brought_by(each) for file in files) for each in variants)


def _url(path: str) -> str:
    return settings.SITE_URL + path


# --- No, thank you -------------------------------------------------------------------------------


def stop_path(email: str) -> str:
    """A page where the reader of a mail stops further ones, without signing in."""
    return reverse("updates", args=[signing.Signer(salt=_PURPOSE).sign_object(fold_email(email))])


def email_of(token: str) -> str:
    """The folded address that a link to that page is for. Raises LinkNotValid."""
    try:
        return signing.Signer(salt=_PURPOSE).unsign_object(token)
    except signing.BadSignature:
        raise LinkNotValid(_("This link is not complete. Please copy it again.")) from None


def stop_mails(email: str) -> None:
    MailOptOut.objects.get_or_create(email_folded=email)


def start_mails(email: str) -> None:
    MailOptOut.objects.filter(email_folded=email).delete()
