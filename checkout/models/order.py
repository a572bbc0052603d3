import secrets
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from catalog.models import Variant
from checkout.errors import InvalidTransition
from checkout.models.event import OrderEvent
from checkout.models.tax import TaxTreatment
from checkout.pricing import Item, LineTotal, Part, Tax
from storefront.money import STEPS
from storefront.text import fold_email, fold_mailbox


def new_token() -> str:
    """256 random bits: whoever holds it is the buyer of one order."""
    return secrets.token_urlsafe(32)


def shop_refund_days() -> int:
    """For rows that say none, as in migrations, which can't ask the shop's own row; orders always say."""
    return int(settings.REFUND_WINDOW_DAYS)


def expiry() -> Any:
    return timezone.now() + timedelta(hours=settings.ORDER_EXPIRES_AFTER_HOURS)


class OrderQuerySet(models.QuerySet["Order"]):
    def paid(self) -> Self:
        """Orders whose buyer has a right to what is in them."""
        return self.filter(status__in=[Order.Status.PAID, Order.Status.PARTIALLY_REFUNDED])

    def bought_by(self, email: str, user: User | None) -> Self:
        """Orders, paid or not, of a mailbox under any of its aliases, and of an account."""
        theirs = Q(mailbox=fold_mailbox(email)) if email else Q(pk__in=[])
        return self.filter(theirs | Q(user=user) if user else theirs)

    def differing(self) -> Self:
        """Orders whose evidence of the buyer's place names more than one country."""
        countries = Count("tax_evidence__country", distinct=True)
        return self.alias(countries_told=countries).filter(countries_told__gt=1)

    def of_account(self, user_id: int | None) -> Self:
        """Orders that an account has placed, and gifts that it has accepted."""
        placed = Order.objects.filter(user=user_id).order_by().values("pk")
        accepted = Order.objects.filter(gift__claimed_by=user_id).order_by().values("pk")
        return self.filter(pk__in=placed.union(accepted, all=True))

    def overdue(self) -> Self:
        """Pending orders whose time is over, oldest first; those that are held wait for staff."""
        return self.filter(
            status=Order.Status.PENDING, held_at=None, expires_at__lte=timezone.now()
        ).order_by("expires_at")


