"""The bytes that a right leads to, wherever they lie."""

import logging
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext as _

from catalog.errors import StorageAway
from catalog.models import Product, ProductFile
from catalog.models.file import private_storage
from delivery.errors import DownloadRefused, NotNow
from delivery.models import DownloadGrant, Stamp
from delivery.stamping import ask_for_stamps, needs_stamp, stamp_of
from storefront.errors import StorefrontError
from storefront.jobs import enqueue

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """A file in private storage, as one buyer gets it."""

    file: ProductFile
    name: str
    size: int
    sha256: str
    stamp: Stamp | None = None

    def require(self) -> None:
        """Raises DownloadRefused where the file is missing, NotNow where storage does not answer."""
        try:
            private_storage().size(self.name)
        except FileNotFoundError:
            raise self._missing() from None
        except OSError as error:
            raise _away(error) from error

    def open(self) -> IO[bytes]:
        """To be read from its beginning. Raises as require() does."""
        try:
            return private_storage().open(self.name, "rb")
        except FileNotFoundError:
            raise self._missing() from None
        except OSError as error:
            raise _away(error) from error

    def _missing(self) -> StorefrontError:
        """A copy that is gone is made anew."""
        if self.stamp:
            self.stamp.renew(self.stamp.source_sha256)
            enqueue("delivery.stamp", self.stamp.pk)
            return _being_made()
        logger.error("The file %s of product %s is gone from storage.", self.file.pk, self.file.product_id)
        return DownloadRefused(
            _("This file is missing on our side. Please write to us; your right to it stays.")
        )


def _away(error: OSError) -> NotNow:
    logger.error("%s: %s", "S3 is away" if isinstance(error, StorageAway) else "A file can't be read", error)
    words = _("Our file store does not answer. Nothing was counted; try again in some seconds.")
    return NotNow(words, retry_after=5)


def source_of(grant: DownloadGrant) -> Source:
    """What the grant's buyer gets today: a marked copy, where the seller wants it.

    Raises NotNow while the copy is being made, DownloadRefused where it can't be made and the seller wants
    no other delivered.
    """
    file = grant.file
    plain = Source(file, str(file.file.name), file.size, file.sha256)
    if not needs_stamp(file):
        return plain
    stamp = stamp_of(grant)
    if stamp is None or stamp.status == Stamp.Status.PENDING:
        ask_for_stamps([grant])
        raise _being_made()
    if stamp.status == Stamp.Status.READY:
        return Source(file, stamp.name, stamp.size, stamp.sha256, stamp)
    if file.product.stamping == Product.Stamping.LENIENT:
        return plain
    raise DownloadRefused(
        _("This file can't be made ready for you by itself. We have been told, and mend it.")
    )


def _being_made() -> NotNow:
    return NotNow(_("Your copy of this file is being made. Try again in some seconds."), retry_after=5)
