"""Which of a product's files are the newest: those of no release, and those of the newest one."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from catalog.models import ProductFile, Release


def newest_release(releases: Iterable[Release]) -> Release | None:
    """The newest stable one of these; where there is none, the newest beta. Drafts do not count."""
    published = [release for release in releases if release.is_published]
    stable = [release for release in published if not release.is_beta]
    return max(stable or published, key=_age, default=None)


def current_files(files: Iterable[ProductFile]) -> list[ProductFile]:
    """Of these files, loaded with product and release, those that a buyer finds now.

    A release takes the place of older ones, unless the seller leaves these within reach; a beta stands
    beside the stable one until that is newer.
    """
    by_product: dict[int, list[ProductFile]] = defaultdict(list)
    for file in files:
        by_product[file.product_id].append(file)
    return [file for own in by_product.values() for file in own if _is_current(file, own)]


def is_replaced(file: ProductFile, own: Iterable[ProductFile]) -> bool:
    """Whether a newer release among these files of its product has taken the file's place."""
    releases = {each.release for each in own if each.release is not None and each.release.is_published}
    newest = {newest_release(releases), max(releases, key=_age, default=None)}
    return file.release is not None and file.release not in newest


def available_at(file: ProductFile) -> datetime:
    """Since when buyers can have these bytes."""
    release = file.release
    return max(file.changed_at, release.published_at) if release and release.published_at else file.changed_at


def _is_current(file: ProductFile, own: list[ProductFile]) -> bool:
    if file.release is None:
        return True
    if not file.release.is_published:
        return False
    return file.product.keeps_old_releases or not is_replaced(file, own)


def _age(release: Release) -> tuple[Any, int]:
    return release.published_at, release.pk
