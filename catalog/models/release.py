from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models.product import Product
from catalog.models.text import TextModel


class ReleaseQuerySet(models.QuerySet["Release"]):
    def published(self) -> Self:
        return self.filter(published_at__lte=timezone.now())


class Release(TextModel):
    """A version of a product, with the files that it brings. A newer one takes the place of older ones."""

    class Channel(models.TextChoices):
        STABLE = "stable", _("Stable")
        BETA = "beta", _("Beta")

    product = models.ForeignKey(Product, models.CASCADE, related_name="releases", verbose_name=_("product"))
    version = models.CharField(
        _("version"),
        max_length=40,
        validators=[RegexValidator(r"^[0-9A-Za-z][0-9A-Za-z.+_~-]*\Z", _("Such as 2.0.1, without spaces."))],
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.STABLE)
    changelog = models.TextField(_("what is new"), blank=True, help_text=_("Markdown."))
    requirements = models.CharField(
        _("requirements"), max_length=300, blank=True, help_text=_("Such as: WordPress 6.4, PHP 8.1.")
    )
    published_at = models.DateTimeField(
        _("published"),
        null=True,
        blank=True,
        help_text=_("Empty keeps the release back; a time to come schedules it."),
    )
    is_announced = models.BooleanField(_("tell owners in the daily mail"), default=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering = ["-published_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["product", "version"], name="one_release_a_version")]

    def __str__(self) -> str:
        return self.version

    @property
    def is_published(self) -> bool:
        return self.published_at is not None and self.published_at <= timezone.now()

    @property
    def is_beta(self) -> bool:
        return self.channel == self.Channel.BETA
