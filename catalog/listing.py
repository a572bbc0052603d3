"""The list of products: what is on it, in which order, a page at a time."""

from functools import cached_property

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.models import Category, Product
from catalog.search import find_products

PAGE_LENGTH = 24
# Counting stops here, so that the first pages of a long list cost no more than those of a short one.
MOST_COUNTED = 20 * PAGE_LENGTH
SORTS: list[tuple[str, str | Promise]] = [
    ("new", _("Newest")),
    ("price", _("Lowest price")),
    ("-price", _("Highest price")),
]
BEST = ("best", _("Best match"))


class Shelf(Paginator):
    """Pages of products; of a search, in the order in which it found them."""

    def __init__(self, products: QuerySet[Product], found: list[int] | None = None) -> None:
        super().__init__(products, PAGE_LENGTH)
        self.products = products
        self.found = found

    @cached_property
    def count(self) -> int:
        if self.found is not None:
            return len(self.found)
        return self.products.order_by()[:MOST_COUNTED].count()

    @property
    def is_capped(self) -> bool:
        """Whether there may be more products than were counted."""
        return self.found is None and self.count == MOST_COUNTED

    def get_page(self, number: float | str | None) -> Page:
        """Whoever comes to the last of the counted pages has all of them counted."""
        if self.is_capped and str(number).isdecimal() and int(str(number)[:9]) >= self.num_pages:
            self.count = self.products.order_by().count()
            vars(self).pop("num_pages", None)
        return super().get_page(number)


class Found(Shelf):
    """Pages of a search, with the best hits first."""

    def page(self, number: int | str) -> Page:
        number = self.validate_number(number)
        keys = (self.found or [])[(number - 1) * PAGE_LENGTH : number * PAGE_LENGTH]
        products = {product.pk: product for product in self.products.filter(pk__in=keys)} if keys else {}
        return Page([products[key] for key in keys if key in products], number, self)


def list_products(*, query: str, category: Category | None, kind: str, sort: str) -> Shelf:
    """Published products by words, category and kind. An unknown order is the one that fits best."""
    products = Product.objects.published()
    if category:
        products = products.filter(categories=category)
    if kind:
        products = products.filter(kind=kind)
    found = find_products(products, query) if query else None
    if found is not None:
        products = Product.objects.filter(pk__in=found)
    products = products.for_shelf()
    if sort in ("price", "-price"):
        # Both walk one index, from either end. What has no price has no place in this order.
        order = ("sorting_amount", "-pk") if sort == "price" else ("-sorting_amount", "pk")
        return Shelf(products.filter(sorting_amount__gte=0).order_by(*order), found)
    return Found(products, found) if found is not None and sort != "new" else Shelf(products, found)
