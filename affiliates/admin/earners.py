from collections.abc import Iterator
from datetime import date, timedelta

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from affiliates.admin.forms import PeriodForm
from affiliates.earners import Earner, earners
from affiliates.models import Affiliate, today
from affiliates.payout_files import amount_cell
from storefront.spreadsheets import Cell, csv_file


def earners_page(request: HttpRequest) -> HttpResponseBase:
    """Who earned what in some days, as a page or as CSV."""
    if not request.user.has_perm("affiliates.view_affiliate"):
        raise PermissionDenied
    form = PeriodForm(request.GET if "first" in request.GET else _usual())
    first, last = _days(form)
    found = earners(first, last)
    if "csv" in request.GET:
        return _csv(found, first, last)
    context = {
        **admin.site.each_context(request),
        "opts": Affiliate._meta,
        "title": _("Who earned what"),
        "form": form,
        "earners": found,
        "query": f"first={first:%Y-%m-%d}&last={last:%Y-%m-%d}",
    }
    return TemplateResponse(request, "admin/affiliates/affiliate/earners.html", context)


def _usual() -> dict[str, str]:
    return {"first": f"{today().replace(day=1):%Y-%m-%d}", "last": f"{today():%Y-%m-%d}"}


def _days(form: PeriodForm) -> tuple[date, date]:
    if form.is_valid():
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
        return min(first, last), max(first, last)
    return today() - timedelta(days=30), today()


def _csv(found: list[Earner], first: date, last: date) -> StreamingHttpResponse:
    head = ["affiliate", "email", "code", "currency", "clicks", "orders", "commissions", "taken back"]
    rows: Iterator[list[Cell]] = (
        [
            *(each.affiliate.name, each.affiliate.user.email, each.affiliate.code, each.currency),
            *(each.clicks, each.orders),
            *(
                amount_cell(sum_, each.currency)
                for sum_ in (each.commissions, each.taken_back, each.adjusted, each.earned, each.paid)
            ),
        ]
        for each in found
    )
    name = f"affiliates-{first:%Y-%m-%d}-{last:%Y-%m-%d}.csv"
    return csv_file(name, [*head, "adjusted", "earned", "paid"], rows)
