"""Private files in a folder of this machine."""

import os
import stat

from django.core.files import File
from django.core.files.storage import FileSystemStorage


class PrivateFolder(FileSystemStorage):
    """The shop alone writes here, and never a link: one that stands in a file's place leads elsewhere."""

    def size(self, name: str) -> int:
        return self._look_at(name).st_size

    def open(self, name: str, mode: str = "rb") -> File:
        self._look_at(name)
        return super().open(name, mode)

    def _look_at(self, name: str) -> os.stat_result:
        found = os.lstat(self.path(name))
        if stat.S_ISLNK(found.st_mode):
            raise FileNotFoundError(f"{name} is a link, and no file.")
        return found
