from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language, get_language_bidi
from django.views.decorators.http import require_safe

from storefront.colours import look_of


@login_not_required
@require_safe
def logo(request: HttpRequest, path: str) -> FileResponse:
    file = Path(settings.MEDIA_ROOT) / path
    if not file.is_file():
        raise Http404
    response = FileResponse(file.open("rb"), content_type="image/png")
    # The name is made of the content, so it never changes.
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["ETag"] = f'"{file.stem}"'
    return response


@login_not_required
@require_safe
def brand_css(request: HttpRequest, brand: str, accent: str) -> HttpResponse:
    """The colours in an address as a style sheet, made readable. One address is one answer."""
    chosen = ("" if colour == "ours" else f"#{colour}" for colour in (brand, accent))
    tokens = look_of(*chosen).tokens
    lines = [f"  --{name}: light-dark({day}, {night});" for name, (day, night) in tokens.items()]
    # Said twice, it counts more than what the admin's own style sheet says of each theme.
    css = "\n".join([":root:root {", *lines, "  --header-bg: var(--deep);", "}", ""])
    response = HttpResponse(css, content_type="text/css; charset=utf-8")
    response["Cache-Control"] = "public, max-age=86400"
    return response


@login_not_required
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "400.html", status=400)


@login_not_required
def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", status=403)


@login_not_required
def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """Asks for nothing, not even the session: what it stands in for may be the database."""
    context = {"language": get_language(), "direction": "rtl" if get_language_bidi() else "ltr"}
    return HttpResponse(render_to_string("500.html", context), status=500)
