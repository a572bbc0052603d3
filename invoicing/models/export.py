import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models.file import private_storage
from checkout.models.event import DueRow
from storefront.models import LEASE


def new_export_key() -> str:
    return secrets.token_hex(16)


class Export(DueRow):
    """All documents of some days in one zip, with a table of them. A task makes it, bit by bit."""

    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to"), help_text=_("This day is in it, too."))
    total = models.PositiveIntegerField(_("documents"), editable=False)
    done = models.PositiveIntegerField(_("done"), default=0, editable=False)
    key = models.CharField(max_length=32, unique=True, default=new_export_key, editable=False)
    file = models.FileField(_("file"), storage=private_storage, blank=True, max_length=200, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("asked for by"),
        editable=False,
    )
    created_at = models.DateTimeField(_("asked for"), auto_now_add=True)

    class Meta:
        verbose_name = _("export of invoices")
        verbose_name_plural = _("exports of invoices")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["next_attempt_at"], condition=Q(handled_at=None), name="export_due")]

    def __str__(self) -> str:
        return f"{self.first_day} – {self.last_day}"

    @property
    def path(self) -> str:
        """Where the file is stored: made from the key, so that a repeat takes the place of what was left."""
        return f"exports/{self.key}.zip"

    def report(self, done: int) -> None:
        """Tell how far it is, and that whoever claimed it lives: the claim is theirs for another while."""
        self.done = done
        Export.objects.filter(pk=self.pk).update(done=done, next_attempt_at=timezone.now() + LEASE)
