import secrets
from datetime import datetime, time
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from checkout.models.event import DueQuerySet, DueRow
from checkout.models.order import Order
from storefront.text import clean_line, clean_text, fold_email

FROM_HOUR = 9  # of the shop's own time


def new_gift_token() -> str:
    """256 random bits: whoever holds it may accept one gift. It opens nothing of the buyer's."""
    return secrets.token_urlsafe(32)


class GiftQuerySet(DueQuerySet):
    def due(self) -> Self:
        """Those whose mail is to be written now: paid for, and neither accepted nor kept."""
        paid = Order.objects.paid().filter(held_at=None)
        return super().due().filter(order__in=paid, claimed_at=None, kept_at=None)


class Gift(DueRow):
    """An order for somebody else, who accepts it by a link. Handled is when the mail with it is written."""

    order = models.OneToOneField(Order, models.PROTECT, related_name="gift", verbose_name=_("order"))
    token = models.CharField(max_length=64, unique=True, default=new_gift_token, editable=False)
    giver = models.CharField(_("given by"), max_length=100)
    name = models.CharField(_("recipient"), max_length=100)
    email = models.EmailField(_("e-mail"), max_length=320)
    email_folded = models.CharField(max_length=320, editable=False, db_index=True)
    message = models.TextField(_("message"), blank=True)
    day = models.DateField(
        _("to be sent on"), null=True, blank=True, help_text=_("Empty is as soon as it is paid.")
    )
    # A wish to send it is one mail: to begin with, and each time that somebody asks or corrects the address.
    wishes = models.PositiveIntegerField(default=0, editable=False)
    claimed_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="gifts",
        verbose_name=_("account of the recipient"),
    )
    kept_at = models.DateTimeField(_("kept by the buyer"), null=True, blank=True)

    objects: ClassVar[Any] = GiftQuerySet.as_manager()

    class Meta:
        verbose_name = _("gift")
        verbose_name_plural = _("gifts")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["next_attempt_at"], condition=Q(handled_at=None), name="gift_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(claimed_at=None) | Q(kept_at=None), name="gift_is_accepted_or_kept"
            ),
            models.CheckConstraint(
                condition=Q(claimed_by=None) | Q(claimed_at__isnull=False),
                name="gift_of_an_account_is_accepted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order} · {self.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.giver, self.name, self.message = (
            clean_line(self.giver),
            clean_line(self.name),
            clean_text(self.message),
        )
        self.email_folded = fold_email(self.email)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("gift", args=[self.token])

    @property
    def is_kept(self) -> bool:
        return self.kept_at is not None

    @property
    def is_claimed(self) -> bool:
        return self.claimed_at is not None

    @property
    def is_open(self) -> bool:
        """Whether what the order brings has an owner: until then it brings nothing to anybody."""
        return self.is_claimed or self.is_kept

    @property
    def may_be_sent(self) -> bool:
        return self.order.is_deliverable and not self.is_open

    @property
    def send_at(self) -> datetime:
        """The morning of its day in the shop's time zone, or now, if that is past."""
        now = timezone.now()
        if self.day is None:
            return now
        return max(timezone.make_aware(datetime.combine(self.day, time(FROM_HOUR))), now)

    def is_open_to(self, user_id: int | None) -> bool:
        """Whether whoever holds its link, signed in with this account or not, has it."""
        return self.is_claimed and self.claimed_by_id in (None, user_id)

    # Moves. Each is one conditional update; doing it twice does nothing.

    def claim_for(self, user_id: int | None) -> bool:
        """Let the recipient have it: as an account, or as whoever holds the link. Once.

        A gift accepted by the link alone may join an account later. False, and nothing done, where it is
        somebody's already, or the buyer's again.
        """
        now = timezone.now()
        free = Gift.objects.filter(pk=self.pk, claimed_by=None, kept_at=None)
        moved = free.filter(claimed_at=None).update(claimed_at=now, claimed_by=user_id)
        if not moved and user_id is not None:
            moved = free.update(claimed_by=user_id)
        self.refresh_from_db(fields=["claimed_at", "claimed_by", "kept_at"])
        return bool(moved)

    def keep(self) -> bool:
        """Let the buyer have it after all, unless the recipient was quicker."""
        unclaimed = Gift.objects.filter(pk=self.pk, claimed_at=None, kept_at=None)
        moved = unclaimed.update(kept_at=timezone.now())
        self.refresh_from_db(fields=["claimed_at", "claimed_by", "kept_at"])
        return bool(moved)

    def readdress(self, name: str, email: str) -> bool:
        """Send it to another address, with another link: the old one may be in a stranger's mailbox."""
        unclaimed = Gift.objects.filter(pk=self.pk, claimed_at=None, kept_at=None)
        moved = unclaimed.update(
            name=clean_line(name),
            email=email,
            email_folded=fold_email(email),
            token=new_gift_token(),
            **_wish(self.send_at),
        )
        self.refresh_from_db()
        return bool(moved)

    def send_again(self) -> bool:
        """Have its mail written anew, and now. False, and nothing done, where it is somebody's already."""
        unclaimed = Gift.objects.filter(pk=self.pk, claimed_at=None, kept_at=None)
        moved = unclaimed.update(**_wish(timezone.now()))
        self.refresh_from_db()
        return bool(moved)


def _wish(at: datetime) -> dict[str, Any]:
    return {
        "wishes": F("wishes") + 1,
        "handled_at": None,
        "parked_at": None,
        "attempts": 0,
        "error": "",
        "next_attempt_at": at,
    }
