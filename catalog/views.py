from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalog.caching import holds_until, public_page
from catalog.files import content_type
from catalog.listing import BEST, SORTS, list_products
from catalog.loading import changes_at, load_home, load_product
from catalog.models import Category, Product
from catalog.search import suggest
from storefront.text import clean_line

LONGEST_QUERY = 100
# A sample comes from the seller: a browser may show it, and do nothing else with it.
SANDBOX = "default-src 'none'; frame-ancestors 'none'; sandbox"


@login_not_required
@require_safe
@public_page
def home(request: HttpRequest) -> TemplateResponse:
    shop = load_home()
    shelves = [
        {"title": _("On offer now"), "products": shop.offers, "url": ""},
        {"title": _("New on the shelves"), "products": shop.newest, "url": reverse("products")},
    ]
    shelves += [
        {"title": category.title, "products": products, "url": category.get_absolute_url()}
        for category, products in shop.by_category
    ]
    shelves = [shelf for shelf in shelves if shelf["products"]]
    page = TemplateResponse(request, "catalog/home.html", {"featured": shop.featured, "shelves": shelves})
    return holds_until(page, shop.changes_at)


@login_not_required
@require_safe
@public_page
def product_list(request: HttpRequest) -> TemplateResponse:
    return _list(request, request.GET.get("category", ""))


@login_not_required
@require_safe
@public_page
def category(request: HttpRequest, slug: str) -> TemplateResponse:
    return _list(request, slug)


def _list(request: HttpRequest, slug: str) -> TemplateResponse:
    categories = list(Category.objects.all())
    chosen = next((category for category in categories if category.slug == slug), None)
    if slug and chosen is None:
        raise Http404
    query = clean_line(request.GET.get("q", ""))[:LONGEST_QUERY]
    kind = request.GET.get("kind", "")
    kind = kind if kind in Product.Kind.values else ""
    sorts = [BEST, *SORTS] if query else SORTS
    sort = request.GET.get("sort", "")
    sort = sort if sort in dict(sorts) else sorts[0][0]
    shelf = list_products(query=query, category=chosen, kind=kind, sort=sort)
    page = shelf.get_page(request.GET.get("page"))
    context = {
        "page": page,
        "query": query,
        "category": chosen,
        "categories": categories,
        "kinds": Product.Kind.choices,
        "kind": kind,
        "sorts": sorts,
        "sort": sort,
        "suggestions": suggest(Product.objects.published(), query) if query and not shelf.count else [],
    }
    response = TemplateResponse(request, "catalog/product_list.html", context)
    return holds_until(response, changes_at(page.object_list))


@login_not_required
@require_safe
@public_page
def product_detail(request: HttpRequest, slug: str) -> HttpResponseBase:
    page = load_product(slug)
    if page is None:
        return _moved(request, "product", slug)
    is_preview = not page.product.is_on_sale
    if is_preview and not _may_preview(request):
        raise Http404
    context = {"page": page, "is_preview": is_preview}
    return holds_until(TemplateResponse(request, "catalog/product_detail.html", context), page.changes_at)


@login_not_required
@require_safe
@public_page
def sample(request: HttpRequest, slug: str) -> HttpResponseBase:
    product = Product.objects.only("slug", "sample", "status", "published_at").filter(slug=slug).first()
    if product is None:
        return _moved(request, "sample", slug)
    if not product.sample or not (product.is_on_sale or _may_preview(request)):
        raise Http404
    if not product.sample.storage.exists(product.sample.name):
        raise Http404
    kind = content_type(product.sample.name)
    ending = product.sample.name.rpartition(".")[2]
    response = FileResponse(
        product.sample.open("rb"),
        as_attachment=kind != "application/pdf",
        filename=get_valid_filename(f"{product.slug}-sample.{ending}"),
        content_type=kind,
    )
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["ETag"] = f'"{product.sample.name.rpartition("/")[2]}"'
    return response


def _may_preview(request: HttpRequest) -> bool:
    return "preview" in request.GET and request.user.has_perm("catalog.view_product")


def _moved(request: HttpRequest, page: str, slug: str) -> HttpResponsePermanentRedirect:
    """To the product that had this slug before, with the question that came along."""
    product = get_object_or_404(Product.objects.published().only("slug"), old_slugs__slug=slug)
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(reverse(page, args=[product.slug]) + (f"?{query}" if query else ""))
