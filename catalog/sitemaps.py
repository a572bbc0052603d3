from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.db.models import QuerySet
from django.urls import reverse

from catalog.models import Category, Product
from storefront.shop import shop


class ShopSitemap(Sitemap):
    """Every address in every language, each naming the others, under the shop's own address."""

    i18n = True
    alternates = True
    x_default = True
    limit = 6000
    protocol = urlsplit(settings.SITE_URL).scheme

    def get_languages_for_item(self, item: Any) -> list[str]:
        return list(shop().languages)

    def get_domain(self, site: Any = None) -> str:
        return urlsplit(settings.SITE_URL).netloc


class PageSitemap(ShopSitemap):
    def items(self) -> list[str]:
        return ["home", "products"]

    def location(self, item: str) -> str:
        return reverse(item)


class CategorySitemap(ShopSitemap):
    def items(self) -> QuerySet[Category]:
        return Category.objects.only("slug")


class ProductSitemap(ShopSitemap):
    def items(self) -> QuerySet[Product]:
        return Product.objects.published().only("slug", "updated_at")

    def lastmod(self, item: Product) -> datetime:
        return item.updated_at


SITEMAPS: dict[str, type[Sitemap] | Sitemap] = {
    "pages": PageSitemap,
    "categories": CategorySitemap,
    "products": ProductSitemap,
}
