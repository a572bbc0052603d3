from datetime import datetime
from typing import Any, Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Category, Product
from checkout.models.order import Order
from storefront.text import clean_line, fold_code, fold_mailbox

MAX_CODE = 60
MAX_FOLDED = 240  # some letters are written out when they are folded
LISTS = ("products", "categories", "excluded_products", "excluded_categories", "required_products")


class CouponQuerySet(models.QuerySet["Coupon"]):
    def with_uses(self) -> Self:
        """Each with how often it is used, as `uses`."""
        uses = Redemption.objects.counted().filter(coupon=models.OuterRef("pk")).order_by()
        count = uses.values("coupon").annotate(count=models.Count("pk")).values("count")
        return self.annotate(uses=Coalesce(models.Subquery(count), 0))

    def standing(self, standing: "Coupon.Standing") -> Self:
        """Those that stand so now."""
        now, standings = timezone.now(), Coupon.Standing
        if standing == standings.OFF:
            return self.filter(is_active=False)
        on = self.filter(is_active=True)
        if standing == standings.ENDED:
            return on.filter(ends_at__lte=now)
        on = on.exclude(ends_at__lte=now)
        if standing == standings.SCHEDULED:
            return on.filter(starts_at__gt=now)
        on = on.exclude(starts_at__gt=now).with_uses()
        is_used_up = Q(max_uses__isnull=False, uses__gte=F("max_uses"))
        return on.filter(is_used_up) if standing == standings.USED_UP else on.exclude(is_used_up)


