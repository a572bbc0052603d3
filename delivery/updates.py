"""The newest version of a product, for programs that update themselves."""

import re
from dataclasses import dataclass
from datetime import datetime

from catalog.models import ProductFile, Variant


@dataclass(frozen=True)
class LatestRelease:
    """A version as an updater needs it; `requirements` are such as "WordPress 6.4, PHP 8.1"."""

    version: str
    channel: str
    released_at: datetime
    file: ProductFile | None
    changelog: str = ""
    requirements: str = ""

    def needs(self, program: str) -> str:
        """The version of WordPress, say, that it asks for, or nothing."""
        found = re.search(rf"\b{re.escape(program)}\s+v?(\d+(?:\.\d+)*)", self.requirements, re.IGNORECASE)
        return found[1] if found else ""


def latest_release(product_id: int, variant_id: int, channel: str = "stable") -> LatestRelease | None:
    """The newest version that the variant brings; in the beta channel, whichever is newer of the two."""
    variant = Variant.objects.get(pk=variant_id, product=product_id)
    files = ProductFile.objects.filter(product=product_id).prefetch_related("variants")
    brought = [file for file in files if file.is_brought_by(variant)]
    packages = [file for file in brought if file.filename.lower().endswith(".zip")] or brought
    if not packages:
        return None
    newest = max(packages, key=lambda file: file.created_at)
    return LatestRelease(f"{newest.created_at:%Y.%m.%d}", "stable", newest.created_at, newest)
