import hashlib
import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from checkout.models import BundledVariant, OrderLine
from delivery.models.plan import LicensePlan
from storefront.text import fold_code

MAX_KEY = 500  # letters; what is longer is no key and is not looked at


def key_hash(key: str) -> str:
    """What a key is looked up by: however it is spelled, and telling nothing by the time the search takes."""
    return hashlib.sha256(fold_code(key[:MAX_KEY]).encode()).hexdigest()


def standing_of(status: str, withdrawn: str, expires_at: datetime | None) -> str:
    """One of active, expired, suspended, revoked: the gravest of what staff, the money and time say."""
    if status == "revoked" or withdrawn == "refunded":
        return "revoked"
    if status == "suspended" or withdrawn == "disputed":
        return "suspended"
    return "expired" if expires_at is not None and expires_at <= timezone.now() else "active"


class LicenseQuerySet(models.QuerySet["License"]):
    def with_uses(self) -> Self:
        """With plan, and as `uses` the activations that hold: what a buyer's page shows."""
        uses = apps.get_model("delivery", "Activation").objects.in_use()
        prefetch = models.Prefetch("activations", queryset=uses, to_attr="uses")
        rows = self.select_related("plan", "bundled__variant__product")
        return rows.order_by("bundled", "number").prefetch_related(prefetch)

    def locked(self) -> Self:
        return self.select_for_update(of=["self"])

    def standing(self, standing: str) -> Self:
        """Those of one standing, as License.standing says it."""
        revoked = Q(status=License.Status.REVOKED) | Q(withdrawn=License.Withdrawn.REFUNDED)
        suspended = Q(status=License.Status.SUSPENDED) | Q(withdrawn=License.Withdrawn.DISPUTED)
        over = Q(expires_at__isnull=False, expires_at__lte=timezone.now())
        wanted = {
            "revoked": revoked,
            "suspended": suspended & ~revoked,
            "expired": over & ~suspended & ~revoked,
            "active": ~over & ~suspended & ~revoked,
        }
        return self.filter(wanted[standing]) if standing in wanted else self.none()


