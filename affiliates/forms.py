"""What affiliates write about themselves. A form reads and checks it; a deed acts on it."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum import iban
from stdnum.iso7064 import mod_97_10

from affiliates.joining import is_free
from affiliates.models import Affiliate
from checkout.forms import CountrySelect, EmailField, country_choices
from storefront.text import clean_line, fold_code

_CODE = re.compile(r"[\w-]{3,30}")
_SHEBA = re.compile(r"IR\d{24}", re.ASCII)
_TYPED = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")


class LineField(forms.CharField):
    """One line without control characters or direction overrides."""

    def to_python(self, value: Any) -> Any:
        return clean_line(super().to_python(value) or "")


class CodeField(LineField):
    """A code in any script: what is folded away in it, such as case and tatweel, is no difference."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Code of your links"),
            max_length=30,
            help_text=_("3 to 30 letters, digits or dashes, in any script. It stands in every link."),
            widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "spellcheck": "false"}),
            error_messages={"required": _("Choose a code.")},
            **kwargs,
        )

    def clean(self, value: Any) -> str:
        code = str(super().clean(value))
        if not _CODE.fullmatch(code) or not 3 <= len(fold_code(code)) <= 40:  # some letters unfold to many
            raise ValidationError(_("Use 3 to 30 letters, digits or dashes, without spaces."))
        return code


class ApplicationForm(forms.Form):
    name = LineField(
        label=_("Your name, or that of your site or channel"),
        max_length=120,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        error_messages={"required": _("Tell us who you are.")},
    )
    code = CodeField()
    website = forms.URLField(
        label=_("Web page, if you have one"),
        max_length=300,
        required=False,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"dir": "ltr"}),
        error_messages={"invalid": _("This address is not complete. It looks like https://example.com.")},
    )
    plan = forms.CharField(
        label=_("How will you tell people about the shop?"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )
    agrees = forms.BooleanField(
        label=_("I agree to the terms of the programme"),
        error_messages={"required": _("Please read the terms, and agree to them.")},
    )

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if not is_free(code):
            raise ValidationError(_("This code belongs to somebody. Please choose another."))
        return code


class IbanField(LineField):
    """An IBAN as people write it, in groups or not and in any of our digits; stored without spaces."""

    def clean(self, value: Any) -> str:
        text = str(super().clean(value)).translate(_TYPED)
        if not text:
            return ""
        number = str(iban.compact(text))
        if not (iban.is_valid(number) or _is_sheba(number)):
            raise ValidationError(_("This IBAN has a mistake in it. Please copy it once more."))
        return number


def _is_sheba(number: str) -> bool:
    """Iran's numbers are IBANs by their form and sum, though no registry of banks lists the country."""
    return bool(_SHEBA.fullmatch(number)) and mod_97_10.is_valid(number[4:] + number[:4])


# What each way to be paid needs to know.
NEEDED = {
    Affiliate.Method.BANK: ["payee", "iban"],
    Affiliate.Method.PAYPAL: ["payout_email"],
    Affiliate.Method.PAYONEER: ["payout_email"],
    Affiliate.Method.SKRILL: ["payout_email"],
    Affiliate.Method.WISE: ["payee", "payout_email"],
    Affiliate.Method.MANUAL: ["payout_note"],
}


class ProfileForm(forms.ModelForm):
    """The affiliate's own data, and where their money goes."""

    name = LineField(label=_("Your name, or that of your site or channel"), max_length=120)
    payee = LineField(label=_("Name of the account's owner"), max_length=120, required=False)
    iban = IbanField(
        label=_("IBAN"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"}),
    )
    payout_email = EmailField(
        label=_("E-mail address of that account"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        error_messages={"invalid": _("This e-mail address is not complete. It looks like name@example.com.")},
    )
    country = forms.ChoiceField(
        label=_("Country"), choices=country_choices, widget=CountrySelect, required=False
    )

    class Meta:
        model = Affiliate
        fields = [
            *("name", "language", "website", "method", "payee", "iban", "payout_email", "payout_note"),
            *("tax_name", "tax_id", "country", "address", "wants_digest"),
        ]
        widgets = {
            "website": forms.URLInput(attrs={"dir": "ltr"}),
            "address": forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
            "tax_id": forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        method: Any = self.fields["method"]
        method.choices = [
            ("", _("Choose…")),
            *((name, words) for name, words in Affiliate.Method.choices if name in NEEDED),
        ]
        method.required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in NEEDED.get(cleaned.get("method", ""), ()):
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, _("We need this to pay you that way."))
        return cleaned


class LinkForm(forms.Form):
    """Which page of the shop a link is wanted for."""

    address = LineField(
        label=_("Address of a page of our shop"),
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "url", "autocomplete": "off"}),
    )
    sub = LineField(
        label=_("Sub-id, to tell your links apart"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