class Order(models.Model):
    """A promise with copied prices, frozen from the moment it is placed."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting for payment")
        PAID = "paid", _("Paid")
        PARTIALLY_REFUNDED = "partially_refunded", _("Partly refunded")
        REFUNDED = "refunded", _("Refunded")
        EXPIRED = "expired", _("Expired")

    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    cart_key = models.CharField(max_length=64, unique=True, null=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="orders",
        verbose_name=_("account"),
    )
    email = models.EmailField(_("e-mail"), max_length=320)
    email_folded = models.CharField(max_length=320, editable=False, db_index=True)
    # For counting how often somebody bought, and for nothing that shows an order to anyone.
    mailbox = models.CharField(max_length=320, editable=False)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    country = models.CharField(_("country"), max_length=2, blank=True)
    company = models.CharField(_("company"), max_length=200, blank=True)
    vat_id = models.CharField(_("VAT id"), max_length=32, blank=True)
    tax_country = models.CharField(_("taxed in"), max_length=2, blank=True)
    tax_region = models.CharField(_("region"), max_length=60, blank=True)
    tax_treatment = models.CharField(
        _("tax"), max_length=20, choices=TaxTreatment, default=TaxTreatment.EXEMPT, editable=False
    )
    currency = models.CharField(_("currency"), max_length=3)
    total = models.PositiveBigIntegerField(_("total"))
    status = models.CharField(
        _("status"), max_length=20, choices=Status, default=Status.PENDING, editable=False
    )
    held_at = models.DateTimeField(_("held"), null=True, blank=True, editable=False)
    held_reason = models.TextField(_("why it is held"), blank=True, editable=False)
    referral = models.CharField(max_length=500, blank=True, editable=False)
    is_gift = models.BooleanField(_("gift"), default=False, editable=False)
    client_address = models.GenericIPAddressField(
        _("buyer's IP address"), null=True, blank=True, editable=False
    )
    placed_at = models.DateTimeField(_("placed"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), default=expiry, editable=False)
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True, editable=False)
    expired_at = models.DateTimeField(_("expired"), null=True, blank=True, editable=False)
    refunded_at = models.DateTimeField(_("refunded"), null=True, blank=True, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(status="pending"), name="order_overdue"),
            models.Index(fields=["user", "-id"], name="order_of_user"),
            models.Index(fields=["mailbox"], name="order_of_mailbox"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=["paid", "partially_refunded", "refunded"])
                | Q(paid_at__isnull=False),
                name="paid_order_has_a_time",
            )
        ]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email_folded, self.mailbox = fold_email(self.email), fold_mailbox(self.email)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("order", args=[self.token])

    @property
    def number(self) -> str:
        """What people call the order by. It opens nothing: only the token does."""
        return f"D-{10000 + self.pk}" if self.pk else ""

    @property
    def is_pending(self) -> bool:
        return self.status == self.Status.PENDING

    @property
    def is_paid(self) -> bool:
        return self.status in (self.Status.PAID, self.Status.PARTIALLY_REFUNDED)

    @property
    def is_held(self) -> bool:
        return self.held_at is not None

    @property
    def is_deliverable(self) -> bool:
        return self.is_paid and not self.is_held

    @property
    def evidence_differs(self) -> bool:
        """Whether what tells the buyer's country names more than one."""
        return len({each.country for each in self.tax_evidence.all()}) > 1

    @property
    def is_place_confirmed(self) -> bool:
        return any(each.is_confirmed for each in self.tax_evidence.all())

    @property
    def is_given(self) -> bool:
        """Whether what it brings is for somebody else than its buyer."""
        return self.is_gift and not self.gift.is_kept

    @property
    def has_owner(self) -> bool:
        """Whether somebody may have what it brings; nobody may as long as a gift is not accepted."""
        return not self.is_gift or self.gift.is_open

    def get_owner_url(self) -> str:
        """The page of whoever has what it brings. A recipient never learns the order's own address."""
        return self.gift.get_absolute_url() if self.is_given else self.get_absolute_url()

    def mark_paid(self) -> bool:
        """pending or expired -> paid. False, and nothing done, when the order is past that."""
        return self._move(
            [self.Status.PENDING, self.Status.EXPIRED], self.Status.PAID, "paid_at", "order.paid"
        )

    def expire(self) -> bool:
        """pending -> expired. False, and nothing done, when it is no longer pending."""
        return self._move([self.Status.PENDING], self.Status.EXPIRED, "expired_at", "order.expired")

    def follow_money(self, returned: int) -> bool:
        """paid <-> partially_refunded <-> refunded, as the money given back says, in minor units.

        The status is a function of that sum, so that events in any order end alike. False when nothing
        moved. Raises InvalidTransition for an order that was never paid.
        """
        if self.paid_at is None:
            raise InvalidTransition(_("An order that was not paid can't be refunded."))
        status = self.Status.PARTIALLY_REFUNDED if returned else self.Status.PAID
        if returned >= self.total:
            status = self.Status.REFUNDED
        moved = (
            Order.objects.filter(pk=self.pk)
            .exclude(status=status)
            .update(status=status, refunded_at=timezone.now() if returned else None)
        )
        if moved:
            self.refresh_from_db()
        return bool(moved)

    def hold(self, reason: str, *, by: str = "") -> bool:
        """Stop delivery until staff has looked. The first reason stays; holding twice does nothing.

        `by` is the address of the person who holds it.
        """
        with transaction.atomic():
            held = Order.objects.filter(pk=self.pk, held_at=None).update(
                held_at=timezone.now(), held_reason=reason
            )
            if held:
                self.refresh_from_db()
                OrderEvent.record(self, "order.held", {"reason": reason, "by": by})
            return bool(held)

    def release(self, *, by: str = "") -> bool:
        """Let a held order go on; what waited for it is done now. Releasing twice does nothing."""
        with transaction.atomic():
            released = Order.objects.filter(pk=self.pk, held_at__isnull=False).update(
                held_at=None, held_reason=""
            )
            if released:
                self.refresh_from_db()
                for event in self.events.filter(handled_at=None):
                    event.run_again()
                OrderEvent.record(self, "order.released", {"by": by})
            return bool(released)

    def _move(self, sources: list[Status], target: Status, time_field: str, event: str) -> bool:
        with transaction.atomic():
            change = {"status": target, time_field: timezone.now()}
            moved = Order.objects.filter(pk=self.pk, status__in=sources).update(**change)
            if moved:
                self.status = target
                setattr(self, time_field, change[time_field])
                OrderEvent.record(self, event, once=event)
            return bool(moved)


