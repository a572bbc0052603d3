"""Answers a signed link: nginx, S3 or this process sends the bytes, and the first request is counted."""

import logging
from typing import IO, TYPE_CHECKING, cast
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from catalog.errors import StorageAway
from catalog.models import ProductFile
from catalog.models.file import private_storage
from delivery.errors import DownloadRefused, NotNow
from delivery.links import Link
from delivery.ranges import RangeNotSatisfiable, wanted_part
from delivery.sending import Transfer, streamed
from delivery.sessions import Reader, begin_download

if TYPE_CHECKING:
    from catalog.storage import S3Storage  # opens boto3, which is slow to load and seldom needed

logger = logging.getLogger(__name__)


def answer_link(request: HttpRequest, link: Link) -> HttpResponseBase:
    """The answer to a link that opened. Only a GET that brings bytes is counted.

    Raises DownloadRefused where the limit is reached or the file is missing, NotNow where all is well but
    there is no room; nothing is counted then.
    """
    file = link.grant.file
    if settings.S3_BUCKET:
        return _by_s3(request, link)
    if settings.X_ACCEL_LOCATION:
        return describe(_by_nginx(request, link), file)
    etag = f'"{file.sha256}"'
    response = get_conditional_response(request, etag=etag) or _by_us(request, link, etag)
    response["ETag"] = etag
    return describe(response, file)


def _by_s3(request: HttpRequest, link: Link) -> HttpResponseBase:
    """To an address of three minutes. S3 is asked for the file first, so that its failures count nothing."""
    file = link.grant.file
    storage = cast("S3Storage", private_storage())
    try:
        storage.size(file.file.name)
    except FileNotFoundError:
        raise _missing(file) from None
    except StorageAway as error:
        logger.error("S3 is away: %s", error)
        words = _("Our file store does not answer. Nothing was counted; try again in some seconds.")
        raise NotNow(words, retry_after=5) from error
    if request.method != "GET":
        head = {"Content-Length": str(file.size), "Accept-Ranges": "bytes"}
        return describe(HttpResponse(headers=head), file)  # a signed address is for one method only
    begin_download(link, reader_of(request))
    url = storage.signed_url(file.file.name, filename=file.filename, content_type=file.content_type)
    response = HttpResponseRedirect(url)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _by_nginx(request: HttpRequest, link: Link) -> HttpResponse:
    name = link.grant.file.file.name
    if not private_storage().exists(name):
        raise _missing(link.grant.file)
    if request.method == "GET":
        begin_download(link, reader_of(request))
    return HttpResponse(headers={"X-Accel-Redirect": settings.X_ACCEL_LOCATION + quote(name)})


def _by_us(request: HttpRequest, link: Link, etag: str) -> HttpResponseBase:
    file = link.grant.file
    try:
        part = wanted_part(request, size=file.size, etag=etag)
    except RangeNotSatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{file.size}"})
    content = _open(file)
    if request.method != "GET":
        content.close()
        return HttpResponse(headers={"Content-Length": str(file.size), "Accept-Ranges": "bytes"})
    transfer = Transfer(content, part, link.grant)
    try:
        transfer.log = begin_download(link, reader_of(request))
    except BaseException:
        transfer.close()
        raise
    response = streamed(transfer)
    response["Accept-Ranges"] = "bytes"
    return response


def _open(file: ProductFile) -> IO[bytes]:
    try:
        return private_storage().open(file.file.name, "rb")
    except FileNotFoundError:
        raise _missing(file) from None


def _missing(file: ProductFile) -> DownloadRefused:
    logger.error("The file %s of product %s is gone from storage.", file.pk, file.product_id)
    return DownloadRefused(_("This file is missing on our side. Please write to us; your right to it stays."))


def describe(response: HttpResponseBase, file: ProductFile) -> HttpResponseBase:
    """With the name that the buyer saves it by, and so that no browser ever runs what it holds."""
    response["Content-Type"] = file.content_type
    response["Content-Disposition"] = content_disposition_header(True, file.filename) or "attachment"  # noqa: FBT003
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def reader_of(request: HttpRequest) -> Reader:
    return Reader(request.META.get("REMOTE_ADDR") or None, request.headers.get("User-Agent", ""))
