"""Makes the copies that bear their buyer's mark: asked for with the right, made by a worker."""

import logging
import tempfile
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import get_language_bidi, override
from django.utils.translation import gettext as _

from catalog.files import Stored, store_bytes
from catalog.models import Product, ProductFile
from catalog.models.file import private_storage
from checkout.models import Order
from delivery.errors import Unstampable
from delivery.models import DownloadGrant, Stamp
from delivery.stamp_epub import stamp_epub
from storefront.jobs import enqueue
from storefront.mail import tell_staff

logger = logging.getLogger(__name__)
FORMATS = {"PDF", "EPUB"}
PATIENCE = 3  # failed attempts until staff hears of it


def needs_stamp(file: ProductFile) -> bool:
    """Whether buyers get copies of their own of this file, loaded with its product."""
    return file.product.stamping != Product.Stamping.OFF and file.format in FORMATS


def stamp_of(grant: DownloadGrant) -> Stamp | None:
    """The copy of the file as it is now, at whatever state; None where none was asked for yet."""
    stamp: Stamp | None = getattr(grant, "stamp", None)
    return stamp if stamp and stamp.source_sha256 == grant.file.sha256 else None


def ask_for_stamps(grants: Iterable[DownloadGrant]) -> None:
    """Have copies made for those of these rights that need one and have none. Safe to repeat and to race."""
    lacking = [grant for grant in grants if needs_stamp(grant.file) and stamp_of(grant) is None]
    if not lacking:
        return
    stamps = [Stamp(grant=grant, source_sha256=grant.file.sha256) for grant in lacking]
    Stamp.objects.bulk_create(stamps, ignore_conflicts=True)
    for stamp in Stamp.objects.filter(grant__in=lacking).select_related("grant__file"):
        if stamp.source_sha256 != stamp.grant.file.sha256:
            stamp.renew(stamp.grant.file.sha256)
        enqueue("delivery.stamp", stamp.pk)


def make_stamp(stamp: Stamp) -> None:
    """Make one copy and put it away. Safe to repeat: a claim keeps others off, the first to end counts."""
    if not stamp.claim():
        return
    try:
        stored = _make(stamp)
    except Unstampable as refusal:
        if stamp.mark_refused(str(refusal)):
            _tell_staff(stamp, str(refusal))
    except Exception as error:  # a full disk, S3 away, no Pango: mended by staff, and tried again until then
        logger.exception("Stamp %s could not be made.", stamp.pk)
        stamp.mark_failed(f"{type(error).__name__}: {error}")
        if stamp.attempts == PATIENCE:
            _tell_staff(stamp, str(error))
    else:
        former = stamp.name  # of the bytes before these
        if not stamp.mark_ready(name=stored.name, size=stored.size, sha256=stored.sha256):
            private_storage().delete(stored.name)
        elif former:
            private_storage().delete(former)


def _make(stamp: Stamp) -> Stored:
    file, order = stamp.grant.file, stamp.grant.line.order
    with tempfile.TemporaryDirectory(prefix="dukkan-stamp-") as folder:
        source, target = Path(folder, "source"), Path(folder, "target")
        with private_storage().open(str(file.file.name)) as content, source.open("wb") as copy:
            for chunk in content.chunks():
                copy.write(chunk)
        with override(order.language):
            _stamp(file, source, target, order)
        with target.open("rb") as made:
            return store_bytes(File(made), folder="stamped")


def _stamp(file: ProductFile, source: Path, target: Path, order: Order) -> None:
    direction = "rtl" if get_language_bidi() else "ltr"
    if file.format == "PDF":
        from delivery.stamp_pdf import draw_mark, stamp_pdf  # noqa: PLC0415  loads qpdf, which pages never need

        mark = draw_mark(f'<body dir="{direction}">{mark_words(order)}</body>')
        stamp_pdf(source, target, mark)
    else:
        title, language = escape(_("Whose copy this is")), order.language
        stamp_epub(
            source, target, title=title, words=mark_words(order), language=language, direction=direction
        )


def mark_words(order: Order) -> str:
    """Whose copy it is, as HTML without elements: name, part of the address, number, each kept together."""
    name, address = (order.user.name if order.user else ""), order.email
    if order.is_given:
        name, address = order.gift.name, order.gift.email
    local, _at, domain = address.partition("@")
    email = f"\u2066{local[:2]}…@{domain}\u2069"
    buyer = f"\u2068{name}\u2069 ({email})" if name else email
    words = _("This copy belongs to %(buyer)s, order %(number)s.")
    return escape(words % {"buyer": buyer, "number": f"\u2066{order.number}\u2069"})


def _tell_staff(stamp: Stamp, reason: str) -> None:
    file = stamp.grant.file
    with override(settings.LANGUAGE_CODE):
        words = _("Its buyers wait for it. Replace the file, or have it delivered without a mark.")
        if stamp.status == Stamp.Status.REFUSED and file.product.stamping == Product.Stamping.LENIENT:
            words = _("It is delivered without a mark, as you chose.")
        tell_staff(
            title=_("A file can't bear the buyer's mark"),
            words=words,
            details=f"{file.product}: {file.filename}\n{reason}",
            path=reverse("admin:catalog_product_change", args=[file.product_id]),
            cause=f"stamp:{file.pk}:{file.sha256[:32]}:{stamp.status}",
        )
