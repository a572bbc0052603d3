from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Release


class Digest(models.Model):
    """The mail of one day that tells owners of new releases. A release is in one digest, a day has one."""

    day = models.DateField(_("day"), unique=True)
    releases = models.ManyToManyField(Release, related_name="digests", verbose_name=_("releases"))
    # Owners are written to in the order of their addresses; this is how far it has come.
    last_email = models.CharField(max_length=320, blank=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("mail of new releases")
        verbose_name_plural = _("mails of new releases")
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"

    def mark_finished(self) -> None:
        Digest.objects.filter(pk=self.pk).update(finished_at=timezone.now())


class MailOptOut(models.Model):
    """An address that wants no mails of new releases. What it bought stays within reach."""

    email_folded = models.CharField(_("e-mail"), max_length=320, unique=True)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("no mails of new releases")
        verbose_name_plural = _("no mails of new releases")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.email_folded
