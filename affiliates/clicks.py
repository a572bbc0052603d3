"""Visits by affiliates' links: counted once a visitor and day, and forgotten in time."""

import re
from collections import Counter
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from affiliates.models import Affiliate, Click, Counted, Program, Tally, add_to_tallies, fold_click, today
from affiliates.visits import Visit
from storefront.text import clean_line

BATCH = 2000  # clicks
KEPT_FOR = timedelta(days=400)
# Programs that fetch pages and buy nothing, by what they call themselves.
_BOT = re.compile(
    r"bot|crawl|spider|slurp|preview|fetch|monitor|scan|headless|lighthouse|curl|wget|python|java/|go-http"
    r"|okhttp|axios|libwww|httpclient|facebookexternalhit|whatsapp|telegram|skype|embedly|validator",
    re.IGNORECASE,
)
_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


def active_affiliate(code: str) -> Affiliate | None:
    """Whose link this is; nobody's for an unknown code, or that of somebody who is not active."""
    return Affiliate.objects.with_code(code).active().first()


def utm_of(values: object) -> str:
    """What a link says of its campaign, as one text; `values` is the query of a request, or a form."""
    get = values.get  # type: ignore[attr-defined]
    return " / ".join(filter(None, (clean_line(str(get(name, "")))[:40] for name in _UTM)))


def is_bot(request: HttpRequest) -> bool:
    """Whether a program came, or a browser that only looks ahead: nobody who could buy."""
    agent = request.headers.get("User-Agent", "")
    looks_ahead = "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    return not agent or looks_ahead or bool(_BOT.search(agent))


def allows_cookie(request: HttpRequest, program: Program) -> bool:
    """Whether something may be kept in this browser: neither the shop nor the reader says no.

    https://www.w3.org/TR/gpc/
    """
    says_no = request.headers.get("Sec-GPC") == "1" or request.headers.get("DNT") == "1"
    return program.uses_cookie and not says_no


def count_click(request: HttpRequest, visit: Visit) -> None:
    """Count the visit, unless a program came; the same visitor of a day and page is one click. One insert."""
    if not is_bot(request):
        fold_click(
            Click(
                affiliate_id=visit.affiliate_id,
                day=today(),
                visitor=_visitor(request),
                path=visit.path,
                sub_id=visit.sub_id,
                utm=visit.utm,
                at=timezone.now(),
            )
        )


def _visitor(request: HttpRequest) -> str:
    """Address and browser as a keyed hash of the day: nobody can tell who it was, or follow them on."""
    told = f"{today()}|{request.META.get('REMOTE_ADDR', '')}|{request.headers.get('User-Agent', '')}"
    return salted_hmac("affiliates.visitor", told, algorithm="sha256").hexdigest()[:32]


def count_in() -> int:
    """Add clicks that are not counted yet to the figures of their days; gives how many. Safe to race."""
    done = 0
    while counted := _count_some():
        done += counted
    return done


@transaction.atomic
def _count_some() -> int:
    fresh = Click.objects.uncounted().select_for_update(skip_locked=True).order_by("pk")[:BATCH]
    clicks = list(fresh)
    Click.objects.filter(pk__in=[click.pk for click in clicks]).update(counted_at=timezone.now())
    sums: dict[tuple[int, object], Counter[tuple[str, str]]] = {}
    for click in clicks:
        places = [(Tally.Facet.ALL, ""), (Tally.Facet.LINK, click.path), (Tally.Facet.SUB, click.sub_id)]
        counter = sums.setdefault((click.affiliate_id, click.day), Counter())
        counter.update((str(facet), value) for facet, value in places if value or facet == Tally.Facet.ALL)
    for affiliate_id, day in sorted(sums, key=str):
        counted = [Counted(*place, clicks=clicks) for place, clicks in sums[affiliate_id, day].items()]
        add_to_tallies(affiliate_id, day, counted)  # type: ignore[arg-type]
    return len(clicks)


def forget_visitors() -> None:
    """Drop who clicked, which serves for the day only, and clicks of long ago that are counted."""
    yesterday = today() - timedelta(days=1)
    Click.objects.filter(day__lt=yesterday, visitor__isnull=False).update(visitor=None)
    Click.objects.filter(day__lt=today() - KEPT_FOR).exclude(counted_at=None).delete()
