import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from storefront.checks import half_set_provider
from storefront.doctor.finding import Findings, ok, problem

TIME_OUT = 5  # seconds


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


def s3() -> Findings:
    """Writes an object, and asks for it like a stranger: product files are nobody's but the buyers'."""
    if half_set := half_set_provider("S3"):
        yield problem("S3", half_set)
        return
    if not settings.S3_BUCKET:
        return
    bucket = storages["private"]
    try:
        name = bucket.save("doctor", ContentFile(b"May be deleted."))
        address = bucket.signed_url(name, filename="doctor", content_type="text/plain")  # type: ignore[attr-defined]
        is_open = _opens_for_strangers(address.partition("?")[0])
        bucket.delete(name)
    except OSError as error:
        yield problem(
            "S3", f"The bucket {settings.S3_BUCKET} cannot be written ({error}). Downloads wait meanwhile."
        )
        return
    if is_open:
        yield problem("S3", f"Everybody may read the bucket {settings.S3_BUCKET}: make it private.")
    else:
        yield ok("S3", f"The bucket {settings.S3_BUCKET} can be written, and strangers cannot read it.")


def _opens_for_strangers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=TIME_OUT):  # noqa: S310
            return True
    except urllib.error.HTTPError:
        return False


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
