from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Least
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models.price_change import PriceChange
from catalog.price_history import DAYS_BEFORE, Terms, lowest_asked
from catalog.price_tag import PriceTag, Tier, read_tiers
from catalog.rows import JSONRows
from storefront.money import DECIMALS, decimals, format_money
from storefront.shop import shop

NEVER = datetime(9000, 1, 1, tzinfo=UTC)
_SALE = ("sale_amount", "sale_starts_at", "sale_ends_at", "lowest_before")


def currencies() -> list[tuple[str, str]]:
    return [(code, code) for code in sorted(DECIMALS)]


class PriceQuerySet(models.QuerySet["Price"]):
    def sold_in(self, currency: str) -> Self:
        """Prices of active variants in a currency."""
        return self.filter(currency=currency, variant__is_active=True)

    def current(self) -> Self:
        """Those in the shop's currency."""
        return self.sold_in(shop().currency)

    def on_sale(self, at: datetime) -> Self:
        """Those whose sale is on at a time."""
        return self.filter(_sale_is_on(at))

    def asked(self, at: datetime) -> Self:
        """With what is asked at a time as `asked`, and of a sale that is on then `ends_at` and `before`."""
        is_on = _sale_is_on(at)
        return self.annotate(
            asked=Case(When(is_on, then=F("sale_amount")), default=F("amount")),
            ends_at=Case(When(is_on, then=F("sale_ends_at"))),
            before=Case(When(is_on, then=F("lowest_before"))),
        )

    def tag_rows(self, **more: Any) -> JSONRows:
        """A subquery of prices that are asked(), as their tags for price_tag.read_tag()."""
        columns = {name: F(name) for name in ("asked", "amount", "ends_at", "before", "suggested_amount")}
        return JSONRows(self, **columns, is_minimum=F("variant__is_pay_what_you_want"), **more)

    def with_tiers(self) -> Self:
        """With the tiers as `tier_rows`, so that a tag needs no query of its own."""
        return self.annotate(tier_rows=tier_rows())


def tier_rows() -> JSONRows:
    """A subquery of a price's tiers, for price_tag.read_tiers()."""
    tiers = PriceTier.objects.filter(price=OuterRef("pk"))
    return JSONRows(tiers, from_quantity=F("from_quantity"), amount=F("amount"))


def next_change(at: datetime, currency: str) -> Least:
    """When any sale in a currency next begins or ends: an expression, the same for every row.

    NEVER, where none is planned.
    """
    prices = Price.objects.filter(currency=currency).order_by()
    begins = prices.filter(sale_starts_at__gt=at).order_by("sale_starts_at").values("sale_starts_at")[:1]
    ends = prices.filter(sale_ends_at__gt=at).order_by("sale_ends_at").values("sale_ends_at")[:1]
    never = Value(NEVER, output_field=models.DateTimeField())
    return Least(Coalesce(Subquery(begins), never), Coalesce(Subquery(ends), never))


def _sale_is_on(at: datetime) -> Q:
    is_open = Q(sale_ends_at=None) | Q(sale_ends_at__gt=at)
    return is_open & Q(sale_starts_at__lte=at, variant__is_pay_what_you_want=False)


