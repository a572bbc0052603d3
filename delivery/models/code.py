from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from checkout.models import OrderLine
from delivery.models.license import License, key_hash
from delivery.models.plan import LicensePlan


class CodeQuerySet(models.QuerySet["Code"]):
    def free(self) -> Self:
        return self.filter(line=None)


class Code(models.Model):
    """A code that staff loaded beforehand: free, set aside for an order line, or given with its licence."""

    plan = models.ForeignKey(
        LicensePlan, models.PROTECT, related_name="codes", verbose_name=_("licence plan")
    )
    text = models.CharField(_("code"), max_length=200)
    text_hash = models.CharField(max_length=64, unique=True, editable=False)
    line = models.ForeignKey(
        OrderLine, models.PROTECT, null=True, related_name="codes", verbose_name=_("order line")
    )
    license = models.OneToOneField(
        License, models.PROTECT, null=True, related_name="code", verbose_name=_("licence")
    )
    loaded_at = models.DateTimeField(_("loaded"), auto_now_add=True)

    objects = CodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("code")
        verbose_name_plural = _("codes")
        ordering = ["pk"]
        indexes = [models.Index(fields=["plan", "id"], condition=Q(line=None), name="code_free")]
        constraints = [
            models.CheckConstraint(
                condition=Q(license=None) | Q(line__isnull=False), name="given_code_has_a_line"
            )
        ]

    def __str__(self) -> str:
        return f"…{self.text[-4:]}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.text_hash = key_hash(self.text)
        super().save(*args, **kwargs)
