from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from checkout.buyer import Buyer
from checkout.errors import VatIdRefused
from checkout.models import TaxTreatment
from checkout.providers import providers_for
from checkout.quoting import Quote
from checkout.taxes import Taxation
from checkout.vat_ids import clean_vat_id
from storefront.countries import countries, country_name, known_country
from storefront.text import clean_line


def likely_country(request: HttpRequest) -> str:
    """The region of the browser's first language, such as EG in ar-EG; empty where it names none."""
    first = request.headers.get("Accept-Language", "").split(",")[0].split(";")[0].strip()
    return known_country(first.rpartition("-")[2] if "-" in first else "")


def country_choices() -> list[tuple[str, Any]]:
    return [("", _("Choose…")), *countries(get_language() or "en")]


class CountrySelect(forms.Select):
    """Django renders a template for each option; for every country that is most of the work of the page."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        attributes = flatatt({"name": name, **self.build_attrs(self.attrs, attrs)})
        return format_html(
            "<select{}>{}</select>", attributes, _country_options(get_language() or "en", value or "")
        )


@lru_cache(maxsize=64)
def _country_options(language: str, chosen: str) -> SafeString:
    return format_html_join(
        "\n",
        '<option value="{}"{}>{}</option>',
        ((code, mark_safe(" selected") if code == chosen else "", name) for code, name in country_choices()),
    )


class AddToCartForm(forms.Form):
    variant = forms.IntegerField(min_value=1, max_value=2**31)
    quantity = forms.IntegerField(min_value=1, max_value=99, required=False)
    amount = forms.CharField(
        label=_("What do you want to pay?"),
        required=False,
        strip=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "dir": "ltr", "autocomplete": "off"}),
    )

    def clean_quantity(self) -> int:
        return self.cleaned_data["quantity"] or 1


class RefundRequestForm(forms.Form):
    words = forms.CharField(
        label=_("What was not right? You need not say."),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )


class UpgradeForm(forms.Form):
    line = forms.IntegerField(min_value=1, max_value=2**62)
    variant = forms.IntegerField(min_value=1, max_value=2**62)


class UpsellForm(forms.Form):
    offer = forms.IntegerField(min_value=1, max_value=2**62)
    shown_total = forms.IntegerField(min_value=0, max_value=2**62)


class CurrencyForm(forms.Form):
    currency = forms.CharField(max_length=3)


class ChangeCartForm(forms.Form):
    quantity = forms.IntegerField(min_value=0, max_value=99)


class AmountForm(forms.Form):
    amount = forms.CharField(required=False, strip=False)


class EmailField(forms.EmailField):
    """Forgives the direction marks around an address that was pasted; inside one, nothing is forgiven."""

    def to_python(self, value: Any) -> Any:
        return clean_line(super().to_python(value) or "")


PLACE: Any = ("country", "region", "company", "vat_id")


class PlaceForm(forms.Form):
    """Where the buyer is and for whom they buy: what prices may depend on."""

    country = forms.ChoiceField(
        label=_("Country"),
        choices=country_choices,
        widget=CountrySelect(attrs={"autocomplete": "country"}),
        error_messages={
            "required": _("Please choose your country."),
            "invalid_choice": _("Please choose your country from the list."),
        },
    )
    region = forms.CharField(label=_("Region"), max_length=60, required=False, widget=forms.Select)
    company = forms.CharField(
        label=_("Company"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization", "dir": "auto"}),
    )
    vat_id = forms.CharField(
        label=_("VAT id"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_company(self) -> str:
        return clean_line(self.cleaned_data["company"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("vat_id") and cleaned.get("country"):
            try:
                cleaned["vat_id"] = clean_vat_id(cleaned["vat_id"], cleaned["country"])
            except VatIdRefused as refusal:
                self.add_error("vat_id", str(refusal))
        return cleaned


def buyer_at(buyer: Buyer, data: Mapping[str, Any]) -> Buyer:
    """The buyer with what makes sense of the place that they typed, perhaps half of it."""
    form = PlaceForm(data)
    form.full_clean()
    return replace(buyer, **{name: form.cleaned_data.get(name, "") for name in PLACE})


class CheckoutForm(PlaceForm):
    email = EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "dir": "ltr", "inputmode": "email"}),
        error_messages={
            "required": _("We need an e-mail address for the receipt."),
            "invalid": _("This e-mail address is not complete. It looks like name@example.com."),
        },
    )
    is_place_confirmed = forms.BooleanField(
        error_messages={"required": _("Please confirm this, or choose the country where you are.")}
    )
    provider = forms.ChoiceField(
        label=_("Way to pay"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Please choose how to pay."),
            "invalid_choice": _("This way to pay is not offered for this order."),
        },
    )
    # The page writes it itself: what is shown now, whatever was sent.
    shown_total = forms.IntegerField(required=False, min_value=0)

    def __init__(self, *args: Any, quote: Quote, network_country: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        provider: Any = self.fields["provider"]
        provider.choices = [(each.name, each.label) for each in providers_for(quote.total, quote.currency)]
        if quote.total == 0:
            del self.fields["provider"]
        elif len(provider.choices) == 1:
            provider.initial = provider.choices[0][0]
        self._ask_for_place(quote.taxation, network_country)

    def _ask_for_place(self, taxation: Taxation, network_country: str) -> None:
        """The region where one matters; and to confirm a country that differs from the network's."""
        region: Any = self.fields["region"]
        region.widget.choices = [("", _("Elsewhere")), *((name, name) for name in taxation.regions)]
        if not taxation.regions:
            del self.fields["region"]
        is_settled = taxation.treatment == TaxTreatment.EXEMPT or not taxation.country
        if is_settled or network_country in ("", taxation.country):
            del self.fields["is_place_confirmed"]
            return
        names = {"country": country_name(taxation.country), "network": country_name(network_country)}
        self.fields["is_place_confirmed"].label = (
            gettext("I am at home in %(country)s, although I seem to be connected from %(network)s.") % names
        )

    def forgive_what_is_missing(self) -> None:
        """Leave out the errors of fields that are still empty: the buyer is not done yet."""
        for name in [name for name in self.errors if not self.data.get(name)]:
            del self.errors[name]