class OrderLineQuerySet(models.QuerySet["OrderLine"]):
    def with_upgrades(self) -> Self:
        """With is_upgraded: whether another order took the line's place."""
        taken = OrderLine.objects.filter(pk=OuterRef("pk"), upgrades__taken_at__isnull=False)
        return self.annotate(is_upgraded=Exists(taken))


class OrderLine(models.Model):
    """One variant in an order, with the words and the price of that day."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines", verbose_name=_("order"))
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="+", verbose_name=_("variant"))
    product_title = models.CharField(_("product"), max_length=200)
    variant_title = models.CharField(_("variant"), max_length=200, blank=True)
    quantity = models.PositiveIntegerField(_("quantity"))
    unit_amount = models.PositiveBigIntegerField(_("unit price"))
    discount_amount = models.PositiveBigIntegerField(_("discount"), default=0)
    # Why it costs less, as checkout.pricing.Part says it: reason, label, amount.
    discounts = models.JSONField(default=list, blank=True, editable=False)
    net_amount = models.PositiveBigIntegerField(_("without tax"))
    tax_amount = models.PositiveBigIntegerField(_("tax"), default=0)
    tax_rate_bps = models.PositiveIntegerField(_("tax rate in basis points"), default=0)
    tax_label = models.CharField(_("kind of tax"), max_length=40, blank=True)
    tax_is_included = models.BooleanField(_("price contains the tax"), default=False)
    amount = models.PositiveBigIntegerField(_("amount"))
    is_bundle = models.BooleanField(_("bundle"), default=False, editable=False)  # its parts are `bundled`
    refund_days = models.PositiveSmallIntegerField(
        _("days for a refund"), default=shop_refund_days, help_text=_("As promised when it was sold.")
    )

    is_upgraded: bool  # of lines loaded with_upgrades()

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "variant"], name="one_line_a_variant"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="line_has_a_quantity"),
            models.CheckConstraint(
                condition=Q(amount=F("net_amount") + F("tax_amount")), name="line_amount_is_net_and_tax"
            ),
            models.CheckConstraint(
                condition=Q(discount_amount__lte=F("unit_amount") * F("quantity")),
                name="line_discount_is_within_its_price",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_title} · {self.variant_title}" if self.variant_title else self.product_title

    @property
    def total(self) -> LineTotal:
        """How its amount came about, as when it was placed."""
        tax = Tax(self.tax_rate_bps, self.tax_is_included, label=self.tax_label)
        parts = tuple(Part(**part) for part in self.discounts)
        return LineTotal(Item(self.quantity, self.unit_amount, tax), parts, self.net_amount, self.tax_amount)

    @property
    def charged(self) -> tuple[int, int]:
        """Quantity and unit amount as a provider is told them: one of all where they don't come out even."""
        whole = self.quantity * STEPS.get(self.order.currency, 1)
        return (1, self.amount) if self.amount % whole else (self.quantity, self.amount // self.quantity)

    @property
    def charged_name(self) -> str:
        """The line as a provider shows it, with the quantity where charged does not say it."""
        return f"{self} × {self.quantity}" if self.charged[0] != self.quantity else str(self)

    @property
    def refund_until(self) -> datetime | None:
        """Until when its buyer may ask for the money back; None for what is free, unpaid or sold without."""
        if not (self.amount and self.refund_days and self.order.paid_at):
            return None
        return self.order.paid_at + timedelta(days=self.refund_days)
