from datetime import datetime
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Product
from catalog.models.text import TextModel


class TaxTreatment(models.TextChoices):
    STANDARD = "standard", _("Taxed")
    REVERSE_CHARGE = "reverse_charge", _("Reverse charge")
    EXEMPT = "exempt", _("Not taxed")
    OUTSIDE = "outside", _("No tax in this country")


class TaxRateQuerySet(models.QuerySet["TaxRate"]):
    def begun(self, country: str, at: datetime) -> Self:
        """All that was ever said of a country up to a moment, the latest word last."""
        return self.filter(country=country, valid_from__lte=at).order_by("valid_from")


class TaxRate(TextModel):
    """What is taken of a sale to a country from a moment on.

    A later rate of the same country, region and class ends the one before, so that two never hold at once.
    """

    country = models.CharField(_("country"), max_length=2)
    region = models.CharField(
        _("region"),
        max_length=60,
        blank=True,
        help_text=_(
            "Where a province or state has a rate of its own, its name as buyers choose it. The rate then is"
            " all that is taken there, not an addition."
        ),
    )
    tax_class = models.CharField(
        _("applies to"),
        max_length=10,
        choices=[
            (Product.TaxClass.STANDARD, _("Everything else")),
            (Product.TaxClass.EBOOK, _("E-books")),
        ],
        default=Product.TaxClass.STANDARD,
        help_text=_("A country without a rate for e-books taxes them like everything else."),
    )
    rate_bps = models.PositiveIntegerField(_("rate"))
    label = models.CharField(
        _("name on invoices"), max_length=40, blank=True, help_text=_("Empty is VAT, in each language.")
    )
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(
        _("valid until"),
        null=True,
        blank=True,
        help_text=_("Seldom needed: a later rate ends this one by itself."),
    )

    objects = TaxRateQuerySet.as_manager()

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        ordering = ["country", "region", "tax_class", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["country", "region", "tax_class", "valid_from"],
                name="one_rate_a_beginning",
                violation_error_message=_("A rate begins at this moment already."),
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="rate_ends_after_it_begins",
                violation_error_message=_("It would end before it begins."),
            ),
            models.CheckConstraint(condition=Q(rate_bps__lte=10_000), name="rate_is_a_share"),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.country, self.region, f"{self.rate_bps / 100:g}%")))

    def holds_at(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)

    def clean(self) -> None:
        """A rate that says itself until when it holds may not be cut short by another, nor cut one short."""
        if getattr(self, "valid_from", None) is None:  # the form has said so
            return
        alike = TaxRate.objects.filter(country=self.country, region=self.region, tax_class=self.tax_class)
        others = alike.exclude(pk=self.pk)
        overlapping = others.filter(valid_from__lt=self.valid_from, valid_until__gt=self.valid_from)
        if self.valid_until is not None:
            overlapping |= others.filter(valid_from__gt=self.valid_from, valid_from__lt=self.valid_until)
        if overlapping.exists():
            words = _("Another rate of this country holds at that time. End one of the two first.")
            raise ValidationError(words)


class TaxEvidence(models.Model):
    """Something that tells in which country a buyer is. Two that agree are enough; what differs is shown."""

    class Kind(models.TextChoices):
        CHOSEN = "chosen", _("Country that the buyer chose")
        NETWORK = "network", _("Country of the network address")
        CARD = "card", _("Country of the card or account")

    order = models.ForeignKey(
        "checkout.Order", models.PROTECT, related_name="tax_evidence", verbose_name=_("order")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    country = models.CharField(_("country"), max_length=2)
    is_confirmed = models.BooleanField(_("confirmed by the buyer"), default=False)
    noted_at = models.DateTimeField(_("noted"), auto_now_add=True)

    class Meta:
        verbose_name = _("evidence of the buyer's place")
        verbose_name_plural = _("evidence of the buyer's place")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["order", "kind"], name="one_evidence_a_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.country}"