class License(models.Model):
    """A key with limits, one for each unit of an order line, or of a part of its bundle.

    Never deleted, so that no key comes back. Two things stop it: what staff decided (status), and what the
    money says (withdrawn), which may come and go with refunds and disputes without touching the first.
    *Expired* is a time, not a state.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        REVOKED = "revoked", _("Revoked")

    class Withdrawn(models.TextChoices):
        NO = "", _("Paid")
        DISPUTED = "disputed", _("Disputed")
        REFUNDED = "refunded", _("Refunded")

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="licenses", verbose_name=_("order line"))
    bundled = models.ForeignKey(
        BundledVariant,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="licenses",
        verbose_name=_("part of a bundle"),
    )
    number = models.PositiveIntegerField(_("number in the line"), default=1)
    plan = models.ForeignKey(
        LicensePlan, models.PROTECT, related_name="licenses", verbose_name=_("licence plan")
    )
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="+", verbose_name=_("variant"))
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(_("key"), max_length=200)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    activation_limit = models.PositiveIntegerField(_("activations"), help_text=_("0 is without limit."))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True, help_text=_("Empty is never."))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ACTIVE)
    withdrawn = models.CharField(
        _("money"), max_length=10, choices=Withdrawn, default=Withdrawn.NO, blank=True
    )
    # The line that moved it to another edition, while that stands, and what it was before any did.
    upgraded_by = models.ForeignKey(
        OrderLine,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="moved_licenses",
        verbose_name=_("upgraded by"),
    )
    before_upgrade = models.JSONField(null=True, editable=False)
    issued_at = models.DateTimeField(_("issued"), auto_now_add=True)
    checked_at = models.DateTimeField(_("last asked about"), null=True, blank=True)

    objects = LicenseQuerySet.as_manager()

    class Meta:
        verbose_name = _("licence")
        verbose_name_plural = _("licences")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "number"], condition=Q(bundled=None), name="one_license_a_unit"
            ),
            models.UniqueConstraint(fields=["bundled", "number"], name="one_license_a_bundled_unit"),
        ]

    def __str__(self) -> str:
        return self.key_short

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.key_hash = key_hash(self.key)
        super().save(*args, **kwargs)

    @property
    def title(self) -> str:
        """What it is for, as a buyer knows it: the product of that day, or the part of the bundle."""
        return str(self.bundled.variant) if self.bundled else self.line.product_title

    @property
    def key_short(self) -> str:
        """Enough to recognise the key by, and too little to use it; kept together in any line."""
        return f"\u2066…{self.key[-6:]}\u2069"

    @property
    def used(self) -> int:
        """How many places are taken, of a licence loaded with_uses()."""
        return sum(not use.is_free for use in self.__dict__["uses"])

    @property
    def standing(self) -> str:
        return standing_of(self.status, self.withdrawn, self.expires_at)

    # Moves. Each is one transaction with its line of history; doing it twice does nothing.

    def suspend(self, why: str = "") -> bool:
        """active -> suspended, until resumed."""
        return self._move([self.Status.ACTIVE], self.Status.SUSPENDED, "suspended", {"why": why})

    def resume(self) -> bool:
        """suspended -> active. What is revoked stays so."""
        return self._move([self.Status.SUSPENDED], self.Status.ACTIVE, "resumed")

    def revoke(self, why: str = "") -> bool:
        """active or suspended -> revoked, for ever."""
        sources = [self.Status.ACTIVE, self.Status.SUSPENDED]
        return self._move(sources, self.Status.REVOKED, "revoked", {"why": why})

    def follow_money(self, withdrawn: str) -> bool:
        """Say what the money says, whatever it said before. False when that is nothing new."""
        with transaction.atomic():
            moved = (
                License.objects.filter(pk=self.pk).exclude(withdrawn=withdrawn).update(withdrawn=withdrawn)
            )
            if moved:
                self.withdrawn = withdrawn
                LicenseMove.record(self, "money", {"withdrawn": withdrawn})
            return bool(moved)

    def set_expiry(self, expires_at: datetime | None) -> bool:
        """Let it end at another time. False when that is nothing new."""
        return self._change("expiry_set", expires_at=expires_at)

    def set_limit(self, limit: int) -> bool:
        """Allow this many activations at once. Those that are there stay. False when that is nothing new."""
        return self._change("limit_set", activation_limit=limit)

    def extend(self, days: int, *, once: str) -> bool:
        """Add days to the expiry, or to now where that is past; once for each cause, such as "line:17".

        False, and nothing done, on a repeat, and for a licence that never expires.
        """
        with transaction.atomic():
            license_ = License.objects.locked().get(pk=self.pk)
            if license_.expires_at is None:
                return False
            start = max(license_.expires_at, timezone.now())
            expires_at = (start + timedelta(days=days)).replace(hour=23, minute=59, second=59, microsecond=0)
            if not LicenseMove.record(self, "extended", {"until": expires_at.isoformat()}, once=once):
                return False
            License.objects.filter(pk=self.pk).update(expires_at=expires_at)
            self.expires_at = expires_at
            return True

    def _move(
        self, sources: list[Status], target: Status, name: str, data: dict[str, Any] | None = None
    ) -> bool:
        with transaction.atomic():
            moved = License.objects.filter(pk=self.pk, status__in=sources).update(status=target)
            if moved:
                self.status = target
                LicenseMove.record(self, name, data)
            return bool(moved)

    def _change(self, name: str, **change: Any) -> bool:
        with transaction.atomic():
            moved = License.objects.filter(pk=self.pk).exclude(**change).update(**change)
            if moved:
                self.__dict__.update(change)
                LicenseMove.record(self, name, {field: str(value) for field, value in change.items()})
            return bool(moved)


class LicenseMove(models.Model):
    """Something that happened to a licence, kept for staff. It only grows."""

    license = models.ForeignKey(License, models.PROTECT, related_name="moves", verbose_name=_("licence"))
    name = models.CharField(_("event"), max_length=40)
    data = models.JSONField(_("details"), default=dict, blank=True)
    once = models.CharField(max_length=60, null=True, editable=False)
    created_at = models.DateTimeField(_("time"), auto_now_add=True)

    class Meta:
        verbose_name = _("licence event")
        verbose_name_plural = _("licence events")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["license", "once"], name="license_move_happens_once")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def record(
        cls, license_: License, name: str, data: dict[str, Any] | None = None, *, once: str | None = None
    ) -> bool:
        """Write it in the caller's transaction. With `once`, false for a second of that key."""
        move = cls(license=license_, name=name, data=data or {}, once=once)
        try:
            with transaction.atomic():
                move.save()
        except IntegrityError:
            if once is None:
                raise
            return False  # it happened before
        return True
