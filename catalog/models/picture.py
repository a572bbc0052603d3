from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.text import TextModel

WIDTHS = (320, 640, 960)


class Picture(models.Model):
    """A picture as we encoded it, one row for each content: WebP and JPEG files in three widths."""

    digest = models.CharField(_("SHA-256"), max_length=64, unique=True, editable=False)
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")

    def __str__(self) -> str:
        return self.digest[:16]

    def path(self, width: int, extension: str) -> str:
        return f"pictures/{self.digest[:2]}/{self.digest[:32]}-{width}.{extension}"

    def url(self, width: int, extension: str) -> str:
        return f"{settings.MEDIA_URL}{self.path(width, extension)}"

    @property
    def url_largest(self) -> str:
        return self.url(WIDTHS[-1], "webp")

    @property
    def social_url(self) -> str:
        """For the programs that show a link as a card, of which few read WebP."""
        return self.url(WIDTHS[-1], "jpg")

    def srcset(self, extension: str) -> str:
        return ", ".join(f"{self.url(width, extension)} {width}w" for width in WIDTHS)


class ProductImage(TextModel):
    """A picture of a product's gallery."""

    product = models.ForeignKey(
        "catalog.Product", models.CASCADE, related_name="images", verbose_name=_("product")
    )
    picture = models.ForeignKey(Picture, models.PROTECT, related_name="+", verbose_name=_("picture"))
    alt = models.CharField(_("what it shows"), max_length=300, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("gallery picture")
        verbose_name_plural = _("gallery pictures")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.alt or str(self.picture)
