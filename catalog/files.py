"""Takes product files in: streamed to private storage under names that say nothing, weighed on the way."""

import hashlib
import logging
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.files import File
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.errors import FileRefused
from catalog.models import Product, ProductFile
from catalog.models.file import private_storage
from storefront.text import clean_line

logger = logging.getLogger(__name__)
CONTENT_TYPES = {
    "csv": "text/csv",
    "epub": "application/epub+zip",
    "gz": "application/gzip",
    "jpg": "image/jpeg",
    "mobi": "application/x-mobipocket-ebook",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "pdf": "application/pdf",
    "png": "image/png",
    "txt": "text/plain; charset=utf-8",
    "webp": "image/webp",
    "zip": "application/zip",
}
NAME_LENGTH = 200


class _Weighed(File):
    """A file that is counted and hashed while storage reads it, a chunk at a time."""

    def __init__(self, upload: File) -> None:
        super().__init__(upload.file, upload.name)
        self.upload = upload
        self.hash = hashlib.sha256()
        self.weight = 0

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        for chunk in self.upload.chunks(chunk_size or self.DEFAULT_CHUNK_SIZE):
            self.hash.update(chunk)
            self.weight += len(chunk)
            yield chunk


def store_file(
    product: Product, upload: File, *, filename: str = "", title: str = "", position: int = 0
) -> ProductFile:
    """Keep a file that buyers of the product get, under this name or the upload's own.

    Each call stores another file. Raises FileRefused, having written nothing, for an empty one.
    """
    product_file = ProductFile(product=product, filename=filename, title=title, position=position)
    put_upload(product_file, upload)
    product_file.save()
    return product_file


def put_upload(product_file: ProductFile, upload: File) -> None:
    """Stream an upload to private storage and describe it in the row, which is left to be saved.

    The bytes that were there before stay, for downloads that are under way. Raises FileRefused, having
    kept nothing, also where the disk is full or S3 is away.
    """
    if not upload.size:
        raise FileRefused(_("This file is empty."))
    if getattr(upload, "is_lost", False):
        raise FileRefused(_("There was no room for this file. Make room on the disk, then choose it again."))
    try:
        stored = store_bytes(upload, folder="products")
    except OSError as error:
        logger.exception("A file could not be kept.")
        raise FileRefused(
            _("This file could not be kept (%(reason)s). Nothing was changed; try again.")
            % {"reason": error.strerror or _("the file store does not answer")}
        ) from error
    product_file.file.name = stored.name
    product_file.size, product_file.sha256 = stored.size, stored.sha256
    product_file.filename = file_name(product_file.filename, upload.name or "")
    product_file.content_type = content_type(product_file.filename)
    product_file.changed_at = timezone.now()


@dataclass(frozen=True)
class Stored:
    """Bytes in private storage, under a name that says nothing."""

    name: str
    size: int
    sha256: str


def store_bytes(content: File, *, folder: str) -> Stored:
    """Stream bytes to private storage. Raises OSError, having kept nothing."""
    weighed = _Weighed(content)
    name = f"{folder}/{secrets.token_hex(16)}"
    try:
        private_storage().save(name, weighed)
    except OSError:
        with suppress(OSError):
            private_storage().delete(name)  # a full disk leaves half a file
        raise
    return Stored(name, weighed.weight, weighed.hash.hexdigest())


def file_name(wanted: str, uploaded: str) -> str:
    """What the buyer's browser saves: the wanted name with the upload's ending, or the upload's own name."""
    ending = PurePosixPath(_without_path(uploaded)).suffix[:20]
    name = _without_path(wanted) or _without_path(uploaded)
    if PurePosixPath(name).suffix.lower() != ending.lower():
        name += ending
    stem = name.removesuffix(PurePosixPath(name).suffix)
    return (stem[: NAME_LENGTH - len(ending)].strip() or _("file")) + name[len(stem) :]


def _without_path(name: str) -> str:
    return clean_line(name.replace("\\", "/")).rpartition("/")[2].lstrip(". ")


def content_type(filename: str) -> str:
    """By the ending, from a list of types that browsers do not run; anything else is just bytes."""
    return CONTENT_TYPES.get(filename.rpartition(".")[2].lower(), "application/octet-stream")
