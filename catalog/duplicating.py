from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, Prefetch
from django.utils import timezone

from catalog.models import Price, Product, Release

Row = TypeVar("Row", bound=Model)


def duplicate(product: Product) -> Product:
    """A draft with all that the product has, under an address of its own. Stored files are shared.

    Each call makes another copy.
    """
    with transaction.atomic():
        copy = _copy(product, slug="", status=Product.Status.DRAFT, published_at=None, is_featured=False)
        copy.categories.set(product.categories.all())
        variants = {}
        for variant in product.variants.prefetch_related(Prefetch("prices", Price.objects.with_tiers())):
            variants[variant.pk] = _copy(variant, product=copy)
            for price in variant.prices.all():
                priced = _copy(price, variant=variants[variant.pk])
                priced.set_tiers(price.tag_at(timezone.now()).tiers)
        for item in product.bundle_items.all():
            _copy(item, bundle=copy)
        releases: dict[int | None, Release | None] = {None: None}
        for release in product.releases.all():
            releases[release.pk] = _copy(release, product=copy, is_announced=False)
        for file in product.files.prefetch_related("variants"):
            file_copy = _copy(file, product=copy, release=releases[file.release_id])
            file_copy.variants.set(variants[variant.pk] for variant in file.variants.all())
        for part in [*product.faqs.all(), *product.images.all()]:
            _copy(part, product=copy)
    return copy


def _copy(row: Row, **changes: Any) -> Row:
    fields = row._meta.concrete_fields
    columns = {field.attname: field.get_prep_value(getattr(row, field.attname)) for field in fields}
    columns.pop(row._meta.pk.attname)
    copy = type(row)(**columns)
    for name, value in changes.items():
        setattr(copy, name, value)
    copy.save()
    return copy