class Price(models.Model):
    """What a variant costs in one currency, in integer minor units, and for how long it costs less.

    Where buyers name the price, the amount is the least they may pay.
    """

    variant = models.ForeignKey(
        "catalog.Variant", models.CASCADE, related_name="prices", verbose_name=_("variant")
    )
    currency = models.CharField(_("currency"), max_length=3, choices=currencies)
    amount = models.PositiveBigIntegerField(_("amount"))
    sale_amount = models.PositiveBigIntegerField(_("sale price"), null=True, blank=True)
    sale_starts_at = models.DateTimeField(_("sale from"), null=True, blank=True)
    sale_ends_at = models.DateTimeField(_("sale until"), null=True, blank=True)
    lowest_before = models.PositiveBigIntegerField(
        _("lowest price of the 30 days before the sale"), null=True, editable=False
    )
    suggested_amount = models.PositiveBigIntegerField(_("suggested price"), null=True, blank=True)

    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["currency"]
        indexes = [
            models.Index(
                fields=["sale_starts_at"], condition=Q(sale_starts_at__isnull=False), name="price_sale_start"
            ),
            models.Index(
                fields=["sale_ends_at"], condition=Q(sale_ends_at__isnull=False), name="price_sale_end"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["variant", "currency"], name="one_price_a_currency"),
            models.CheckConstraint(
                condition=Q(sale_amount=None, sale_starts_at=None, sale_ends_at=None)
                | Q(sale_amount__lt=F("amount"), sale_starts_at__isnull=False),
                name="sale_is_below_the_price_and_begins",
            ),
            models.CheckConstraint(
                condition=Q(sale_ends_at=None) | Q(sale_ends_at__gt=F("sale_starts_at")),
                name="sale_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(suggested_amount=None) | Q(suggested_amount__gte=F("amount")),
                name="suggestion_is_not_below_the_price",
            ),
        ]

    def __str__(self) -> str:
        return format_money(self.amount, self.currency, "en")

    @property
    def sale(self) -> tuple[int, datetime, datetime | None] | None:
        """Amount, begin and end of the sale that was planned, whether it is on or not; None without one."""
        if self.sale_amount is None or self.sale_starts_at is None or self.variant.is_pay_what_you_want:
            return None
        return self.sale_amount, self.sale_starts_at, self.sale_ends_at

    def tag_at(self, at: datetime) -> PriceTag:
        """What is said about it at a time: the same as PriceQuerySet.tag_rows() has the database say."""
        amount, starts_at, ends_at = self.sale or (0, None, None)
        is_on = starts_at is not None and starts_at <= at and (ends_at is None or ends_at > at)
        return PriceTag(
            amount=amount if is_on else self.amount,
            currency=self.currency,
            list_amount=self.amount,
            sale_ends_at=ends_at if is_on else None,
            lowest_before=self.lowest_before if is_on else None,
            is_minimum=self.variant.is_pay_what_you_want,
            suggested_amount=self.suggested_amount,
            tiers=self._tiers,
        )

    @property
    def _tiers(self) -> tuple[Tier, ...]:
        rows = self.__dict__.get("tier_rows")
        if rows is None:
            return tuple(Tier(tier.from_quantity, tier.amount) for tier in self.tiers.all())
        return read_tiers(rows)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keeps the history, too. Raises UnknownCurrency for a code without known decimals.

        A sale begins now at the earliest, whatever its day says, for nobody was asked less before; one that
        is over is taken off.
        """
        decimals(self.currency)
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], *_SALE}
        with transaction.atomic():
            changes = PriceChange.objects.of(self.variant_id, self.currency)
            now, history = timezone.now(), [change.terms for change in changes]
            self._settle_sale(now, history)
            terms = Terms(now, self.amount, self.sale_amount, self.sale_starts_at, self.sale_ends_at)
            self.lowest_before = self._lowest_before([*history, terms])
            super().save(*args, **kwargs)
            if not history or replace(history[-1], asked_from=now) != terms:
                PriceChange.objects.create(variant=self.variant, currency=self.currency, **asdict(terms))
            self.variant.product.note_amounts()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            PriceChange.objects.create(variant=self.variant, currency=self.currency, amount=None)
            deleted = super().delete(*args, **kwargs)
            self.variant.product.note_amounts()
        return deleted

    def set_tiers(self, tiers: Collection[Tier]) -> None:
        """Have these quantity prices and no others. Safe to repeat."""
        self.tiers.exclude(from_quantity__in=[tier.from_quantity for tier in tiers]).delete()
        for tier in tiers:
            self.tiers.update_or_create(from_quantity=tier.from_quantity, defaults={"amount": tier.amount})

    def note_lowest_before(self) -> None:
        """Look at the history again, after the product went on sale at another time."""
        history = [change.terms for change in PriceChange.objects.of(self.variant_id, self.currency)]
        Price.objects.filter(pk=self.pk).update(lowest_before=self._lowest_before(history))

    def _settle_sale(self, now: datetime, history: list[Terms]) -> None:
        if self.sale_amount is None or (self.sale_ends_at is not None and self.sale_ends_at <= now):
            self.sale_amount = self.sale_starts_at = self.sale_ends_at = None
            return
        former = history[-1] if history else Terms(now, None)
        is_running = former.sale_amount in [*former.asked(now, now + timedelta.resolution)]
        earliest = former.sale_starts_at if is_running and former.sale_starts_at else now
        self.sale_starts_at = max(self.sale_starts_at or earliest, earliest)

    def _lowest_before(self, history: list[Terms]) -> int | None:
        """Nobody was asked before the product itself was on sale."""
        start, published_at = self.sale_starts_at, self.variant.product.published_at
        if start is None or published_at is None:
            return None
        return lowest_asked(history, max(start - DAYS_BEFORE, published_at), start)


class PriceTier(models.Model):
    """What each costs from so many on, where that is less."""

    price = models.ForeignKey(Price, models.CASCADE, related_name="tiers", verbose_name=_("price"))
    from_quantity = models.PositiveIntegerField(_("from how many on"))
    amount = models.PositiveBigIntegerField(_("price of each"))

    class Meta:
        verbose_name = _("quantity price")
        verbose_name_plural = _("quantity prices")
        ordering = ["from_quantity"]
        constraints = [
            models.UniqueConstraint(fields=["price", "from_quantity"], name="one_tier_a_quantity"),
            models.CheckConstraint(condition=Q(from_quantity__gte=2), name="tier_begins_with_two"),
        ]

    def __str__(self) -> str:
        return f"{self.from_quantity}+: {format_money(self.amount, self.price.currency, 'en')}"
