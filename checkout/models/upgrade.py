from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from checkout.models.order import OrderLine


class Upgrade(models.Model):
    """A line that was sold for less, since it takes the place of one that its buyer has.

    The row is written with the order; it counts from the payment on, when it is taken.
    """

    line = models.OneToOneField(
        OrderLine, models.PROTECT, related_name="upgrade", verbose_name=_("order line")
    )
    former = models.ForeignKey(
        OrderLine, models.PROTECT, related_name="upgrades", verbose_name=_("former line")
    )
    credit = models.PositiveBigIntegerField(_("paid before"))
    taken_at = models.DateTimeField(_("taken"), null=True, blank=True)

    class Meta:
        verbose_name = _("upgrade")
        verbose_name_plural = _("upgrades")
        constraints = [
            models.UniqueConstraint(
                fields=["former"], condition=Q(taken_at__isnull=False), name="one_upgrade_a_line"
            )
        ]

    def __str__(self) -> str:
        return f"{self.former} → {self.line}"

    def take(self) -> bool:
        """Let it count. False, and nothing done, where another order was quicker to upgrade the line."""
        if self.taken_at is None:
            now = timezone.now()
            try:
                with transaction.atomic():
                    Upgrade.objects.filter(pk=self.pk, taken_at=None).update(taken_at=now)
            except IntegrityError:
                return False
            self.taken_at = now
        return True

    def give_back(self) -> None:
        """The money for it went back: the former line may be upgraded again."""
        Upgrade.objects.filter(pk=self.pk).update(taken_at=None)
        self.taken_at = None
