from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import Picture, Product
from catalog.models.text import TextModel


class Creative(TextModel):
    """A banner or a text that affiliates may put on their pages, in each of our languages."""

    title = models.CharField(_("title"), max_length=120, blank=True)
    text = models.TextField(_("text"), blank=True, max_length=2000)
    picture = models.ForeignKey(
        Picture, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("picture")
    )
    product = models.ForeignKey(
        Product,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product"),
        help_text=_("Where it leads; empty is the front of the shop. Without a picture, its cover is shown."),
    )
    is_active = models.BooleanField(_("offered"), default=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("creative")
        verbose_name_plural = _("creatives")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title or f"#{self.pk}"
