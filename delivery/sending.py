"""Sends a file's bytes by ourselves, where neither nginx nor S3 does it."""

import logging
import threading
import time
from collections.abc import Iterator
from typing import IO, Protocol

from django.conf import settings
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from delivery.errors import NotNow
from delivery.models import DownloadGrant
from delivery.ranges import Part

logger = logging.getLogger(__name__)
CHUNK = 128 * 1024
LOOK_AGAIN = 2  # seconds between two looks at whether the order still stands
RETRY_AFTER = 10  # seconds


class Log(Protocol):
    """Told how a transfer ended."""

    def mark_broken(self) -> None: ...

    def mark_whole(self) -> None: ...


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

    def __init__(self, file: IO[bytes], part: Part, grant: DownloadGrant) -> None:
        """Raises NotNow, and closes the file, where there is no room for another."""
        try:
            slots.take()
        except NotNow:
            file.close()
            raise
        self.file, self.part, self.grant = file, part, grant
        self.log: Log | None = None
        self.left = part.length
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(self.part.first)
        looked_at = time.monotonic()
        while self.left > 0:
            if time.monotonic() - looked_at > LOOK_AGAIN:
                looked_at = time.monotonic()
                if not DownloadGrant.objects.deliverable().filter(pk=self.grant.pk).exists():
                    raise ConnectionAbortedError("The right to this file was taken back.")
            chunk = self.file.read(min(CHUNK, self.left))
            if not chunk:
                raise ConnectionAbortedError("The file is shorter than it was.")
            self.left -= len(chunk)
            yield chunk

    def close(self) -> None:
        """Called by the server at the end, whatever the end was."""
        if self._is_closed:
            return
        self._is_closed = True
        slots.give_back()
        self.file.close()
        if self.log and self.left > 0:
            self.log.mark_broken()
        elif self.log and self.part.last == self.part.size - 1:
            self.log.mark_whole()


def streamed(transfer: Transfer) -> StreamingHttpResponse:
    response = StreamingHttpResponse(transfer, status=200 if transfer.part.is_whole else 206)
    part = transfer.part
    response["Content-Length"] = str(part.length)
    if not part.is_whole:
        response["Content-Range"] = f"bytes {part.first}-{part.last}/{part.size}"
    return response
