"""What a seller writes about a coupon, and about many at once."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.fields import AmountField, PricesField
from checkout import coupon_words, minting
from checkout.errors import PatternNotUsable
from checkout.models import Coupon
from checkout.models.coupon import LISTS, MAX_CODE, MAX_FOLDED
from storefront.money import AmountNotUnderstood, parse_rate, plain_rate
from storefront.shop import shop
from storefront.text import clean_line, fold_code, isolate_text

# What a sentence tells, besides what clean() puts together.
_IN_WORDS = {
    *("kind", "starts_at", "ends_at", "max_uses", "max_uses_per_buyer"),
    *("requires_all", "buyers", "email", "is_stackable", "is_active"),
}


class ShareField(forms.CharField):
    """Shows basis points as a share of a hundred, and takes digits of any of our languages."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs |= {"dir": "ltr", "inputmode": "decimal", "size": 6, "autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        return plain_rate(value) if isinstance(value, int) and value else value or ""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> int:
        text = super().clean(value)
        if not text:
            return 0
        try:
            rate = parse_rate(text)
        except AmountNotUnderstood as error:
            raise ValidationError(str(error)) from error
        if not 0 < rate <= 10_000:
            raise ValidationError(_("A share is more than 0 and at most 100."))
        return rate


class CouponForm(forms.ModelForm):
    rate_bps = ShareField(label=_("Share in percent"), required=False, help_text=_("100 makes it free."))
    amount = AmountField(required=False)
    other_amounts = PricesField(
        label=_("In other currencies"),
        help_text=_("One on a line. Where there is none, the coupon is not for prices in that currency."),
    )
    minimum = AmountField(required=False)
    other_minimums = PricesField(label=_("In other currencies"), help_text=_("One on a line."))

    class Meta:
        model = Coupon
        fields = [
            *("code", "kind", "starts_at", "ends_at", "max_uses", "max_uses_per_buyer"),
            *("products", "categories", "excluded_products", "excluded_categories"),
            *("required_products", "requires_all", "buyers", "email", "is_stackable", "is_active", "note"),
        ]
        labels = {"kind": _("It takes off")}
        widgets = {
            "kind": forms.RadioSelect,
            "buyers": forms.RadioSelect,
            "code": forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "spellcheck": "false"}),
            "email": forms.EmailInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = shop().currency
        self.fields["amount"].label = gettext("Amount in %(currency)s") % {"currency": own}
        self.fields["minimum"].label = gettext("From what sum on, in %(currency)s") % {"currency": own}
        amounts, minimums = dict(self.instance.amounts), dict(self.instance.minimums)
        self.initial = {
            **self.initial,
            "rate_bps": self.instance.rate_bps,
            "amount": amounts.pop(own, None),
            "other_amounts": amounts,
            "minimum": minimums.pop(own, None),
            "other_minimums": minimums,
        }

    def clean_code(self) -> str:
        code = clean_line(self.cleaned_data["code"])
        folded = fold_code(code)
        if not folded or len(folded) > MAX_FOLDED:
            raise ValidationError(_("A code needs letters or digits, and not too many."))
        if other := Coupon.objects.filter(code_folded=folded).exclude(pk=self.instance.pk).first():
            raise ValidationError(
                _("Buyers could not tell it from the coupon %(other)s."),
                params={"other": isolate_text(other.code)},
            )
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_share = cleaned.get("kind") == Coupon.Kind.PERCENT
        if not is_share:
            cleaned["rate_bps"] = 0
        self.instance.rate_bps = cleaned.get("rate_bps", 0)
        self.instance.amounts = {} if is_share else self._sums("amount", "other_amounts")
        self.instance.minimums = self._sums("minimum", "other_minimums")
        self.instance.is_for_all = not (cleaned.get("products") or cleaned.get("categories"))
        self._check_worth(cleaned)
        start, end = cleaned.get("starts_at"), cleaned.get("ends_at")
        if start and end and start >= end:
            self.add_error("ends_at", _("It must end after its beginning."))
        return cleaned

    def sentences(self) -> list[str]:
        """In words what the coupon would do that is being written, as far as it is understood by now."""
        self.full_clean()
        said, draft = self.cleaned_data, self.instance
        draft.code = clean_line(self.data.get("code", ""))[:MAX_CODE]
        for name in _IN_WORDS & said.keys():
            setattr(draft, name, said[name])
        names = {name: [str(row) for row in said.get(name) or ()] for name in LISTS}
        return coupon_words.sentences(draft, names)

    def _sums(self, own: str, others: str) -> dict[str, int]:
        """Amounts by currency; none is no amount, and neither is zero."""
        amounts = {shop().currency: self.cleaned_data.get(own), **(self.cleaned_data.get(others) or {})}
        return {currency: amount for currency, amount in amounts.items() if amount}

    def _check_worth(self, cleaned: dict[str, Any]) -> None:
        amounts, minimums = self.instance.amounts, self.instance.minimums
        if cleaned.get("kind") == Coupon.Kind.PERCENT:
            if not self.instance.rate_bps and "rate_bps" not in self.errors:
                self.add_error("rate_bps", _("Write how many percent it takes off."))
        elif not amounts and not {"amount", "other_amounts"} & self.errors.keys():
            self.add_error("amount", _("Write what it takes off, in one currency at least."))
        elif missing := set(amounts) - set(minimums) if minimums else set():
            words = gettext("Write this in %(currency)s too, or it can't be used there.")
            self.add_error("other_minimums", words % {"currency": ", ".join(sorted(missing))})


class CopiesForm(forms.Form):
    """How many coupons like one, and what their codes look like."""

    pattern = forms.CharField(
        label=_("Pattern of the codes"),
        max_length=60,
        help_text=_("Each # becomes a letter or digit by chance, such as in EID-####-####."),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "spellcheck": "false"}),
    )
    count = forms.IntegerField(label=_("How many"), min_value=1, max_value=minting.MAX_COUNT, initial=100)
    max_uses = forms.IntegerField(
        label=_("Uses of each"),
        min_value=1,
        max_value=2**31 - 1,
        initial=1,
        required=False,
        help_text=_("Empty is without limit."),
    )
    batch = forms.CharField(
        label=_("Name of the batch"), max_length=100, help_text=_("By which you find them again.")
    )

    def clean_pattern(self) -> str:
        try:
            return minting.check_pattern(self.cleaned_data["pattern"])
        except PatternNotUsable as refusal:
            raise ValidationError(str(refusal)) from refusal

    def clean_batch(self) -> str:
        return clean_line(self.cleaned_data["batch"])
