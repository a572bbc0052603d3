"""Where links arrive: /r/<code>/ leads on to a page, and pages opened with ?ref=<code> tell of it."""

from urllib.parse import urlencode, urlsplit, urlunsplit

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from affiliates.clicks import active_affiliate, allows_cookie, count_click, is_bot, utm_of
from affiliates.errors import LinkNotOurs
from affiliates.links import safe_path
from affiliates.models import Program, Referral
from affiliates.remembering import keep_with_cart, remember
from affiliates.visits import Visit
from checkout.origin import is_from_this_shop

REMEMBERED, CARRY_ON = 204, 202  # the second asks the page to carry the code in its links


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def arrive(request: HttpRequest, code: str) -> HttpResponse:
    """Lead the reader on, or take note of one who is on a page already. Any code leads to some page."""
    return _take_note(request, code) if request.method == "POST" else _lead_on(request, code)


def _lead_on(request: HttpRequest, code: str) -> HttpResponse:
    """To a page of this shop and no other, without or with the code: as a cookie is allowed or not."""
    try:
        target = safe_path(request.GET.get("to", ""))
    except LinkNotOurs:
        target = "/"
    affiliate = active_affiliate(code)
    kept = [(name, str(value)) for name, value in request.GET.items() if name not in ("to", "ref", "sub")]
    if affiliate is None or request.method == "HEAD" or is_bot(request):
        return _redirect(target, kept)
    visit = _visit(affiliate.pk, target, request.GET.get("sub", ""), utm_of(request.GET))
    count_click(request, visit)
    program = Program.load()
    if allows_cookie(request, program):
        response = _redirect(target, kept)
        remember(request, response, visit, program)
        return response
    keep_with_cart(request, visit, program)
    carried = [("ref", affiliate.code), *([("sub", visit.sub_id)] if visit.sub_id else [])]
    return _redirect(target, [*kept, *carried])


def _take_note(request: HttpRequest, code: str) -> HttpResponse:
    if not is_from_this_shop(request):
        raise PermissionDenied
    affiliate = active_affiliate(code)
    if affiliate is None or is_bot(request):
        return HttpResponse(status=REMEMBERED)
    said = request.POST
    visit = _visit(affiliate.pk, said.get("path", ""), said.get("sub", ""), utm_of(said))
    count_click(request, visit)
    program = Program.load()
    if not allows_cookie(request, program):
        keep_with_cart(request, visit, program)
        return HttpResponse(status=CARRY_ON)
    response = HttpResponse(status=REMEMBERED)
    remember(request, response, visit, program)
    return response


def _visit(affiliate_id: int, target: str, sub_id: str, utm: str) -> Visit:
    path = urlsplit(target).path
    return Visit.now(affiliate_id, Referral.Way.LINK, path=path, sub_id=sub_id, utm=utm)


def _redirect(target: str, kept: list[tuple[str, str]]) -> HttpResponseRedirect:
    parts = urlsplit(target)
    query = "&".join(filter(None, [parts.query, urlencode(kept)]))
    response = HttpResponseRedirect(urlunsplit(parts._replace(query=query)))
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
