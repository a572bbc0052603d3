from datetime import datetime, timedelta
from typing import Any, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models.text import TextModel
from checkout.models import Coupon

DEFAULT_RATE, FRIEND_RATE = 2000, 1000  # basis points


class Program(TextModel):
    """The seller's rules for affiliates: one row, or none while nobody has changed what it begins with."""

    class Credit(models.TextChoices):
        LAST = "last", _("The last affiliate whose link was followed")
        FIRST = "first", _("The first affiliate whose link was followed")

    is_open = models.BooleanField(_("takes applications"), default=True)
    is_automatic = models.BooleanField(
        _("approves at once"), default=False, help_text=_("Otherwise staff looks at each application.")
    )
    rate_bps = models.PositiveIntegerField(
        _("commission"),
        default=DEFAULT_RATE,
        validators=[MaxValueValidator(10_000)],
        help_text=_("Hundredths of a percent of the price after discounts and without tax: 2000 is 20 %."),
    )
    credit = models.CharField(_("who is credited"), max_length=10, choices=Credit, default=Credit.LAST)
    cookie_days = models.PositiveSmallIntegerField(
        _("days a link counts"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(400)],
        help_text=_("A sale counts for so many days after the link was followed. Affiliates see this."),
    )
    uses_cookie = models.BooleanField(
        _("remembers by a cookie"),
        default=True,
        help_text=_("Otherwise links carry the code from page to page, and nothing is kept in browsers."),
    )
    is_lifetime = models.BooleanField(
        _("for a lifetime"),
        default=False,
        help_text=_("Whoever bought by an affiliate once is that affiliate's in later purchases, too."),
    )
    hold_days = models.PositiveSmallIntegerField(
        _("days of hold"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(400)],
        help_text=_("When a commission may be paid out. Empty means the refund window of what was bought."),
    )
    threshold = models.PositiveBigIntegerField(
        _("least payout"), default=0, help_text=_("In the shop's currency. Smaller sums wait for more.")
    )
    payout_day = models.PositiveSmallIntegerField(
        _("day of payouts"),
        null=True,
        blank=True,
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(28)],
        help_text=_("Of each month: staff is reminded then of what is due. Empty means never."),
    )
    friends_are_on = models.BooleanField(
        _("buyers may refer friends"),
        default=False,
        help_text=_("Each buyer has a link then. What they earn becomes a coupon when it is free."),
    )
    friend_coupon = models.ForeignKey(
        Coupon,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("coupon for friends"),
        help_text=_("What a friend gets who comes by a buyer's link."),
    )
    friend_rate_bps = models.PositiveIntegerField(
        _("reward for buyers"), default=FRIEND_RATE, validators=[MaxValueValidator(10_000)]
    )
    terms = models.TextField(_("terms"), blank=True, help_text=_("Markdown. Applicants agree to these."))

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programme")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_programme")]

    def __str__(self) -> str:
        return str(_("Affiliate programme"))

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)

    @classmethod
    def load(cls) -> Self:
        return cls.objects.filter(pk=1).first() or cls(pk=1)

    def counts(self, clicked_at: datetime, placed_at: datetime) -> bool:
        """Whether a link that was followed then still counts for an order placed at that time."""
        return placed_at - clicked_at <= timedelta(days=self.cookie_days)


class Threshold(models.Model):
    """The least payout in a currency other than the shop's; without one, any sum is paid."""

    program = models.ForeignKey(Program, models.CASCADE, related_name="thresholds")
    currency = models.CharField(_("currency"), max_length=3, unique=True)
    amount = models.PositiveBigIntegerField(_("least payout"))

    class Meta:
        verbose_name = _("least payout in another currency")
        verbose_name_plural = _("least payouts in other currencies")
        ordering = ["currency"]

    def __str__(self) -> str:
        return self.currency
