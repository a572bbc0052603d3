from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import Affiliate
from catalog.models import Category, Product
from checkout.models import Coupon


class Rate(models.Model):
    """What is paid for a sale instead of the programme's own commission, where it applies.

    The most particular one counts: that of a coupon first, that of an affiliate before one for everybody, of
    a product before one of its category; among equals, the one for the most orders that were brought.
    """

    affiliate = models.ForeignKey(
        Affiliate,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="rates",
        verbose_name=_("affiliate"),
        help_text=_("Empty means everybody."),
    )
    product = models.ForeignKey(
        Product, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    category = models.ForeignKey(
        Category, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("category")
    )
    coupon = models.ForeignKey(
        Coupon,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("coupon"),
        help_text=_("Only where this coupon was used."),
    )
    from_orders = models.PositiveIntegerField(
        _("from order number"),
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("11 is for affiliates who have brought ten orders already."),
    )
    percent_bps = models.PositiveIntegerField(
        _("share"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(10_000)],
        help_text=_("Hundredths of a percent: 2500 is 25 %."),
    )
    amount = models.PositiveBigIntegerField(_("fixed sum for each piece"), null=True, blank=True)
    currency = models.CharField(_("currency of the fixed sum"), max_length=3, blank=True)

    class Meta:
        verbose_name = _("rate")
        verbose_name_plural = _("rates")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(percent_bps__isnull=False, amount=None, currency="")
                | (Q(percent_bps=None, amount__isnull=False) & ~Q(currency="")),
                name="rate_is_a_share_or_a_sum",
            ),
            models.CheckConstraint(
                condition=Q(product=None) | Q(category=None), name="rate_is_for_a_product_or_a_category"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.percent_bps} bps" if self.percent_bps is not None else f"{self.amount} {self.currency}"

    def clean(self) -> None:
        if (self.percent_bps is None) == (self.amount is None):
            raise ValidationError(_("Give a share or a fixed sum, one of the two."))
        if (self.amount is None) != (self.currency == ""):
            raise ValidationError(_("A fixed sum has a currency, and a share has none."))
        if self.product_id and self.category_id:
            raise ValidationError(_("Choose a product or a category, not both."))

    @property
    def rank(self) -> tuple[bool, bool, bool, bool, int, int]:
        """The greater, the more particular."""
        return (
            self.coupon_id is not None,
            self.affiliate_id is not None,
            self.product_id is not None,
            self.category_id is not None,
            self.from_orders,
            self.pk,
        )
