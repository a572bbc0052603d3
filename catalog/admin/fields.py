import re
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files import File
from django.utils.translation import gettext_lazy as _

from catalog.models import Picture
from catalog.pictures import store_picture
from catalog.price_tag import Tier
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


class LinesField(forms.CharField):
    """Something for each currency, one on a line; the shop's own may stand without its code."""

    example = "9.00"

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 2, "cols": 18, "dir": "ltr", "placeholder": self.example})
        super().__init__(widget=widget, required=False, **kwargs)

    @property
    def own(self) -> str:
        return shop().currency

    def prepare_value(self, value: Any) -> Any:
        """The shop's own currency comes first."""
        if not isinstance(value, dict):
            return value
        own_first = sorted(value.items(), key=lambda pair: (pair[0] != self.own, pair[0]))
        return "\n".join(self.written(dict(own_first)))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def written(self, value: dict[str, Any]) -> list[str]:
        """The lines of what clean() gave."""
        raise NotImplementedError

    def lines(self, value: Any) -> Iterator[tuple[str, str]]:
        """Currency and what stands behind it. Lines come without blanks around, and none is empty."""
        for line in filter(None, map(str.strip, super().clean(value).splitlines())):
            code, _space, rest = line.partition(" ")
            is_named = code.isascii() and code.isalpha()
            yield (code.upper(), rest) if is_named else (self.own, line)

    def amount(self, text: str, currency: str) -> int:
        try:
            return parse_price(text, currency)
        except StorefrontError as error:
            raise ValidationError(str(error)) from error


class AmountsField(LinesField):
    """9.00, and EUR 8.50: minor units by currency."""

    def written(self, value: dict[str, int]) -> list[str]:
        lines = {currency: plain_amount(amount, currency) for currency, amount in value.items()}
        return [text if currency == self.own else f"{currency} {text}" for currency, text in lines.items()]

    def clean(self, value: Any) -> dict[str, int]:
        amounts: dict[str, int] = {}
        for currency, text in self.lines(value):
            if currency in amounts:
                raise ValidationError(_("%(code)s stands here twice."), params={"code": currency})
            amounts[currency] = self.amount(text, currency)
        return amounts


class PricesField(AmountsField):
    """Prices in currencies other than the shop's."""

    example = "EUR 11.00"

    def clean(self, value: Any) -> dict[str, int]:
        if any(currency == self.own for currency, _text in self.lines(value)):
            raise ValidationError(_("%(code)s has a field of its own."), params={"code": self.own})
        return super().clean(value)


class TiersField(LinesField):
    """5: 10.00, and EUR 5: 9.00: what each costs from so many on, by currency."""

    example = "5: 10.00"
    pattern = re.compile(r"(\d{1,2})\s*\+?\s*[:=]\s*(.+)")

    def written(self, value: dict[str, tuple[Tier, ...]]) -> list[str]:
        return [
            f"{'' if currency == self.own else f'{currency} '}{tier.from_quantity}: "
            f"{plain_amount(tier.amount, currency)}"
            for currency, tiers in value.items()
            for tier in tiers
        ]

    def clean(self, value: Any) -> dict[str, tuple[Tier, ...]]:
        found: dict[str, dict[int, Tier]] = {}
        for currency, text in self.lines(value):
            match = self.pattern.fullmatch(text)
            if match is None or int(match[1]) < 2:
                raise ValidationError(
                    _("Write a number from 2 to 99, a colon and the price of each: 5: 10.00")
                )
            tiers = found.setdefault(currency, {})
            if int(match[1]) in tiers:
                raise ValidationError(_("%(number)s stands here twice."), params={"number": int(match[1])})
            tiers[int(match[1])] = Tier(int(match[1]), self.amount(match[2], currency))
        return {
            currency: tuple(tiers[number] for number in sorted(tiers)) for currency, tiers in found.items()
        }


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
