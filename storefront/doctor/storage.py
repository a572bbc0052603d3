import tempfile
from pathlib import Path

from django.conf import settings

from storefront.doctor.finding import Findings, ok, problem


def folders() -> dict[str, Path]:
    return {"private": Path(settings.PRIVATE_ROOT), "media": Path(settings.MEDIA_ROOT)}


def can_write(folder: Path) -> bool:
    """Whether a file can be written there now, on this disk, by this user."""
    try:
        folder.mkdir(mode=settings.FILE_UPLOAD_DIRECTORY_PERMISSIONS, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            file.write(b"x" * 4096)
    except OSError:
        return False
    return True


def storage() -> Findings:
    for name, folder in folders().items():
        if can_write(folder):
            yield ok("Storage", f"The folder for {name} files can be written.")
        else:
            yield problem("Storage", f"{folder} cannot be written: give it to the shop's user, or make room.")
    private = folders()["private"].resolve()
    for served in (settings.MEDIA_ROOT, settings.STATIC_ROOT):
        if private.is_relative_to(Path(served).resolve()):
            yield problem("Storage", f"Product files lie below {served}, open to everybody: move them out.")
    if private.exists() and private.stat().st_mode & 0o007:
        yield problem("Storage", f"Every user of this machine may look into {private}: chmod o= {private}")
