"""Answers a signed link: nginx, S3 or this process sends the bytes, and the first request is counted."""

import logging
from pathlib import Path
from typing import IO
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from catalog.models import ProductFile
from delivery.errors import DownloadRefused
from delivery.links import Link
from delivery.ranges import RangeNotSatisfiable, wanted_part
from delivery.sending import Transfer, streamed
from delivery.sessions import Reader, begin_download

logger = logging.getLogger(__name__)


def answer_link(request: HttpRequest, link: Link) -> HttpResponseBase:
    """The answer to a link that opened. Only a GET that brings bytes is counted.

    Raises DownloadRefused where the limit is reached or the file is missing, NotNow where all is well but
    there is no room; nothing is counted then.
    """
    file = link.grant.file
    etag = f'"{file.sha256}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = _by_nginx(request, link) if settings.X_ACCEL_LOCATION else _by_us(request, link, etag)
    response["ETag"] = etag
    return describe(response, file)


def _by_nginx(request: HttpRequest, link: Link) -> HttpResponse:
    name = link.grant.file.file.name
    if not Path(link.grant.file.file.path).is_file():
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
        return file.file.storage.open(file.file.name, "rb")
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
