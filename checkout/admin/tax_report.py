"""The tax of a period for staff: a page with its totals, and two files for the accountant."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from checkout.models import TaxRate, TaxTreatment
from checkout.reports import (
    DISPUTE,
    REFUND,
    SALE,
    Booking,
    Period,
    TaxKind,
    TaxRow,
    bookings,
    differing_orders,
    summed,
)
from storefront.countries import countries
from storefront.money import plain_amount, plain_rate
from storefront.spreadsheets import Cell, csv_file

LONGEST = timedelta(days=3660)


class PeriodForm(forms.Form):
    first = forms.DateField(
        label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label=gettext_lazy("Until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def clean(self) -> dict[str, date]:
        cleaned: dict[str, date] = super().clean() or {}
        if not self.errors and not timedelta(0) <= cleaned["last"] - cleaned["first"] <= LONGEST:
            raise forms.ValidationError(_("The last day comes after the first, by ten years at most."))
        return cleaned


def tax_report(request: HttpRequest) -> HttpResponse:
    form, period = _asked(request)
    rows = summed(bookings(period)) if period else []
    context = {
        **admin.site.each_context(request),
        "opts": TaxRate._meta,
        "title": _("Tax report"),
        "form": form,
        "period": period,
        "presets": _presets(timezone.localdate()),
        "rows": [(row, TaxTreatment(row.kind.treatment).label) for row in rows],
        "totals": _totals(rows),
        "differing": differing_orders(period) if period else 0,
    }
    return TemplateResponse(request, "admin/checkout/taxrate/report.html", context)


def tax_report_csv(request: HttpRequest, detail: str) -> HttpResponseBase:
    """`summary` has a line for each kind of tax, `details` one for each line sold or given back."""
    _form, period = _asked(request)
    if period is None or detail not in ("summary", "details"):
        raise Http404
    words = _Words()
    name = f"tax-{detail}-{period.first}-{period.last}.csv"
    if detail == "summary":
        rows = (words.summary(period, row) for row in summed(bookings(period)))
        return csv_file(name, words.summary_head(), rows)
    return csv_file(name, words.details_head(), map(words.details, bookings(period)))


def _asked(request: HttpRequest) -> tuple[PeriodForm, Period | None]:
    """The period of the address, or the last month."""
    if not request.user.has_perms(["checkout.view_taxrate", "checkout.view_order"]):
        raise PermissionDenied
    first, last = _presets(timezone.localdate())[1][1]
    form = PeriodForm(request.GET if "first" in request.GET else {"first": first, "last": last})
    return form, Period(**form.cleaned_data) if form.is_valid() else None


def _presets(today: date) -> list[tuple[str, Period]]:
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    day = timedelta(days=1)
    last_month, last_quarter = month - day, quarter - day
    return [
        (_("This month"), Period(month, today)),
        (_("Last month"), Period(last_month.replace(day=1), last_month)),
        (_("This quarter"), Period(quarter, today)),
        (_("Last quarter"), Period(last_quarter.replace(day=1, month=last_quarter.month - 2), last_quarter)),
        (_("This year"), Period(year, today)),
        (_("Last year"), Period((year - day).replace(month=1, day=1), year - day)),
    ]


def _totals(rows: list[TaxRow]) -> list[TaxRow]:
    """One row for each currency."""
    totals: dict[str, TaxRow] = {}
    for row in rows:
        currency = row.kind.currency
        total = totals.setdefault(currency, TaxRow(TaxKind("", "", "", 0, currency)))
        total.sold += row.sold
        total.sold_tax += row.sold_tax
        total.returned += row.returned
        total.returned_tax += row.returned_tax
    return list(totals.values())


class _Words:
    """All words of the files, in the language of the request: their lines are read when that is over."""

    def __init__(self) -> None:
        self._countries = dict(countries(get_language() or "en"))
        self._treatments = {str(value): str(words) for value, words in TaxTreatment.choices}
        self._what = {SALE: _("Sale"), REFUND: _("Refund"), DISPUTE: _("Dispute lost")}

    def summary_head(self) -> list[str]:
        sums = [_("Sold, net"), _("Tax on it"), _("Given back, net"), _("Tax on that"), _("Net"), _("Tax")]
        return [_("From"), _("Until"), *self._kind_head(), *sums]

    def summary(self, period: Period, row: TaxRow) -> list[Cell]:
        sums = (row.sold, row.sold_tax, row.returned, row.returned_tax, row.net, row.tax)
        amounts = [_amount(each, row.kind.currency) for each in sums]
        return [str(period.first), str(period.last), *self._kind(row.kind), *amounts]

    def details_head(self) -> list[str]:
        return [_("Time"), _("Order"), _("Kind"), *self._kind_head(), _("Net"), _("Tax"), _("Amount")]

    def details(self, entry: Booking) -> list[Cell]:
        at = timezone.localtime(entry.at).isoformat(" ", "seconds")
        sums = (entry.net, entry.tax, entry.net + entry.tax)
        amounts = [_amount(each, entry.kind.currency) for each in sums]
        return [at, entry.number, self._what[entry.what], *self._kind(entry.kind), *amounts]

    def _kind_head(self) -> Iterator[str]:
        yield from (
            _("Country code"),
            _("Country"),
            _("Region"),
            _("Treatment"),
            _("Rate in %"),
            _("Currency"),
        )

    def _kind(self, kind: TaxKind) -> list[Cell]:
        name = self._countries.get(kind.country, "")
        rate = Decimal(plain_rate(kind.rate_bps))
        return [kind.country, name, kind.region, self._treatments[kind.treatment], rate, kind.currency]


def _amount(amount: int, currency: str) -> Decimal:
    return Decimal(plain_amount(amount, currency))
