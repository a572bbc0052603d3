"""Sends a file's bytes by ourselves, where neither nginx nor S3 does it."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Protocol, Self

from django.conf import settings
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from delivery.errors import NotNow
from delivery.models import Download, DownloadGrant
from delivery.ranges import Part

CHUNK = 128 * 1024
LOOK_AGAIN = 2  # seconds between two looks at whether the order still stands
RETRY_AFTER = 10  # seconds


class Readable(Protocol):
    """As much of a file as a transfer needs."""

    def seek(self, offset: int, /) -> object: ...

    def read(self, length: int, /) -> bytes: ...

    def close(self) -> None: ...


class Slots:
    """Room for a number of transfers in this process. Slow readers hold a thread each; pages need some."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = 0

    def take(self) -> None:
        """Raises NotNow while the process sends as many files as it may."""
        with self._lock:
            if self._taken >= settings.DOWNLOADS_AT_ONCE:
                words = _("Many files are being fetched at this moment. Try again in some seconds.")
                raise NotNow(words, retry_after=RETRY_AFTER)
            self._taken += 1

    def give_back(self) -> None:
        with self._lock:
            self._taken -= 1


slots = Slots()


class Transfer:
    """The bytes of one answer, in chunks. It ends early when the right to them is taken back."""

    def __init__(self, file: Readable, part: Part, grants: Sequence[DownloadGrant]) -> None:
        self.file, self.part, self.grants = file, part, grants
        self.downloads: Sequence[Download] = []
        self.left = part.length
        self._is_closed = False

    @classmethod
    @contextmanager
    def begun(cls, file: Readable, part: Part, grants: Sequence[DownloadGrant]) -> Iterator[Self]:
        """A transfer that has its place; it gives it back if the block fails. Raises NotNow without room."""
        with ExitStack() as undo:
            undo.callback(file.close)
            slots.take()
            undo.pop_all()
        transfer = cls(file, part, grants)
        try:
            yield transfer
        except BaseException:
            transfer.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(self.part.first)
        looked_at = time.monotonic()
        while self.left > 0:
            if time.monotonic() - looked_at > LOOK_AGAIN:
                looked_at = time.monotonic()
                self._require_right()
            chunk = self.file.read(min(CHUNK, self.left))
            if not chunk:
                raise ConnectionAbortedError("The file is shorter than it was.")
            self.left -= len(chunk)
            yield chunk

    def _require_right(self) -> None:
        mine = {grant.pk for grant in self.grants}
        if DownloadGrant.objects.deliverable().filter(pk__in=mine).count() < len(mine):
            raise ConnectionAbortedError("The right to this file was taken back.")

    def close(self) -> None:
        """Called by the server at the end, whatever the end was."""
        if self._is_closed:
            return
        self._is_closed = True
        slots.give_back()
        self.file.close()
        for download in self.downloads:
            if self.left > 0:
                download.mark_broken()
            elif self.part.last == self.part.size - 1:
                download.mark_whole()


def streamed(transfer: Transfer) -> StreamingHttpResponse:
    response = StreamingHttpResponse(transfer, status=200 if transfer.part.is_whole else 206)
    part = transfer.part
    response["Content-Length"] = str(part.length)
    if not part.is_whole:
        response["Content-Range"] = f"bytes {part.first}-{part.last}/{part.size}"
    return response
