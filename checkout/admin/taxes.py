from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from catalog.admin.languages import LanguagesAdmin
from checkout.admin.tax_report import tax_report, tax_report_csv
from checkout.forms import CountrySelect, country_choices
from checkout.models import TaxRate
from checkout.templatetags.staff import state
from storefront.countries import country_name
from storefront.money import AmountNotUnderstood, format_rate, parse_rate, plain_rate
from storefront.shop import shop
from storefront.templatetags.shop import when


class RateField(forms.CharField):
    """Shows basis points as a share of a hundred, and takes one in any of our digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs |= {"dir": "ltr", "inputmode": "decimal", "size": 6, "autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        return plain_rate(value) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> int:
        try:
            return parse_rate(super().clean(value))
        except AmountNotUnderstood as error:
            raise ValidationError(str(error)) from error


class TaxRateForm(forms.ModelForm):
    country = forms.ChoiceField(label=_("Country"), choices=country_choices, widget=CountrySelect)
    rate_bps = RateField(label=_("Rate in %"), help_text=_("Such as 5 or 7.5."))


@admin.register(TaxRate)
class TaxRateAdmin(LanguagesAdmin, admin.ModelAdmin):
    form = TaxRateForm
    languages = ("label",)
    before = [
        (None, {"fields": ["country", "tax_class", "rate_bps", "valid_from"]}),
        (_("Seldom needed"), {"fields": ["region", "valid_until"], "classes": ["collapse"]}),
    ]
    list_display = ["country_shown", "region", "tax_class", "rate_shown", "from_shown", "until_shown", "now"]
    list_filter = ["tax_class"]
    search_fields = ["country", "region"]
    change_list_template = "admin/checkout/taxrate/list.html"

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"valid_from": timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("report/", view(tax_report), name="checkout_tax_report"),
            path("report/<str:detail>.csv", view(tax_report_csv), name="checkout_tax_report_csv"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaxRate]:
        alike = {name: OuterRef(name) for name in ("country", "region", "tax_class")}
        later = TaxRate.objects.filter(
            **alike, valid_from__gt=OuterRef("valid_from"), valid_from__lte=timezone.now()
        )
        return super().get_queryset(request).annotate(is_superseded=Exists(later))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {"charges_tax": shop().charges_tax, **(extra_context or {})}
        return super().changelist_view(request, context)

    @admin.display(description=_("country"), ordering="country")
    def country_shown(self, rate: TaxRate) -> str:
        return country_name(rate.country)

    @admin.display(description=_("rate"), ordering="rate_bps")
    def rate_shown(self, rate: TaxRate) -> str:
        return format_rate(rate.rate_bps, get_language() or "en")

    @admin.display(description=_("valid from"), ordering="valid_from")
    def from_shown(self, rate: TaxRate) -> str:
        return _moment(rate.valid_from)

    @admin.display(description=_("valid until"), ordering="valid_until")
    def until_shown(self, rate: TaxRate) -> str:
        return _moment(rate.valid_until) if rate.valid_until else "—"

    @admin.display(description=_("today"))
    def now(self, rate: TaxRate) -> str:
        at = timezone.now()
        if rate.valid_from > at:
            return state("wait", "clock", _("To come"))
        if rate.holds_at(at) and not rate.is_superseded:  # type: ignore[attr-defined]
            return state("good", "circle-check", _("Holds"))
        return state("", "x", _("Over"))


def _moment(value: datetime) -> str:
    """A day where something changes at its midnight, which is the rule."""
    return when(value, "" if timezone.localtime(value).time() == time.min else "time")
