"""What is asked about a gift: in the checkout, and on the page of its order."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Self

from django import forms
from django.forms.utils import ErrorDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from checkout.forms import EmailField
from checkout.gifts import GiftWish
from storefront.text import clean_line, clean_text

FAR = timedelta(days=366)


class NameField(forms.CharField):
    """A name on one line."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"})
        super().__init__(max_length=100, widget=widget, **kwargs)

    def to_python(self, value: Any) -> Any:
        return clean_line(super().to_python(value) or "")


class RecipientForm(forms.Form):
    """Whom a gift goes to."""

    name = NameField(
        label=_("Name of the recipient"), error_messages={"required": _("Please write whom it is for.")}
    )
    email = EmailField(
        label=_("E-mail of the recipient"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "dir": "ltr", "inputmode": "email"}),
        error_messages={
            "required": _("We need an address to send the gift to."),
            "invalid": _("This e-mail address is not complete. It looks like name@example.com."),
        },
    )


class GiftForm(RecipientForm):
    """A part of the checkout that may stay folded: its fields are only wanted where its box is ticked."""

    prefix = "gift"
    use_required_attribute = False
    is_gift = forms.BooleanField(label=_("Send this order to somebody else as a gift"), required=False)
    giver = NameField(
        label=_("Your name, as the recipient knows it"),
        error_messages={"required": _("Please write whom it is from.")},
    )
    message = forms.CharField(
        label=_("A few words (may stay empty)"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
    day = forms.DateField(
        label=_("On which day we send it (empty: at once)"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "off"}),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": _("Please choose a day, such as 2027-03-21.")},
    )
    field_order = ["is_gift", "name", "email", "giver", "message", "day"]

    def clean_message(self) -> str:
        return clean_text(self.cleaned_data["message"])

    def clean_day(self) -> date | None:
        day: date | None = self.cleaned_data["day"]
        today = timezone.localdate()
        if day and not today <= day <= today + FAR:
            raise forms.ValidationError(_("Please choose a day within the next year, or today."))
        return day

    def full_clean(self) -> None:
        """Half a gift is asked about: an order that goes to the wrong one of two is hard to call back."""
        if not self.is_bound or self.add_prefix("is_gift") in self.data:
            super().full_clean()
            return
        self._errors, self.cleaned_data = ErrorDict(), {}
        if self.is_open:
            self.add_error("is_gift", _("Is it a gift? Then tick this; otherwise empty the fields below."))

    @property
    def is_open(self) -> bool:
        """Whether the part is unfolded when it is shown: its box is ticked, or something stands in it."""
        return any(self[name].value() for name in self.fields)

    @property
    def wish(self) -> GiftWish | None:
        """What a valid form asks for; None where it is no gift."""
        if not self.cleaned_data:
            return None
        asked = {name: value for name, value in self.cleaned_data.items() if name != "is_gift"}
        return GiftWish(**asked)

    @classmethod
    def as_typed(cls, data: Mapping[str, Any]) -> Self:
        """With what was sent, and without a word on what is missing yet."""
        names = cls.base_fields
        return cls(initial={name: data.get(f"{cls.prefix}-{name}") for name in names})
