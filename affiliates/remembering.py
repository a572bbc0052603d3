"""How a visit is remembered until somebody buys: in the cart's session, or in a cookie for the cart alone.

The cookie is signed, and sent with nothing but what is put into the cart: pages stay the same for everybody,
and caches may keep them.
"""

from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from affiliates.clicks import active_affiliate, utm_of
from affiliates.models import Program, Referral
from affiliates.visits import Visit, read, sign
from storefront.context import is_personal

COOKIE = "ref"
SESSION_KEY = "referral"  # checkout copies it to the order, and knows no more of it
LINKS = "/r/"


def remember(request: HttpRequest, response: HttpResponseBase, visit: Visit, program: Program) -> None:
    """Keep the visit in this browser, for so many days; the first one stays where the first is credited."""
    if preferred(program, [_in_cookie(request), visit]) is visit:
        for name, path in _places().items():
            response.set_cookie(
                name,
                sign(visit),
                max_age=program.cookie_days * 86_400,
                path=path,
                secure=settings.IS_HTTPS,
                httponly=True,
                samesite="Lax",
            )
    keep_with_cart(request, visit, program)


def keep_with_cart(request: HttpRequest, visit: Visit, program: Program) -> None:
    """A cart that is there already goes with the visit, too."""
    if is_personal(request) and request.session.get("cart"):
        _keep(request, [visit], program)


def take_along(request: HttpRequest) -> None:
    """Something was put into the cart: keep with it what its reader came by."""
    came_by = [_in_cookie(request), _carried(request)]
    if any(came_by):
        _keep(request, came_by, Program.load())


def preferred(program: Program, visits: Iterable[Visit | None]) -> Visit | None:
    """The one that is credited, of those that still count: the last or the first, as the programme says."""
    now = timezone.now()
    counting = [visit for visit in visits if visit and program.counts(visit.at, now)]
    choose = max if program.credit == Program.Credit.LAST else min
    return choose(counting, key=lambda visit: visit.at, default=None)


def _keep(request: HttpRequest, visits: Iterable[Visit | None], program: Program) -> None:
    known = read(request.session.get(SESSION_KEY, ""))
    chosen = preferred(program, [known, *visits])
    if chosen and chosen is not known:
        request.session[SESSION_KEY] = sign(chosen)


def _carried(request: HttpRequest) -> Visit | None:
    """The link that the reader's page was opened by, where no cookie knows of it already."""
    try:
        page = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # no address at all
        return None
    if "ref=" not in page.query or page.netloc != request.get_host():
        return None
    query = {name: values[0] for name, values in parse_qs(page.query[:2000]).items()}
    affiliate = active_affiliate(query.get("ref", ""))
    known = _in_cookie(request)
    if affiliate is None or (known and known.affiliate_id == affiliate.pk):
        return None
    sub_id, utm = query.get("sub", ""), utm_of(query)
    return Visit.now(affiliate.pk, Referral.Way.CARRIED, path=page.path, sub_id=sub_id, utm=utm)


def _in_cookie(request: HttpRequest) -> Visit | None:
    found = (read(value) for name, value in request.COOKIES.items() if name.partition("_")[0] == COOKIE)
    return next(filter(None, found), None)


def _places() -> dict[str, str]:
    """Where the visit is sent, by the name of its cookie: to the carts of all languages, and to links.

    An answer sets one cookie of a name, whatever the paths.
    """
    places = {COOKIE: LINKS}
    for code, _name in settings.LANGUAGES:
        with override(code):
            places[f"{COOKIE}_{code}"] = reverse("cart")
    return places
