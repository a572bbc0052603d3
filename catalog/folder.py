"""Private files in a folder of this machine."""

from pathlib import Path

from django.core.files import File
from django.core.files.storage import FileSystemStorage


class PrivateFolder(FileSystemStorage):
    """The shop alone writes here, and never a link: one that stands in a file's place leads elsewhere."""

    def size(self, name: str) -> int:
        self._refuse_link(name)
        return super().size(name)

    def open(self, name: str, mode: str = "rb") -> File:
        self._refuse_link(name)
        return super().open(name, mode)

    def _refuse_link(self, name: str) -> None:
        if Path(self.path(name)).is_symlink():
            raise FileNotFoundError(f"{name} is a link, and no file.")