class Coupon(models.Model):
    """A code that makes something cheaper. What it is for, and for whom, stands on it; its uses are rows."""

    class Kind(models.TextChoices):
        PERCENT = "percent", _("A share of the price")
        FIXED = "fixed", _("A fixed amount")

    class Buyers(models.TextChoices):
        ANYONE = "anyone", _("Anyone")
        NEW = "new", _("Whoever buys for the first time")
        EARLIER = "earlier", _("Whoever has bought before")

    class Standing(models.TextChoices):
        ACTIVE = "active", _("Valid")
        SCHEDULED = "scheduled", _("Not valid yet")
        ENDED = "ended", _("Ended")
        USED_UP = "used_up", _("Used up")
        OFF = "off", _("Switched off")

    code = models.CharField(
        _("code"),
        max_length=MAX_CODE,
        help_text=_(
            "In any script. Buyers may type it in capitals or not, with or without dashes and spaces, "
            "and with the digits of their keyboard."
        ),
    )
    code_folded = models.CharField(max_length=MAX_FOLDED, unique=True, editable=False)
    batch = models.CharField(_("batch"), max_length=100, blank=True, db_index=True, editable=False)
    note = models.CharField(
        _("note"), max_length=300, blank=True, help_text=_("For you and your colleagues.")
    )
    kind = models.CharField(_("kind of discount"), max_length=10, choices=Kind, default=Kind.PERCENT)
    rate_bps = models.PositiveIntegerField(_("share"), default=0)
    # Minor units by currency: {"USD": 500}.
    amounts = models.JSONField(_("amount"), default=dict, blank=True)
    minimums = models.JSONField(_("from what sum on"), default=dict, blank=True)
    starts_at = models.DateTimeField(_("valid from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    max_uses = models.PositiveIntegerField(
        _("uses in all"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty is without limit."),
    )
    max_uses_per_buyer = models.PositiveIntegerField(
        _("uses for each buyer"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Counted by e-mail address, with all its aliases, and by account."),
    )
    # Said outright, so that a coupon for one product is for nothing once that is deleted, not for everything.
    is_for_all = models.BooleanField(_("for everything"), default=True, editable=False)
    products: models.ManyToManyField = models.ManyToManyField(
        Product,
        blank=True,
        related_name="+",
        verbose_name=_("for these products"),
        help_text=_("Nothing here and in the next is for everything."),
    )
    categories: models.ManyToManyField = models.ManyToManyField(
        Category, blank=True, related_name="+", verbose_name=_("for these categories")
    )
    excluded_products: models.ManyToManyField = models.ManyToManyField(
        Product, blank=True, related_name="+", verbose_name=_("never for these products")
    )
    excluded_categories: models.ManyToManyField = models.ManyToManyField(
        Category, blank=True, related_name="+", verbose_name=_("never for these categories")
    )
    required_products: models.ManyToManyField = models.ManyToManyField(
        Product,
        blank=True,
        related_name="+",
        verbose_name=_("only with these in the cart"),
        help_text=_("It may be for other things than these."),
    )
    requires_all = models.BooleanField(_("with all of them, not just one"), default=False)
    buyers = models.CharField(
        _("for whom"),
        max_length=10,
        choices=Buyers,
        default=Buyers.ANYONE,
        help_text=_("Orders that cost nothing don't count as bought."),
    )
    email = models.EmailField(
        _("for one address"), max_length=320, blank=True, help_text=_("Nobody else can use it then.")
    )
    is_stackable = models.BooleanField(
        _("combines with others"),
        default=False,
        help_text=_("With those that do so too. Otherwise buyers get whichever saves them more."),
    )
    is_active = models.BooleanField(_("switched on"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = CouponQuerySet.as_manager()

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="fixed", rate_bps=0) | Q(kind="percent", rate_bps__range=(1, 10_000)),
                name="coupon_share_is_within_all",
            ),
            models.CheckConstraint(
                condition=Q(max_uses__isnull=True) | Q(max_uses__gte=1), name="coupon_has_a_use"
            ),
            models.CheckConstraint(
                condition=Q(max_uses_per_buyer__isnull=True) | Q(max_uses_per_buyer__gte=1),
                name="coupon_has_a_use_for_a_buyer",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(starts_at__lt=F("ends_at")),
                name="coupon_ends_after_its_start",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.tidy()
        super().save(*args, **kwargs)

    def tidy(self) -> None:
        """Bring it into its stored form: a spelling to find it by, and nothing left of the other kind."""
        self.code = clean_line(self.code)
        self.code_folded = fold_code(self.code)
        if self.kind == self.Kind.PERCENT:
            self.amounts = {}
        else:
            self.rate_bps = 0

    @property
    def limit_per_buyer(self) -> int | None:
        """A first order is one order, also for whoever places two at once."""
        return 1 if self.buyers == self.Buyers.NEW else self.max_uses_per_buyer

    @property
    def is_limited(self) -> bool:
        return self.max_uses is not None or self.limit_per_buyer is not None

    def is_for_mailbox(self, address: str) -> bool:
        return not self.email or fold_mailbox(self.email) == fold_mailbox(address)

    def standing(self, uses: int, now: datetime | None = None) -> "Coupon.Standing":
        """How it stands with so many uses."""
        now = now or timezone.now()
        if not self.is_active:
            return self.Standing.OFF
        if self.ends_at and self.ends_at <= now:
            return self.Standing.ENDED
        if self.starts_at and self.starts_at > now:
            return self.Standing.SCHEDULED
        is_used_up = self.max_uses is not None and uses >= self.max_uses
        return self.Standing.USED_UP if is_used_up else self.Standing.ACTIVE


class RedemptionQuerySet(models.QuerySet["Redemption"]):
    def counted(self) -> Self:
        """Uses that count: of orders that are paid, or may still be.

        What gives a use back is the order's own state, so that no moment lies between the two: an order
        that lapses or is given back in full frees its uses, and one that is paid late has them again.
        """
        return self.filter(yielded_to=None).exclude(order__status__in=Redemption.FREED)


class Redemption(models.Model):
    """A use of a coupon by an order."""

    FREED = (Order.Status.EXPIRED, Order.Status.REFUNDED)

    order = models.ForeignKey(Order, models.PROTECT, related_name="redemptions", verbose_name=_("order"))
    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="redemptions", verbose_name=_("coupon"))
    amount = models.PositiveBigIntegerField(_("taken off"))
    # Whoever changes their cart before paying orders anew; the new order has the use then, until the old one
    # is paid after all. See checkout.redeeming.
    yielded_to = models.ForeignKey(Order, models.PROTECT, null=True, related_name="+", editable=False)
    redeemed_at = models.DateTimeField(_("time"), auto_now_add=True)

    objects = RedemptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("use of a coupon")
        verbose_name_plural = _("uses of coupons")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "coupon"], name="one_use_an_order_and_coupon")
        ]

    def __str__(self) -> str:
        return f"{self.coupon} · {self.order}"

    @property
    def is_counted(self) -> bool:
        return self.yielded_to_id is None and self.order.status not in self.FREED
