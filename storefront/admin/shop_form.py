"""What staff says of the shop, checked."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.utils.text import capfirst
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from checkout.errors import VatIdRefused
from checkout.forms import CountrySelect, country_choices
from checkout.vat_ids import clean_vat_id
from invoicing.models import Series
from invoicing.models.kind import Kind
from invoicing.seller import SAUDI_ARABIA
from invoicing.zatca import MOST_BYTES, is_too_long
from storefront.errors import StorefrontError
from storefront.logo import store_logo
from storefront.models import Shop
from storefront.money import DECIMALS, digits

NAMES = [f"name_{code}" for code, _name in settings.LANGUAGES]
_CODES = sorted(DECIMALS)
# Numbers stand in addresses of pages, so there is no slash in them.
_PREFIX = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9-]*\Z", _("Letters A to Z, digits and dashes."))
_HEX = re.compile(r"#[0-9a-f]{6}")


class ColourField(forms.CharField):
    """#rrggbb, or empty."""

    def __init__(self, example: str, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.widget.attrs |= {"dir": "ltr", "size": 8, "placeholder": example, "data-colour": example}

    def clean(self, value: Any) -> str:
        text = super().clean(value).lower().replace(" ", "")
        if text and not _HEX.fullmatch(text if text.startswith("#") else f"#{text}"):
            raise ValidationError(gettext("Write a colour such as #0f5c5c."))
        return text if text.startswith("#") or not text else f"#{text}"


class LogoField(forms.FileField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.FileInput(attrs={"accept": "image/*"}), required=False, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Taken in as soon as it proves to be a picture; equal ones are one file, so this may repeat."""
        upload = super().clean(data, initial)
        if not upload:
            return None
        try:
            return store_logo(upload)
        except StorefrontError as error:
            raise ValidationError(str(error)) from error


class ShopForm(forms.ModelForm):
    country = forms.ChoiceField(
        label=_("country"),
        choices=country_choices,
        widget=CountrySelect,
        required=False,
        help_text=_("Where you sell from, for taxes and invoices."),
    )
    logo_upload = LogoField(label=_("new logo"), help_text=_("A picture. Wide ones fit best."))
    remove_logo = forms.BooleanField(label=_("no logo"), required=False)
    brand_colour = ColourField(
        "#0f5c5c",
        label=_("brand colour"),
        help_text=_("For links and buttons. Darkened or lightened until it reads well."),
    )
    accent_colour = ColourField(
        "#e0a02c", label=_("accent colour"), help_text=_("For one highlight on a page, such as what is new.")
    )
    currency = forms.ChoiceField(
        label=_("currency"),
        choices=[(code, code) for code in _CODES],
        help_text=_("What has no price in it can't be bought. Give products their prices first."),
    )
    currencies = forms.MultipleChoiceField(
        label=_("currencies offered"),
        choices=[(code, code) for code in _CODES],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Buyers choose among these where all in their cart has a price."),
    )
    languages = forms.MultipleChoiceField(
        label=_("languages offered"),
        choices=settings.LANGUAGES,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Pages in another language lead to the first of these. Orders stay as they are."),
        error_messages={"required": _("Offer at least one language.")},
    )

    class Meta:
        model = Shop
        fields = [
            *NAMES,
            *("legal_name", "address", "country", "email", "vat_id", "registration_number"),
            *("brand_colour", "accent_colour", "currency", "currencies", "languages"),
            *("charges_tax", "prices_include_tax", "refund_window_days", "refunds_auto_approve"),
            *("invoice_prefix", "credit_note_prefix", "arabic_numerals"),
            *("calendar_en", "calendar_ar", "calendar_fa"),
        ]
        widgets = {"address": forms.Textarea(attrs={"rows": 3}), "arabic_numerals": forms.RadioSelect}
        help_texts = {
            "legal_name": _("Who sells, by law, if that is not the shop's name."),
            "email": _("Where answers to the shop's mails go."),
            "registration_number": _("Of your trade register, for invoices."),
            "charges_tax": _("Off, if you are small enough to charge none. Then no rate counts."),
            "prices_include_tax": _("Off, if the tax is added to your prices at the checkout."),
            "refund_window_days": _("How long buyers are promised their money back. 0 is not at all."),
            "refunds_auto_approve": _("Else you answer each one."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.label = capfirst(field.label)
        for code, language in settings.LANGUAGES:
            field = self.fields[f"name_{code}"]
            field.label = f"{capfirst(gettext('name'))} · {language}"
            field.widget.attrs |= {"lang": code, "dir": "rtl" if get_language_info(code)["bidi"] else "ltr"}
        self.initial["currencies"] = self.initial.get("currencies") or _CODES
        self.fields["refund_window_days"].validators.append(MaxValueValidator(3650))
        for name in ("invoice_prefix", "credit_note_prefix"):
            self.fields[name].validators.append(_PREFIX)
            self.fields[name].widget.attrs |= {"dir": "ltr", "size": 12}
        for name in ("vat_id", "email", "registration_number"):
            self.fields[name].widget.attrs["dir"] = "ltr"

    def clean_currencies(self) -> list[str]:
        """All of them is no choice: what we learn to count in later then belongs to it."""
        chosen = self.cleaned_data["currencies"]
        return [] if set(chosen) == set(_CODES) else chosen

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not any(cleaned.get(name) or self.errors.get(name) for name in NAMES):
            self.add_error(NAMES[0], gettext("Write this in at least one language."))
        if cleaned.get("charges_tax") and not cleaned.get("country"):
            self.add_error("country", gettext("Whoever charges tax says from which country they sell."))
        if cleaned.get("vat_id"):
            try:
                cleaned["vat_id"] = clean_vat_id(cleaned["vat_id"], cleaned.get("country", ""))
            except VatIdRefused as refusal:
                self.add_error("vat_id", str(refusal))
        if cleaned.get("country") == SAUDI_ARABIA:
            self._check_length(cleaned)
        prefixes = [cleaned.get("invoice_prefix"), cleaned.get("credit_note_prefix")]
        if prefixes[0] and prefixes[0] == prefixes[1]:
            self.add_error("credit_note_prefix", gettext("Invoices begin with this already."))
        self._check_former(cleaned)
        return cleaned

    def _check_former(self, cleaned: dict[str, Any]) -> None:
        """A number is given once, so none begins as those of the other kind did."""
        for field, other, words in (
            ("invoice_prefix", Kind.CREDIT_NOTE, _("Credit notes began with this before.")),
            ("credit_note_prefix", Kind.INVOICE, _("Invoices began with this before.")),
        ):
            if Series.objects.filter(kind=other, prefix=cleaned.get(field) or "").exists():
                self.add_error(field, words)

    def _check_length(self, cleaned: dict[str, Any]) -> None:
        """Of the name on Saudi invoices."""
        for field in ["legal_name"] if cleaned.get("legal_name") else NAMES:
            if is_too_long(name := cleaned.get(field) or ""):
                words = gettext(
                    "The QR code of Saudi invoices takes %(most)s bytes, and this name has %(size)s, where an"
                    " Arabic letter has two. Write a shorter one."
                )
                sizes = {"most": digits(MOST_BYTES), "size": digits(len(name.encode()))}
                self.add_error(field, words % sizes)

    def save(self, commit: bool = True) -> Shop:  # noqa: FBT001, FBT002
        if self.cleaned_data.get("remove_logo"):
            self.instance.logo, self.instance.logo_width, self.instance.logo_height = "", 0, 0
        if logo := self.cleaned_data.get("logo_upload"):
            self.instance.logo = logo.path
            self.instance.logo_width, self.instance.logo_height = logo.width, logo.height
        return super().save(commit)
