from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.sitemaps import views as sitemap_views
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import override
from django.views.decorators.http import require_safe

from catalog.sitemaps import SITEMAPS

TYPES = {".webp": "image/webp", ".jpg": "image/jpeg"}
PRIVATE = [
    "/admin/",
    "/accounts/",
    "/cart/",
    "/checkout/",
    "/orders/",
    "/library/",
    "/updates/",
    "/downloads/",
]


@login_not_required
@require_safe
def media(request: HttpRequest, path: str) -> FileResponse:
    file = Path(settings.MEDIA_ROOT) / path
    if not file.is_file():
        raise Http404
    response = FileResponse(file.open("rb"), content_type=TYPES[file.suffix])
    # The name is made of the content, so it never changes.
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["ETag"] = f'"{file.stem}"'
    return response


@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    homes = []
    for code, _name in settings.LANGUAGES:
        with override(code):
            homes.append(reverse("home").rstrip("/"))
    lines = ["User-agent: *", *(f"Disallow: {home}{path}" for home in homes for path in PRIVATE)]
    lines += ["", f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}", ""]
    response = HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
    patch_cache_control(response, public=True, max_age=3600)
    return response


@login_not_required
@require_safe
def sitemap_index(request: HttpRequest) -> HttpResponse:
    response = sitemap_views.index(request, SITEMAPS, sitemap_url_name="sitemap_section")
    patch_cache_control(response, public=True, max_age=3600)
    return response


@login_not_required
@require_safe
def sitemap_section(request: HttpRequest, section: str) -> HttpResponse:
    response = sitemap_views.sitemap(request, SITEMAPS, section=section)
    patch_cache_control(response, public=True, max_age=3600)
    return response
