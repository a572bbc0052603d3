from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from storefront.jobs import enqueue
from storefront.models import LEASE, retry_delay

if TYPE_CHECKING:
    from checkout.models.order import Order


HOURLY_AFTER = 12  # attempts, which take an hour and a half
PARKED_AFTER = 80  # attempts, which take about three days: as long as providers send a webhook again


class DueQuerySet(models.QuerySet[Any]):
    """Rows of work: due until handled, one at a time, tried again ever more slowly, and parked in the end."""

    def due(self) -> Self:
        now = timezone.now()
        return self.filter(handled_at=None, parked_at=None, next_attempt_at__lte=now).order_by(
            "next_attempt_at", "pk"
        )

    def parked(self) -> Self:
        return self.filter(handled_at=None, parked_at__isnull=False)


class DueRow(models.Model):
    attempts = models.PositiveIntegerField(_("attempts"), default=0, editable=False)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=timezone.now, editable=False)
    handled_at = models.DateTimeField(_("handled"), null=True, blank=True, editable=False)
    parked_at = models.DateTimeField(
        _("given up"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("It failed for days, and waits for staff to run it again."),
    )
    error = models.TextField(_("last error"), blank=True, editable=False)

    objects = DueQuerySet.as_manager()

    class Meta:
        abstract = True

    def claim(self) -> bool:
        """Take the row for handling: false when it is handled or not due, since somebody else has it.

        The claim ends by the database's clock after three minutes, so a killed worker loses nothing.
        """
        now = timezone.now()
        mine = (
            type(self)
            .objects.filter(pk=self.pk, handled_at=None, parked_at=None, next_attempt_at__lte=now)
            .update(next_attempt_at=now + LEASE, attempts=F("attempts") + 1)
        )
        if mine:
            self.next_attempt_at, self.attempts = now + LEASE, self.attempts + 1
        return bool(mine)

    def mark_handled(self, note: str = "") -> None:
        self.handled_at, self.parked_at, self.error = timezone.now(), None, note
        type(self).objects.filter(pk=self.pk, handled_at=None).update(
            handled_at=self.handled_at, parked_at=None, error=note
        )

    def mark_failed(self, error: str, wait: timedelta = timedelta(0)) -> bool:
        """Keep the reason for staff, and try again later, after `wait` at the earliest.

        True when these were attempts enough: the row is parked now, and tried by nobody before run_again().
        """
        delay = retry_delay(self.attempts) if self.attempts < HOURLY_AFTER else timedelta(hours=1)
        self.put_off(error, max(delay, wait))
        if self.attempts < PARKED_AFTER:
            return False
        now = timezone.now()
        parked = type(self).objects.filter(pk=self.pk, handled_at=None, parked_at=None).update(parked_at=now)
        return bool(parked)

    def put_off(self, reason: str, delay: timedelta) -> None:
        """Wait for something that is not there yet."""
        self.error, self.next_attempt_at = reason, timezone.now() + delay
        type(self).objects.filter(pk=self.pk, handled_at=None).update(
            error=reason, next_attempt_at=self.next_attempt_at
        )

    def run_again(self) -> None:
        """Make the row due at once, on the wish of staff; what was parked has all its attempts again."""
        mine = type(self).objects.filter(pk=self.pk)
        mine.filter(parked_at__isnull=False).update(attempts=0)
        mine.update(handled_at=None, parked_at=None, next_attempt_at=timezone.now(), error="")


class OrderEvent(DueRow):
    """Something that happened to an order. Reactions to it run until each has succeeded."""

    order = models.ForeignKey(
        "checkout.Order", models.PROTECT, related_name="events", verbose_name=_("order")
    )
    name = models.CharField(_("event"), max_length=40)
    data = models.JSONField(_("details"), default=dict, blank=True)
    once = models.CharField(max_length=60, null=True, editable=False)
    created_at = models.DateTimeField(_("time"), auto_now_add=True)

    class Meta:
        verbose_name = _("order event")
        verbose_name_plural = _("order events")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["order", "once"], name="event_happens_once")]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(handled_at=None), name="order_event_due")
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def record(
        cls, order: "Order", name: str, data: dict[str, Any] | None = None, *, once: str | None = None
    ) -> bool:
        """Write the event in the caller's transaction; its reactions run after commit.

        With `once`, a second event of that key on the order is not written, and false is returned.
        """
        event = cls(order=order, name=name, data=data or {}, once=once)
        has_reactions = bool(settings.ORDER_REACTIONS[name])
        if not has_reactions:
            event.handled_at = timezone.now()
        try:
            with transaction.atomic():
                event.save()
        except IntegrityError:
            if once is None:
                raise
            return False  # it happened before
        if has_reactions:
            enqueue("checkout.handle_event", event.pk)
        return True
