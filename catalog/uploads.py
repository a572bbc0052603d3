"""Takes uploads from readers onto the disk, also where the disk is full."""

import logging
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

logger = logging.getLogger(__name__)


class PatientUploadHandler(TemporaryFileUploadHandler):
    """As Django's, but a full disk does not fail the request: the form says so and keeps its words."""

    is_lost = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self.is_lost = False
        try:
            super().new_file(*args, **kwargs)
        except OSError as error:
            self._lose(error)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.is_lost:
            return
        try:
            super().receive_data_chunk(raw_data, start)
        except OSError as error:
            self._lose(error)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        if not self.is_lost:
            return super().file_complete(file_size)
        lost = UploadedFile(None, self.file_name, self.content_type, file_size, self.charset)
        lost.is_lost = True  # type: ignore[attr-defined]
        return lost

    def upload_interrupted(self) -> None:
        if not self.is_lost:
            super().upload_interrupted()

    def _lose(self, error: OSError) -> None:
        logger.error("An upload could not be kept: %s", error)
        self.is_lost = True
        if getattr(self, "file", None):
            self.file.close()  # which removes it, and gives its room back
