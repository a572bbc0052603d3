from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files import File
from django.utils.translation import gettext_lazy as _

from catalog.models import Picture
from catalog.pictures import store_picture
from storefront.errors import StorefrontError
from storefront.money import AmountNotUnderstood, parse_price, plain_amount
from storefront.shop import shop


class AmountField(forms.CharField):
    """Shows minor units of a currency, else of the shop's, as decimals; takes digits of our languages."""

    def __init__(self, currency: str = "", **kwargs: Any) -> None:
        self._currency = currency
        super().__init__(**kwargs)
        self.widget.attrs |= {"dir": "ltr", "inputmode": "decimal", "size": 10, "autocomplete": "off"}

    @property
    def currency(self) -> str:
        return self._currency or shop().currency

    def prepare_value(self, value: Any) -> Any:
        return plain_amount(value, self.currency) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_price(text, self.currency)
        except AmountNotUnderstood as error:
            raise ValidationError(str(error)) from error


class PricesField(forms.CharField):
    """Prices in currencies other than the shop's, one on a line: EUR 11.00."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 2, "cols": 14, "dir": "ltr", "placeholder": "EUR 11.00"})
        super().__init__(widget=widget, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{currency} {plain_amount(amount, currency)}" for currency, amount in value.items())

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> dict[str, int]:
        prices: dict[str, int] = {}
        for line in super().clean(value).splitlines():
            currency, _space, text = line.strip().upper().partition(" ")
            if not currency:
                continue
            if currency == shop().currency:
                raise ValidationError(_("%(code)s has a field of its own."), params={"code": currency})
            if currency in prices:
                raise ValidationError(_("%(code)s stands here twice."), params={"code": currency})
            try:
                prices[currency] = parse_price(text, currency)
            except StorefrontError as error:
                raise ValidationError(str(error)) from error
        return prices


class PictureField(forms.FileField):
    """Takes a picture in as soon as it proves to be one; equal pictures are one, so this may repeat."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.FileInput(attrs={"accept": "image/*"}), required=False, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Picture | None:
        upload: File | None = super().clean(data, initial)
        if not upload:
            return None
        try:
            return store_picture(upload)
        except StorefrontError as error:
            raise ValidationError(str(error)) from error
