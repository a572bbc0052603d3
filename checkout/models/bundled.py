from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from checkout.models.order import OrderLine


class BundledVariant(models.Model):
    """What a bundle in an order brings, as it stood on that day: so many of a variant of another product.

    0 of what its buyer had before and did not pay for again.
    """

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="bundled", verbose_name=_("line"))
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="+", verbose_name=_("variant"))
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("part of a bundle")
        verbose_name_plural = _("parts of bundles")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["line", "variant"], name="one_part_a_line_and_variant")
        ]

    def __str__(self) -> str:
        return str(self.variant)
