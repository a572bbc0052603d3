from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from checkout.errors import VatIdRefused
from checkout.models import Order, TaxTreatment
from checkout.vat_ids import clean_vat_id, is_checked
from invoicing.correcting import BuyerDetails
from invoicing.models import Document
from storefront.text import clean_line, clean_text

MOST_ROWS = 6


class DetailsForm(forms.Form):
    """Whom the invoice is made out to. The country stays the order's: it was taxed there."""

    name = forms.CharField(
        label=_("Name or company"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "organization", "dir": "auto"}),
        error_messages={"required": _("Write the name that the invoice is made out to.")},
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address", "dir": "auto"}),
    )
    vat_id = forms.CharField(
        label=_("VAT id"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"class": "code", "dir": "ltr", "autocomplete": "off"}),
        help_text=_("It stands on the invoice then; what you paid stays as it is."),
    )

    def __init__(self, order: Order, invoice: Document | None, data: Any = None) -> None:
        self.country = order.tax_country or order.country
        self.needs_vat_id = order.tax_treatment == TaxTreatment.REVERSE_CHARGE
        buyer = invoice.snapshot["buyer"] if invoice else {"name": order.company, "vat_id": order.vat_id}
        super().__init__(data, initial=buyer)

    def clean_name(self) -> str:
        name = clean_line(self.cleaned_data["name"])
        if not name:  # marks of direction alone
            raise forms.ValidationError(self.fields["name"].error_messages["required"])
        return name

    def clean_address(self) -> str:
        rows = [clean_line(row) for row in clean_text(self.cleaned_data["address"]).split("\n")]
        rows = [row for row in rows if row]
        if len(rows) > MOST_ROWS:
            raise forms.ValidationError(_("Please write the address in six lines at most."))
        return "\n".join(rows)

    def clean_vat_id(self) -> str:
        try:
            vat_id = clean_vat_id(self.cleaned_data["vat_id"], self.country)
        except VatIdRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        if self.needs_vat_id and not is_checked(vat_id, self.country):
            raise forms.ValidationError(
                _("You paid no tax since you gave a VAT id, so it stays on the invoice.")
            )
        return vat_id

    @property
    def details(self) -> BuyerDetails:
        return BuyerDetails(**self.cleaned_data)
