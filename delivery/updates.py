"""The newest version of a product, for programs that update themselves."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from catalog.models import ProductFile, Release, Variant
from catalog.releases import newest_release


@dataclass(frozen=True)
class Update:
    """A release with the file that an updater takes; None where it brings the variant none."""

    release: Release
    file: ProductFile | None

    @property
    def version(self) -> str:
        return self.release.version

    @property
    def published_at(self) -> datetime:
        return cast("datetime", self.release.published_at)

    def needs(self, program: str) -> str:
        """The version of WordPress, say, that its requirements name, or nothing."""
        text = self.release.requirements or ""
        found = re.search(rf"\b{re.escape(program)}\s+v?(\d+(?:\.\d+)*)", text, re.IGNORECASE)
        return found[1] if found else ""


def newest_update(product_id: int, variant_id: int, channel: str = "stable") -> Update | None:
    """The newest stable release; in the beta channel the newest of all. None before the first one."""
    releases = list(Release.objects.published().filter(product=product_id))
    release = newest_release(releases)
    if channel == Release.Channel.BETA and releases:
        release = max(releases, key=lambda each: (each.published_at, each.pk))
    if release is None or (release.is_beta and channel != Release.Channel.BETA):
        return None
    variant = Variant.objects.get(pk=variant_id)
    files = ProductFile.objects.filter(release=release).prefetch_related("variants")
    brought = [file for file in files if file.is_brought_by(variant)]
    packages = [file for file in brought if file.filename.lower().endswith(".zip")] or brought
    return Update(release, packages[0] if packages else None)
