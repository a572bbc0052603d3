"""Licences, and rights to big files, in our shop, with its own settings.

`python -m bench.rights licences COUNT` prints a key a line; each is in use at SITE, and nowhere else.
`python -m bench.rights links MEGABYTES COUNT` prints fresh links to a file of that size, which nobody has
fetched yet; `orders` instead of `links`, links to all files of an order, which is this one. What is missing
is made first.
"""

import hashlib
import os
import sys
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.words import SITE  # noqa: E402
from catalog.models import Product, ProductFile, Variant  # noqa: E402
from checkout.models import Order, OrderLine  # noqa: E402
from delivery.activating import activate  # noqa: E402
from delivery.finding import Question  # noqa: E402
from delivery.links import download_url, order_download_url  # noqa: E402
from delivery.models import Activation, Download, DownloadGrant, License, LicensePlan  # noqa: E402

MIB = 1024 * 1024
RIGHTS = 500  # buyers of each file, so that no single row is hot


def links(megabytes: int, count: int) -> list[str]:
    rights = _rights(megabytes)
    return [download_url(each) for each in islice(cycle(rights), count)]


def orders(megabytes: int, count: int) -> list[str]:
    rights = _rights(megabytes)
    return [order_download_url(each.line.order) for each in islice(cycle(rights), count)]


def licences(count: int) -> list[str]:
    """Without limit, and for a year, so that every answer is a good one with a licence file."""
    Activation.objects.exclude(instance=SITE).delete()
    kept = License.objects.order_by("pk").values_list("key", flat=True)[:count]
    if len(kept) < count:
        _add_licences(count)
    return list(kept.all())


@transaction.atomic
def _add_licences(count: int) -> None:
    variant = _variant("bench-licences")
    plan = LicensePlan.objects.create(product=variant.product, activation_limit=0, valid_days=365)
    for line in _lines(variant, count):
        license_ = License.objects.create(
            line=line,
            plan=plan,
            variant=variant,
            key=plan.new_key(),
            activation_limit=0,
            expires_at=plan.first_expiry(),
        )
        activate(Question(license_.key, instance=SITE))


def _rights(megabytes: int) -> list[DownloadGrant]:
    slug = f"bench-{megabytes}"
    rights = DownloadGrant.objects.filter(file__product__slug=slug).select_related("line__order")
    if not rights:
        _add_rights(slug, megabytes)
    Download.objects.filter(grant__in=rights).delete()
    return list(rights.all())


@transaction.atomic
def _add_rights(slug: str, megabytes: int) -> None:
    variant, path = _variant(slug), Path(settings.PRIVATE_ROOT, "products", slug)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as content:
        content.truncate(megabytes * MIB)  # a hole, which takes no room and is read like any other zeros
    file = ProductFile.objects.create(
        product=variant.product,
        file=f"products/{slug}",
        filename=f"{slug}.bin",
        size=megabytes * MIB,
        sha256=hashlib.sha256(slug.encode()).hexdigest(),
        content_type="application/octet-stream",
    )
    DownloadGrant.objects.bulk_create(DownloadGrant(line=line, file=file) for line in _lines(variant, RIGHTS))


def _variant(slug: str) -> Variant:
    return Variant.objects.create(product=Product.objects.create(slug=slug, title_en=slug))


def _lines(variant: Variant, count: int) -> list[OrderLine]:
    """Of paid orders of one line each."""
    now = timezone.now()
    orders = Order.objects.bulk_create(
        Order(
            email=f"{variant.product.slug}-{number}@example.com",
            language="en",
            currency="USD",
            total=1200,
            status=Order.Status.PAID,
            paid_at=now,
            expires_at=now + timedelta(days=1),
        )
        for number in range(count)
    )
    return OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            variant=variant,
            product_title=variant.product.title,
            quantity=1,
            unit_amount=1200,
            net_amount=1200,
            amount=1200,
        )
        for order in orders
    )


if __name__ == "__main__":
    what, *numbers = sys.argv[1:]
    made = {"links": links, "orders": orders, "licences": licences}[what]
    print("\n".join(made(*map(int, numbers))))
