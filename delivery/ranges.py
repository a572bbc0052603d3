"""Byte ranges of one file: RFC 9110, section 14."""

import re
from dataclasses import dataclass

from django.http import HttpRequest

_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,19})-([0-9]{0,19})[ \t]*\Z", re.IGNORECASE | re.ASCII)


class RangeNotSatisfiable(Exception):
    """The reader asks for bytes behind the end of the file."""


@dataclass(frozen=True)
class Part:
    """Bytes of a file, from first to last, both included; of an empty file, last is before first."""

    first: int
    last: int
    size: int
    is_whole: bool

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def wanted_part(request: HttpRequest, *, size: int, etag: str) -> Part:
    """What the request asks for of a file with this size and strong ETag. Raises RangeNotSatisfiable.

    The whole file answers what is not understood, several ranges in one request, and an If-Range that
    names other bytes than there are now: so a transfer that began with an older file begins again.
    """
    whole = Part(0, size - 1, size, is_whole=True)
    header = request.headers.get("Range", "")
    if request.method != "GET" or not header or request.headers.get("If-Range", etag) != etag:
        return whole
    match = _RANGE.match(header)
    if match is None or match.groups() == ("", ""):
        return whole
    first, last = match.groups()
    if not first:
        return _suffix(int(last), size)
    if last and int(last) < int(first):
        return whole
    if int(first) >= size:
        raise RangeNotSatisfiable
    return Part(int(first), min(int(last), size - 1) if last else size - 1, size, is_whole=False)


def _suffix(length: int, size: int) -> Part:
    """The last bytes, as many as that."""
    if not length or not size:
        raise RangeNotSatisfiable
    return Part(max(0, size - length), size - 1, size, is_whole=False)
