from django.core.files.storage import Storage, storages
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models.product import Product
from catalog.models.release import Release
from catalog.models.text import TextModel
from catalog.models.variant import Variant


def private_storage() -> Storage:
    return storages["private"]


class ProductFile(TextModel):
    """A file that a product brings, in private storage: nobody reaches it without a signed link."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="files", verbose_name=_("product"))
    variants = models.ManyToManyField(
        Variant,
        related_name="files",
        blank=True,
        verbose_name=_("variants"),
        help_text=_("None means all of them."),
    )
    release = models.ForeignKey(
        Release,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="files",
        verbose_name=_("release"),
        help_text=_("None means that the file belongs to every release."),
    )
    title = models.CharField(_("title"), max_length=200, blank=True)
    file = models.FileField(_("file"), upload_to="products/", storage=private_storage, max_length=300)
    filename = models.CharField(_("name for the buyer"), max_length=200, blank=True)
    size = models.PositiveBigIntegerField(_("size"), editable=False)
    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)
    content_type = models.CharField(_("type"), max_length=100, editable=False)
    position = models.PositiveIntegerField(_("position"), default=0)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    changed_at = models.DateTimeField(_("bytes changed"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.filename

    def is_brought_by(self, variant: Variant) -> bool:
        """Whether a buyer of the variant gets this file; from the prefetched variants, without a query."""
        own = {each.pk for each in self.variants.all()}
        return variant.product_id == self.product_id and (not own or variant.pk in own)

    @property
    def format(self) -> str:
        """The ending of the name, as a buyer reads it: PDF, EPUB, ZIP."""
        return self.filename.rpartition(".")[2].upper()[:8]
