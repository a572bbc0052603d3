"""What staff may ask for on the pages of affiliates."""

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from affiliates.forms import LineField
from affiliates.models import Program, Rate, Threshold
from affiliates.models.program import DEFAULT_RATE, FRIEND_RATE
from catalog.admin.fields import AmountField
from catalog.admin.languages import columns
from checkout.admin.forms import NoteField
from storefront.errors import StorefrontError
from storefront.money import DECIMALS, parse_amount, parse_rate, plain_amount, plain_rate
from storefront.shop import shop


class PercentField(forms.CharField):
    """Shows basis points as a percentage, and takes digits of any of our languages: 20, 12.5 or ٢٠٪."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs |= {"dir": "ltr", "inputmode": "decimal", "size": 8, "autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        return plain_rate(value) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> int | None:
        text = str(super().clean(value)).strip()
        if not text:
            return None
        try:
            share = parse_rate(text)
        except StorefrontError as error:
            raise ValidationError(str(error)) from error
        if share > 10_000:
            raise ValidationError(_("A share is at most 100."))
        return share


def currencies() -> list[tuple[str, str]]:
    """All that the shop knows, its own first."""
    own = shop().currency
    return [(code, code) for code in sorted(DECIMALS, key=lambda code: (code != own, code))]


class ProgramForm(forms.ModelForm):
    rate_bps = PercentField(
        label=_("Commission"),
        initial=DEFAULT_RATE,
        help_text=_("Percent of the price after discounts and without tax."),
    )

    friend_rate_bps = PercentField(
        label=_("Reward for buyers"), initial=FRIEND_RATE, help_text=_("Percent of what a friend pays.")
    )

    class Meta:
        model = Program
        fields = [
            *("is_open", "is_automatic", "rate_bps", "credit", "cookie_days", "uses_cookie", "is_lifetime"),
            *(
                "friends_are_on",
                "friend_rate_bps",
                "friend_coupon",
                "hold_days",
                "threshold",
                "payout_day",
                *columns("terms"),
            ),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        threshold = Program._meta.get_field("threshold")
        self.fields["threshold"] = AmountField(
            shop().currency,
            label=capfirst(threshold.verbose_name),
            help_text=threshold.help_text,
            initial=0,
        )


class SumForm(forms.ModelForm):
    """A sum with a currency of its own, typed as people write it."""

    sum_field = "amount"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = forms.CharField(
            label=capfirst(self._meta.model._meta.get_field(self.sum_field).verbose_name),
            required=False,
            max_length=30,
        )
        field.widget.attrs |= {"dir": "ltr", "inputmode": "decimal", "size": 10, "autocomplete": "off"}
        self.fields[self.sum_field] = field
        currency = forms.ChoiceField(
            label=_("Currency"), required=False, choices=lambda: [("", "—"), *currencies()]
        )
        self.fields["currency"] = currency
        amount = getattr(self.instance, self.sum_field)
        if amount is not None and self.instance.currency:
            self.initial[self.sum_field] = plain_amount(amount, self.instance.currency)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        text, currency = cleaned.get(self.sum_field), cleaned.get("currency")
        cleaned[self.sum_field] = None
        if text and not currency:
            self.add_error("currency", _("Choose the currency of the sum."))
        elif text:
            try:
                cleaned[self.sum_field] = parse_amount(text, str(currency))
            except StorefrontError as error:
                self.add_error(self.sum_field, str(error))
        elif currency:
            cleaned["currency"] = ""
        return cleaned


class RateForm(SumForm):
    percent_bps = PercentField(label=_("Share"), required=False, help_text=_("Percent, or else a fixed sum."))

    class Meta:
        model = Rate
        fields = [
            *("affiliate", "product", "category", "coupon", "from_orders", "percent_bps", "amount"),
            "currency",
        ]


class ThresholdForm(SumForm):
    class Meta:
        model = Threshold
        fields = ["currency", "amount"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("amount") is None and not self.errors:
            self.add_error("amount", _("Write the least sum that is paid out."))
        return cleaned


class RejectForm(forms.Form):
    answer = NoteField(
        label=_("Answer to them"), help_text=_("It is mailed to them, in these words."), required=False
    )


def new_key() -> str:
    return uuid.uuid4().hex


class AdjustForm(forms.Form):
    """Staff sets the ledger right by another row. `key` makes a form that is sent twice one row."""

    key = forms.RegexField(r"^[0-9a-f]{32}\Z", widget=forms.HiddenInput, initial=new_key)
    direction = forms.ChoiceField(
        label=_("What to do"),
        choices=[("give", _("Give to the affiliate")), ("take", _("Take from the affiliate"))],
        initial="give",
        widget=forms.RadioSelect,
    )
    amount = forms.CharField(
        label=_("Amount"),
        max_length=30,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "decimal", "autocomplete": "off"}),
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=currencies, initial=lambda: shop().currency)
    reason = LineField(
        label=_("Reason"),
        max_length=300,
        help_text=_("The affiliate reads it, in these words."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("amount") and cleaned.get("currency"):
            try:
                amount = parse_amount(cleaned["amount"], cleaned["currency"])
            except StorefrontError as error:
                self.add_error("amount", str(error))
            else:
                cleaned["sum"] = amount if cleaned.get("direction") == "give" else -amount
        return cleaned


class PaidForm(forms.Form):
    reference = LineField(
        label=_("Reference"),
        max_length=120,
        help_text=_("Such as the number of the transfer. Affiliates see it."),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )


class CancelForm(forms.Form):
    note = LineField(
        label=_("Why"),
        max_length=200,
        help_text=_("The affiliate reads it, in these words."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )


class PeriodForm(forms.Form):
    """Days of a report. What is wrong in an address gives the usual ones."""

    first = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date", "dir": "ltr"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label=_("To"), widget=forms.DateInput(attrs={"type": "date", "dir": "ltr"}, format="%Y-%m-%d")
    )
