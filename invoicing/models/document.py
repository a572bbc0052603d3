from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from checkout.models import Dispute, Order, Refund
from invoicing.crediting import Part
from invoicing.errors import DocumentsOnlyGrow
from invoicing.models.kind import Kind, Reason
from invoicing.models.series import Series


def _refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise DocumentsOnlyGrow(_("Documents are never changed. Another one sets it right."))


class DocumentQuerySet(models.QuerySet["Document"]):
    """Rows that are written once. The database refuses the rest by itself; this says so earlier."""

    update = delete = bulk_update = update_or_create = _raw_delete = _refuse
    update.alters_data = delete.alters_data = True  # type: ignore[attr-defined]


class Document(models.Model):
    """An invoice or a credit note, frozen with all that it says: what is printed is the snapshot alone.

    Its amounts are never negative: the kind says which way they count. Order, refund and dispute are what
    it was issued for; `corrects` is the document that it takes back, in all or in part, or stands in for.
    """

    Kind, Reason = Kind, Reason

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    reason = models.CharField(_("reason"), max_length=15, choices=Reason)
    cause = models.CharField(max_length=60, unique=True, editable=False)
    series = models.ForeignKey(
        Series, models.PROTECT, related_name="documents", verbose_name=_("number series")
    )
    position = models.PositiveIntegerField(_("place in its series"))
    number = models.CharField(_("number"), max_length=40, unique=True)
    counter = models.PositiveBigIntegerField(_("counter"), unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="documents", verbose_name=_("order"))
    refund = models.ForeignKey(
        Refund, models.PROTECT, null=True, related_name="documents", verbose_name=_("refund")
    )
    dispute = models.ForeignKey(
        Dispute, models.PROTECT, null=True, related_name="documents", verbose_name=_("dispute")
    )
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="corrected_by", verbose_name=_("refers to")
    )
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    currency = models.CharField(_("currency"), max_length=3)
    net = models.PositiveBigIntegerField(_("without tax"))
    tax = models.PositiveBigIntegerField(_("tax"))
    total = models.PositiveBigIntegerField(_("total"))
    snapshot = models.JSONField(_("what it says"))
    previous_sha256 = models.CharField(_("hash of the document before"), max_length=64)
    sha256 = models.CharField(_("hash"), max_length=64, unique=True)
    issued_at = models.DateTimeField(_("issued"), db_index=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice or credit note")
        verbose_name_plural = _("invoices and credit notes")
        ordering = ["-counter"]
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(fields=["series", "position"], name="one_document_a_number"),
            models.UniqueConstraint(
                fields=["order"], condition=Q(reason="sale"), name="one_first_invoice_an_order"
            ),
            models.CheckConstraint(
                condition=Q(total=F("net") + F("tax")), name="document_total_is_net_and_tax"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            _refuse()
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse()

    @property
    def is_credit(self) -> bool:
        return self.kind == Kind.CREDIT_NOTE

    @property
    def sign(self) -> int:
        """Which way its amounts count: what the buyer owes, or what they get back."""
        return -1 if self.is_credit else 1

    @property
    def parts(self) -> list[Part]:
        return [Part(line["line"], line["net"], line["tax"]) for line in self.snapshot["lines"]]
