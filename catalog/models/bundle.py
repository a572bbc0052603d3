from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.product import Product
from catalog.models.variant import Variant


class BundleItem(models.Model):
    """An edition of another product that a bundle brings, whichever edition of the bundle is bought.

    Only what stands here directly is brought: a bundle in a bundle would bring its own files and no more,
    so there is no going in circles; clean() refuses it all the same.
    """

    bundle = models.ForeignKey(Product, models.CASCADE, related_name="bundle_items", verbose_name=_("bundle"))
    member = models.ForeignKey(
        Variant, models.PROTECT, related_name="bundle_items", verbose_name=_("what it brings")
    )
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("what the bundle brings")
        verbose_name_plural = _("what the bundle brings")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["bundle", "member"], name="one_item_a_bundle_and_member")
        ]

    def __str__(self) -> str:
        return str(self.member)

    def clean(self) -> None:
        """Raises ValidationError for a bundle in itself or in another."""
        if not self.member_id:
            return
        if self.member.product_id == self.bundle_id:
            raise ValidationError({"member": _("A bundle can't hold itself.")})
        if self.member.product.kind == Product.Kind.BUNDLE:
            raise ValidationError({"member": _("A bundle can't hold another bundle. Choose what is in it.")})
