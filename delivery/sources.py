"""The bytes that a right leads to, wherever they lie."""

import logging
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext as _

from catalog.errors import StorageAway
from catalog.models import ProductFile
from catalog.models.file import private_storage
from delivery.errors import DownloadRefused, NotNow
from delivery.models import DownloadGrant

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """A file in private storage, as one buyer gets it."""

    file: ProductFile
    name: str
    size: int
    sha256: str

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

    def _missing(self) -> DownloadRefused:
        logger.error("The file %s of product %s is gone from storage.", self.file.pk, self.file.product_id)
        return DownloadRefused(
            _("This file is missing on our side. Please write to us; your right to it stays.")
        )


def _away(error: OSError) -> NotNow:
    logger.error("%s: %s", "S3 is away" if isinstance(error, StorageAway) else "A file can't be read", error)
    words = _("Our file store does not answer. Nothing was counted; try again in some seconds.")
    return NotNow(words, retry_after=5)


def source_of(grant: DownloadGrant) -> Source:
    """What the grant's buyer gets today."""
    file = grant.file
    return Source(file, str(file.file.name), file.size, file.sha256)
