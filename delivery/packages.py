"""Links by which an updater fetches a package: bound to one right, one licence and where it is used."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from delivery.errors import DownloadRefused, LinkExpired, LinkNotValid
from delivery.finding import Facts
from delivery.links import Link
from delivery.models import Download, DownloadGrant, License
from delivery.updates import Update

_PURPOSE = "delivery.package"


def package_url(facts: Facts, update: Update) -> str:
    """A link to the update's file, good for DOWNLOAD_LINK_HOURS; empty where the licence is not in use."""
    if facts.use is None or update.file is None:
        return ""
    grant, _new = DownloadGrant.objects.get_or_create(line_id=facts.line_id, file=update.file)
    parts = [grant.key, facts.uid.hex, facts.use.uid.hex]
    token = signing.TimestampSigner(salt=_PURPOSE).sign(".".join(parts))
    return settings.SITE_URL + reverse("package", args=[token])


def open_package(token: str) -> Link:
    """What a link is for. Raises LinkNotValid, LinkExpired, or DownloadRefused.

    The licence must still stand, and still be in use where the link was made for. A site updates itself many
    times: its downloads count against no limit, which an unsaved Download says.
    """
    try:
        text = signing.TimestampSigner(salt=_PURPOSE).unsign(
            token, max_age=timedelta(hours=settings.DOWNLOAD_LINK_HOURS)
        )
    except signing.SignatureExpired:
        raise LinkExpired(_("This link has expired.")) from None
    except signing.BadSignature:
        raise LinkNotValid(_("This link is not complete.")) from None
    key, license_uid, activation = text.split(".")
    license_ = License.objects.get(uid=uuid.UUID(license_uid))
    use = license_.activations.in_use().filter(uid=uuid.UUID(activation))
    if license_.standing != "active" or not use.exists():
        raise DownloadRefused(_("The licence does not allow this any more."))
    grant = DownloadGrant.objects.select_related("line__order", "file__product").get(key=key)
    if grant.revoked_at or not grant.line.order.is_deliverable:
        raise DownloadRefused(_("The licence does not allow this any more."))
    return Link(grant, "", Download(grant=grant), None)
