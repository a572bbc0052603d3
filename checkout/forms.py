from functools import cache, lru_cache
from typing import Any

from babel import Locale
from django import forms
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from checkout.providers import providers_for
from checkout.quoting import Quote
from storefront.text import clean_line, fold


@cache
def countries(language: str) -> list[tuple[str, str]]:
    """ISO 3166 codes with their names in a language, in the order of its alphabet."""
    names = Locale.parse(language).territories
    known = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha()]
    return sorted((pair for pair in known if pair[0] not in _NO_COUNTRY), key=lambda pair: fold(pair[1]))


_NO_COUNTRY = {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO", "AC", "CP", "DG", "EA", "IC", "TA"}


def likely_country(request: HttpRequest) -> str:
    """The region of the browser's first language, such as EG in ar-EG; empty where it names none."""
    first = request.headers.get("Accept-Language", "").split(",")[0].split(";")[0].strip()
    region = first.rpartition("-")[2].upper() if "-" in first else ""
    return region if region in dict(countries("en")) else ""


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


class EmailField(forms.EmailField):
    """Forgives the direction marks around an address that was pasted; inside one, nothing is forgiven."""

    def to_python(self, value: Any) -> Any:
        return clean_line(super().to_python(value) or "")


class CheckoutForm(forms.Form):
    email = EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "dir": "ltr", "inputmode": "email"}),
        error_messages={
            "required": _("We need an e-mail address for the receipt."),
            "invalid": _("This e-mail address is not complete. It looks like name@example.com."),
        },
    )
    country = forms.ChoiceField(
        label=_("Country"),
        choices=country_choices,
        widget=CountrySelect(attrs={"autocomplete": "country"}),
        error_messages={
            "required": _("Please choose your country."),
            "invalid_choice": _("Please choose your country from the list."),
        },
    )
    provider = forms.ChoiceField(
        label=_("Way to pay"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Please choose how to pay."),
            "invalid_choice": _("This way to pay is not offered for this order."),
        },
    )
    # Rendered by the page, which always knows the sum that it shows; a form would repeat what was sent.
    shown_total = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, quote: Quote, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        provider: Any = self.fields["provider"]
        provider.choices = [(each.name, each.label) for each in providers_for(quote.total, quote.currency)]
        if quote.total == 0:
            del self.fields["provider"]
        elif len(provider.choices) == 1:
            provider.initial = provider.choices[0][0]
