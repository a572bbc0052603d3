from django.db import models
from django.utils.translation import gettext_lazy as _

from invoicing.chain import FIRST
from invoicing.models.kind import Kind


class Chain(models.Model):
    """The end of the chain of documents: one row, whose lock makes documents follow one another."""

    THE_ONLY = 1

    counter = models.PositiveBigIntegerField(_("documents so far"), default=0)
    sha256 = models.CharField(_("hash of the last one"), max_length=64, default=FIRST)
    issued_at = models.DateTimeField(_("issued"), null=True)

    class Meta:
        verbose_name = _("chain of documents")
        verbose_name_plural = _("chain of documents")

    def __str__(self) -> str:
        return str(self.counter)


class Series(models.Model):
    """Numbers without a gap, for one kind of document and one year."""

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    prefix = models.CharField(_("prefix"), max_length=20)
    year = models.PositiveSmallIntegerField(_("year"))
    last_number = models.PositiveIntegerField(_("last number"), default=0)

    class Meta:
        verbose_name = _("number series")
        verbose_name_plural = _("number series")
        ordering = ["-year", "kind", "prefix"]
        constraints = [models.UniqueConstraint(fields=["kind", "prefix", "year"], name="one_series_a_year")]

    def __str__(self) -> str:
        return f"{self.prefix}{self.year}"

    def number(self, position: int) -> str:
        """How the document at this place of the series is called, such as INV-2026-00042."""
        return f"{self}-{position:05d}"
