from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

LEASE = timedelta(minutes=3)
MAX_ATTEMPTS = 30


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after this many failed attempts: 15 s, doubling to 10 minutes."""
    return min(timedelta(seconds=15 * 2 ** max(attempts - 1, 0)), timedelta(minutes=10))


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    def due(self) -> Self:
        """Oldest promise first, so that mails keep their order after the mail server was away."""
        return self.filter(status=OutgoingMail.Status.PENDING, next_attempt_at__lte=timezone.now()).order_by(
            "pk"
        )


class OutgoingMail(models.Model):
    """A mail promised to somebody: written with its cause, sent by a task, kept for staff to see."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    cause = models.CharField(_("cause"), max_length=200, unique=True, editable=False)
    about = models.CharField(_("about"), max_length=40, blank=True, editable=False)
    to = models.EmailField(_("to"), max_length=320)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    subject = models.CharField(_("subject"), max_length=300)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True)
    is_secret = models.BooleanField(
        _("secret"), default=False, help_text=_("Holds a code or a link that only its reader may see.")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    wishes = models.PositiveIntegerField(_("sent again by staff"), default=0, editable=False)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    error = models.TextField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("written"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(status="pending"), name="outgoing_mail_due"),
            models.Index(fields=["about"], name="outgoing_mail_about"),
        ]

    def __str__(self) -> str:
        return self.subject

    def claim(self) -> bool:
        """Take this mail for sending, once: false when it is sent, or another worker has it.

        The claim lasts three minutes by the database's row; a worker that dies leaves it to the sweep.
        """
        now = timezone.now()
        mine = OutgoingMail.objects.filter(
            pk=self.pk, status=self.Status.PENDING, next_attempt_at__lte=now
        ).update(next_attempt_at=now + LEASE, attempts=F("attempts") + 1)
        if mine:
            self.next_attempt_at, self.attempts = now + LEASE, self.attempts + 1
        return bool(mine)

    def mark_sent(self) -> None:
        """Record that the mail server took the mail. A secret is forgotten then."""
        self.status, self.sent_at, self.error = self.Status.SENT, timezone.now(), ""
        if self.is_secret:
            self.text = self.html = ""
        self.save(update_fields=["status", "sent_at", "error", "text", "html"])

    def mark_unreached(self, error: str) -> None:
        """Record that the mail server is away: the mail keeps its place in line for as long as that lasts."""
        self.error, self.next_attempt_at = error, timezone.now() + timedelta(minutes=1)
        self.save(update_fields=["error", "next_attempt_at"])

    def mark_failed(self, error: str, *, final: bool) -> None:
        """Record why sending failed; it is tried again later unless that is final."""
        self.error = error
        if final or self.attempts >= MAX_ATTEMPTS:
            self.status = self.Status.FAILED
        else:
            self.next_attempt_at = timezone.now() + retry_delay(self.attempts)
        self.save(update_fields=["status", "error", "next_attempt_at"])

    def send_again(self) -> bool:
        """Put a sent or failed mail back in line, on the wish of staff; false if it waits or is a secret.

        Each wish is another message: a mailbox would fold one with an id it knows into what it has.
        """
        done = OutgoingMail.objects.filter(pk=self.pk, is_secret=False).exclude(status=self.Status.PENDING)
        again = {"status": self.Status.PENDING, "attempts": 0, "next_attempt_at": timezone.now(), "error": ""}
        return bool(done.update(wishes=F("wishes") + 1, **again))
