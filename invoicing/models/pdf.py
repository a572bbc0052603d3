import secrets

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models.file import private_storage
from checkout.models.event import DueRow
from invoicing.models.document import Document


def new_pdf_key() -> str:
    return secrets.token_hex(16)


class DocumentPdf(DueRow):
    """The PDF of a document, written with it and printed by a task. Printed again, it is the same bytes."""

    document = models.OneToOneField(
        Document, models.PROTECT, related_name="pdf", verbose_name=_("invoice or credit note")
    )
    key = models.CharField(max_length=32, unique=True, default=new_pdf_key, editable=False)
    file = models.FileField(_("file"), storage=private_storage, blank=True, max_length=200)

    class Meta:
        verbose_name = _("PDF")
        verbose_name_plural = _("PDFs")
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(handled_at=None), name="document_pdf_due")
        ]

    def __str__(self) -> str:
        return str(self.document)

    @property
    def is_ready(self) -> bool:
        return bool(self.file)
