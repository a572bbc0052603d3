"""What EDD's get_version answers: the newest version of a product as a WordPress updater reads it."""

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from django.conf import settings
from django.db.models import Q

from catalog.markdown import render_markdown
from catalog.models import Product
from delivery.finding import Facts, Question
from delivery.models import LicensePlan
from delivery.packages import package_url
from delivery.updates import Update, newest_update

EMPTY_VERSION: dict[str, Any] = {
    **dict.fromkeys(("new_version", "stable_version", "sections", "license_check", "msg", "homepage"), ""),
    "package": "",
    "icons": [],
    "banners": [],
}


def version_data(question: Question, facts: Facts | None, texts: Mapping[str, str]) -> dict[str, Any]:
    """With a link to the package where the licence is good and in use there."""
    product = _product(question, facts)
    if product is None:
        return {**EMPTY_VERSION, "msg": "No item provided"}
    variant = facts.variant_id if facts else product.variants.values_list("pk", flat=True).first()
    if variant is None:
        return {**EMPTY_VERSION, "msg": "No item provided"}
    stable = newest_update(product.pk, variant)
    newest = newest_update(product.pk, variant, "beta") if _is_true(texts.get("beta", "")) else stable
    if newest is None:
        return {**EMPTY_VERSION, "msg": "There is no version yet."}
    package = package_url(facts, newest) if facts else ""
    address = settings.SITE_URL + product.get_absolute_url()
    return {
        "new_version": newest.version if _fits(newest, texts) else texts.get("version", ""),
        "stable_version": stable.version if stable else "",
        "name": product.title,
        "slug": texts.get("slug", "") or product.slug,
        "url": address,
        "last_updated": f"{newest.published_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        "homepage": address,
        "package": package,
        "download_link": package,
        "sections": serialized(
            {
                "description": render_markdown(product.description),
                "changelog": render_markdown(newest.release.changelog or ""),
            }
        ),
        "banners": serialized({"high": "", "low": ""}),
        "icons": serialized(_icons(product)),
        "requires": newest.needs("WordPress"),
        "requires_php": newest.needs("PHP"),
        "msg": "",
    }


def serialized(texts: Mapping[str, str]) -> str:
    """An array as PHP's serialize() writes it; lengths are counted in bytes."""
    parts = "".join(f's:{len(text.encode())}:"{text}";' for pair in texts.items() for text in pair)
    return f"a:{len(texts)}:{{{parts}}}"


def _product(question: Question, facts: Facts | None) -> Product | None:
    """The licence's product, or what is told to everybody: that of a published one."""
    if facts:
        return Product.objects.get(pk=facts.product_id)
    named = Q(slug=question.product) | Q(title_en=question.product)
    if question.product.isdecimal() and len(question.product) < 16:
        named |= Q(pk=int(question.product))
    plans = LicensePlan.objects.filter(former_id=question.product).exclude(former_id="")
    named |= Q(pk__in=plans.values("product"))
    return Product.objects.published().filter(named).first()


def _icons(product: Product) -> dict[str, str]:
    return {"1x": settings.SITE_URL + product.cover.url(320, "jpg")} if product.cover else {}


def _fits(release: Update, texts: Mapping[str, str]) -> bool:
    """Whether the site is new enough for the release, as far as it tells its versions."""
    told = {"WordPress": texts.get("wp_version", ""), "PHP": texts.get("php_version", "")}
    return all(
        _parts(there) >= _parts(release.needs(program))
        for program, there in told.items()
        if there and release.needs(program)
    )


def _parts(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d{1,9}", version)[:4]]


def _is_true(text: str) -> bool:
    return text not in ("", "0", "false")
