from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")


class Reason(models.TextChoices):
    """Why a document was issued."""

    SALE = "sale", _("The order was paid")
    CORRECTION = "correction", _("The buyer's details changed")
    REFUND = "refund", _("A refund")
    REFUND_FAILED = "refund_failed", _("A refund that failed after all")
    DISPUTE = "dispute", _("A dispute that was lost")
    DISPUTE_WON = "dispute_won", _("A dispute that was won after all")
