"""Notices product files that are gone from storage, or are not the bytes that were taken in."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from catalog.models import ProductFile
from catalog.models.file import private_storage
from storefront.mail import tell_staff


@dataclass(frozen=True)
class Trouble:
    file: ProductFile
    is_missing: bool

    def __str__(self) -> str:
        words = _("%(file)s of %(product)s is not what was uploaded")
        if self.is_missing:
            words = _("%(file)s of %(product)s is missing")
        return words % {"file": self.file.filename, "product": self.file.product}


def check_sizes() -> list[Trouble]:
    """What is missing or has another size, without a look inside. Staff is told, once a day."""
    return _check(lambda file: private_storage().size(file.file.name) == file.size)


def check_bytes() -> list[Trouble]:
    """What is missing or has another SHA-256: reads every file to its end. Staff is told, once a day."""
    return _check(lambda file: _digest(file.file.name) == file.sha256)


def _check(is_as_uploaded: Callable[[ProductFile], bool]) -> list[Trouble]:
    troubles = []
    for file in ProductFile.objects.select_related("product").order_by("pk").iterator():
        try:
            if not is_as_uploaded(file):
                troubles.append(Trouble(file, is_missing=False))
        except FileNotFoundError:
            troubles.append(Trouble(file, is_missing=True))
    if troubles:
        _tell_staff(troubles)
    return troubles


def _digest(name: str) -> str:
    seen = hashlib.sha256()
    with private_storage().open(name) as content:
        for chunk in content.chunks():
            seen.update(chunk)
    return seen.hexdigest()


def _tell_staff(troubles: list[Trouble]) -> None:
    with override(settings.LANGUAGE_CODE):
        tell_staff(
            title=_("Product files are missing or changed"),
            words=_("Buyers can't get them as they were. Bring them back from a backup, or upload again."),
            details="\n".join(map(str, troubles)),
            path=reverse("admin:catalog_product_changelist"),
            cause=f"files:{timezone.now():%Y-%m-%d}",
        )
