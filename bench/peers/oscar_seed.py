"""Fills django-oscar with downloadable products: `python -m bench.peers.oscar_seed COUNT`.

Prints the addresses of 50 of them. A database that has as many is left as it is.
"""

import sys
from decimal import Decimal
from io import BytesIO

import django

django.setup()

from django.core.files.base import ContentFile  # noqa: E402
from django.core.management import call_command  # noqa: E402
from oscar.apps.catalogue.categories import create_from_breadcrumbs  # noqa: E402
from oscar.apps.catalogue.models import (  # noqa: E402
    Product,
    ProductCategory,
    ProductClass,
    ProductImage,
)
from oscar.apps.partner.models import Partner, StockRecord  # noqa: E402
from PIL import Image  # noqa: E402

from bench.words import paragraphs, title  # noqa: E402

COVER = "cover.jpg"


def seed(count: int) -> None:
    kind = ProductClass.objects.create(name="Download", requires_shipping=False, track_stock=False)
    partner = Partner.objects.create(name="The shop", code="shop")
    shelves = [create_from_breadcrumbs(f"Shelf {number}") for number in range(1, 9)]
    products = Product.objects.bulk_create(
        Product(
            title=title(number),
            slug=f"product-{number}",
            upc=str(number),
            description=f"<p>{'</p><p>'.join(paragraphs(number))}</p>",
            product_class=kind,
        )
        for number in range(count)
    )
    StockRecord.objects.bulk_create(
        StockRecord(
            product=product,
            partner=partner,
            partner_sku=product.upc,
            price_currency="USD",
            price=Decimal(9 + product.pk % 40),
        )
        for product in products
    )
    ProductCategory.objects.bulk_create(
        ProductCategory(product=product, category=shelves[product.pk % len(shelves)]) for product in products
    )
    ProductImage.objects.bulk_create(ProductImage(product=product, original=COVER) for product in products)
    picture = BytesIO()
    Image.radial_gradient("L").resize((640, 900)).convert("RGB").save(picture, "JPEG")
    ProductImage._meta.get_field("original").storage.save(COVER, ContentFile(picture.getvalue()))
    call_command("rebuild_index", interactive=False, verbosity=0)


if __name__ == "__main__":
    if Product.objects.count() != int(sys.argv[1]):
        call_command("flush", interactive=False, verbosity=0)
        seed(int(sys.argv[1]))
    addresses = [product.get_absolute_url() for product in Product.objects.order_by("pk")]
    sys.stdout.write("\n".join(addresses[:: max(1, len(addresses) // 50)][:50]))
