"""Answers a signed link: nginx, S3 or this process sends the bytes, and the first request is counted."""

from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from catalog.models.file import private_storage
from delivery.links import Link, OrderLink
from delivery.ranges import Part, RangeNotSatisfiable, wanted_part
from delivery.sending import Transfer, streamed
from delivery.sessions import Reader, begin_download, begin_downloads
from delivery.sources import Source, source_of
from delivery.zipping import pack

if TYPE_CHECKING:
    from catalog.storage import S3Storage  # opens boto3, which is slow to load and seldom needed


def answer_link(request: HttpRequest, link: Link) -> HttpResponseBase:
    """The answer to a link that opened. Only a GET that brings bytes is counted.

    Raises DownloadRefused where the limit is reached or the file is missing, NotNow where all is well but
    there is no room, or S3 is away; nothing is counted then.
    """
    source = source_of(link.grant)
    if settings.S3_BUCKET:
        return _by_s3(request, link, source)
    if settings.X_ACCEL_LOCATION:
        return _by_nginx(request, link, source)
    etag = f'"{source.sha256}"'
    response = get_conditional_response(request, etag=etag) or _by_us(request, link, source, etag)
    response["ETag"] = etag
    return _describe(response, source)


def _by_s3(request: HttpRequest, link: Link, source: Source) -> HttpResponseBase:
    """To an address of three minutes. S3 is asked for the file first, so that its failures count nothing."""
    source.require()
    if request.method != "GET":  # a signed address is for one method only
        return _describe(_head(source.size), source)
    begin_download(link, _reader(request))
    file, storage = source.file, cast("S3Storage", private_storage())
    url = storage.signed_url(source.name, filename=file.filename, content_type=file.content_type)
    return HttpResponseRedirect(url, headers={"Referrer-Policy": "no-referrer"})


def _by_nginx(request: HttpRequest, link: Link, source: Source) -> HttpResponseBase:
    source.require()
    if request.method == "GET":
        begin_download(link, _reader(request))
    place = settings.X_ACCEL_LOCATION + quote(source.name)
    return _describe(HttpResponse(headers={"X-Accel-Redirect": place}), source)


def _by_us(request: HttpRequest, link: Link, source: Source, etag: str) -> HttpResponseBase:
    try:
        part = wanted_part(request, size=source.size, etag=etag)
    except RangeNotSatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{source.size}"})
    if request.method != "GET":
        source.require()
        return _head(source.size)
    with Transfer.begun(source.open(), part, [link.grant]) as transfer:
        transfer.downloads = [begin_download(link, _reader(request))]
    response = streamed(transfer)
    response["Accept-Ranges"] = "bytes"
    return response


def answer_order_link(request: HttpRequest, link: OrderLink) -> HttpResponseBase:
    """All files of an order as one zip, made while it is sent. Raises as answer_link() does."""
    package = pack((grant, source_of(grant)) for grant in link.grants)
    if request.method != "GET":
        return _describe_zip(_head(package.size), link)
    part = Part(0, package.size - 1, package.size, is_whole=True)
    with Transfer.begun(package, part, link.grants) as transfer:
        transfer.downloads = begin_downloads(link, _reader(request))
    return _describe_zip(streamed(transfer), link)


def _head(size: int) -> HttpResponse:
    return HttpResponse(headers={"Content-Length": str(size), "Accept-Ranges": "bytes"})


def _describe(response: HttpResponseBase, source: Source) -> HttpResponseBase:
    return _private(response, source.file.content_type, source.file.filename)


def _describe_zip(response: HttpResponseBase, link: OrderLink) -> HttpResponseBase:
    """It is made anew each time, so it has no ranges."""
    response["Accept-Ranges"] = "none"
    return _private(response, "application/zip", f"{link.order.number}.zip")


def _private(response: HttpResponseBase, content_type: str, filename: str) -> HttpResponseBase:
    """With the name that the buyer saves it by, and so that no browser ever runs what it holds."""
    response["Content-Type"] = content_type
    response["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"  # noqa: FBT003
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _reader(request: HttpRequest) -> Reader:
    return Reader(request.META.get("REMOTE_ADDR") or None, request.META.get("HTTP_USER_AGENT", ""))
