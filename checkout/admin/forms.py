"""What staff may ask for on a page of an order. A form knows how to read the wish; a deed grants it."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.fields import AmountField
from checkout.forms import EmailField
from checkout.models import Order, OrderLine, Payment, Refund
from checkout.wording import provider_name, sentence
from storefront.money import plain_amount
from storefront.templatetags.shop import money
from storefront.text import clean_text


class NoteField(forms.CharField):
    """A few lines of text without control characters."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 2, "dir": "auto"})
        super().__init__(widget=widget, max_length=2000, **kwargs)

    def to_python(self, value: Any) -> Any:
        return clean_text(super().to_python(value) or "").strip()


class HoldForm(forms.Form):
    reason = NoteField(label=_("Why it is held"), help_text=_("For you and your colleagues."))


class EmailForm(forms.Form):
    email = EmailField(
        label=_("New e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        error_messages={
            "required": _("Write an e-mail address."),
            "invalid": _("This e-mail address is not complete. It looks like name@example.com."),
        },
    )


class AnswerForm(forms.Form):
    """Staff declines a refund. The buyer gets the answer by mail."""

    answer = NoteField(
        label=_("Answer to the buyer"), help_text=_("It is mailed to the buyer, in these words.")
    )


class ResolveForm(forms.Form):
    note = NoteField(label=_("What you found and did"))


class RefundForm(forms.Form):
    """How much of a payment goes back. `left` is what could go back when the form was shown."""

    left = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=10**15)
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[each for each in Refund.Reason.choices if each[0] != Refund.Reason.DUPLICATE],
    )
    note = NoteField(label=_("Note"), help_text=_("For you and your colleagues."), required=False)
    revokes_access = forms.BooleanField(
        label=_("Take the files back"),
        required=False,
        help_text=_("Of the lines named above, or of the whole order. A refund of everything always does."),
    )
    source = forms.ChoiceField(label=_("How the money goes back"), widget=forms.RadioSelect)

    def __init__(self, payment: Payment, lines: list[OrderLine], data: Any = None) -> None:
        left = payment.refundable
        initial = {"left": left, "amount": left, "source": Refund.Source.STAFF}
        super().__init__(data, prefix=f"payment-{payment.pk}", initial=initial)
        self.payment, self.lines = payment, {f"line_{line.pk}": line for line in lines}
        self.fields["source"].choices = [  # type: ignore[attr-defined]
            (
                Refund.Source.STAFF,
                sentence(gettext("Through %(provider)s"), provider=provider_name(payment.provider)),
            ),
            (Refund.Source.MANUAL, _("By other means: I have given it back already")),
        ]
        for name, line in self.lines.items() if len(lines) > 1 else ():
            self.fields[name] = AmountField(payment.currency, label=str(line), required=False)
        amount = AmountField(payment.currency, label=_("Amount"), required=False)
        amount.help_text = sentence(
            gettext("In %(currency)s. At most %(left)s is left."),
            currency=payment.currency,
            left=money(left, payment.currency),
        )
        self.fields = {"amount": amount, **self.fields}

    def parts(self) -> dict[OrderLine, int]:
        """What was written beside each line, without the empty ones, in minor units."""
        given = ((line, self.cleaned_data.get(name)) for name, line in self.lines.items())
        return {line: amount for line, amount in given if amount}

    def line_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.lines if name in self.fields]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        amount, named = cleaned["amount"], sum(self.parts().values())
        if amount is None:
            amount = cleaned["amount"] = named or None
        if amount is None:
            self.add_error("amount", _("Write how much goes back."))
        elif amount == 0:
            self.add_error("amount", _("Write an amount above zero."))
        elif named and named != amount:
            shown = plain_amount(named, self.payment.currency)
            self.add_error(
                "amount",
                gettext("The lines sum to %(sum)s. Write that here, or leave this empty.") % {"sum": shown},
            )
        return cleaned


def refund_forms(order: Order) -> dict[int, RefundForm]:
    """A form for each payment of which something is left, by its key."""
    lines = list(order.lines.all())
    return {payment.pk: RefundForm(payment, lines) for payment in order.payments.all() if payment.refundable}
