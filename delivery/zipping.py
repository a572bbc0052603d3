"""Several files as one zip, made while it is sent: nothing is compressed, and nothing is put on the disk.

https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

import re
import struct
import zlib
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from delivery.errors import DownloadRefused
from delivery.models import DownloadGrant
from delivery.sources import Source

CHUNK = 128 * 1024
LIMIT = 0xFFFFFFFF  # what does not fit into four bytes stands in eight, further behind
_FLAGS = 0x0808  # names are UTF-8; checksums follow the bytes
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')


@dataclass(frozen=True)
class Entry:
    """One file of the zip, under a path that no other has."""

    path: bytes
    source: Source
    changed_at: datetime

    @property
    def is_big(self) -> bool:
        return self.source.size >= LIMIT

    @property
    def header(self) -> bytes:
        extra = struct.pack("<HHQQ", 1, 16, self.source.size, self.source.size) if self.is_big else b""
        size = min(self.source.size, LIMIT)
        fields = (45 if self.is_big else 20, _FLAGS, 0, *_dos_time(self.changed_at), 0, size, size)
        return struct.pack("<4s5H3L2H", b"PK\3\4", *fields, len(self.path), len(extra)) + self.path + extra

    def after(self, checksum: int) -> bytes:
        sizes = "QQ" if self.is_big else "LL"
        return struct.pack(f"<4sL{sizes}", b"PK\7\x08", checksum, self.source.size, self.source.size)

    def listing(self, checksum: int, offset: int) -> bytes:
        wide = [self.source.size] * 2 if self.is_big else []
        wide += [offset] if offset >= LIMIT else []
        extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
        version, size = 45 if wide else 20, min(self.source.size, LIMIT)
        fields = (0x0300 | version, version, _FLAGS, 0, *_dos_time(self.changed_at), checksum, size, size)
        ends = (len(self.path), len(extra), 0, 0, 0, 0o100644 << 16, min(offset, LIMIT))
        return struct.pack("<4s6H3L5H2L", b"PK\1\2", *fields, *ends) + self.path + extra


class Package:
    """A zip to be read once, from its beginning, whose size is known before."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries
        self.size = sum(map(len, self._pieces(is_measured=True))) + sum(each.source.size for each in entries)
        self._unread = self._pieces(is_measured=False)
        self._rest = b""

    def seek(self, _offset: int) -> None:
        """There is only the beginning."""

    def read(self, length: int) -> bytes:
        self._rest = self._rest or next(self._unread, b"")
        piece, self._rest = self._rest[:length], self._rest[length:]
        return piece

    def close(self) -> None:
        self._unread.close()

    def _pieces(self, *, is_measured: bool) -> Generator[bytes, None, None]:
        listings, offset = [], 0
        for entry in self.entries:
            yield entry.header
            checksum = 0
            if not is_measured:
                for chunk in _chunks(entry.source):
                    checksum = zlib.crc32(chunk, checksum)
                    yield chunk
            yield entry.after(checksum)
            listings.append(entry.listing(checksum, offset))
            offset += len(entry.header) + entry.source.size + len(entry.after(0))
        yield from listings
        yield _ending(len(listings), sum(map(len, listings)), offset)


def pack(grants: Iterable[tuple[DownloadGrant, Source]]) -> Package:
    """The files of these rights, in folders if of several lines. Raises as Source.require() does."""
    pairs = list(grants)
    folders = {grant.line_id: _clean(grant.line.product_title) for grant, _source in pairs}
    entries, taken = [], set[str]()
    for grant, source in pairs:
        source.require()
        name = _clean(source.file.filename)
        path = _free(f"{folders[grant.line_id]}/{name}" if len(folders) > 1 else name, taken)
        entries.append(Entry(path.encode(), source, source.file.changed_at))
    return Package(entries)


def _chunks(source: Source) -> Iterator[bytes]:
    """Exactly as many bytes as were promised."""
    left = source.size
    content = source.open()
    try:
        while left and (chunk := content.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
    finally:
        content.close()
    if left:
        raise DownloadRefused(f"{source.name} is shorter than it was.")


def _clean(name: str) -> str:
    """A name that stays in its folder on every system."""
    return " ".join(_NOT_IN_NAMES.sub(" ", name).split()).strip(" .")[:150] or "file"


def _free(path: str, taken: set[str]) -> str:
    stem, dot, ending = path.rpartition(".") if "." in path.rpartition("/")[2] else (path, "", "")
    number = 1
    while path.casefold() in taken:
        number += 1
        path = f"{stem} ({number}){dot}{ending}"
    taken.add(path.casefold())
    return path


def _ending(count: int, length: int, offset: int) -> bytes:
    wide = b""
    if offset >= LIMIT or count >= 0xFFFF:
        wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 0x032D, 45, 0, 0, count, count, length, offset)
        wide += struct.pack("<4sLQL", b"PK\6\7", 0, offset + length, 1)
    few = min(count, 0xFFFF)
    return wide + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, few, few, length, min(offset, LIMIT), 0)


def _dos_time(time: datetime) -> tuple[int, int]:
    day = max(time.year - 1980, 0) << 9 | time.month << 5 | time.day
    return time.hour << 11 | time.minute << 5 | time.second // 2, day
