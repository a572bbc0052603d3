import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Price, Product, Variant
from catalog.models.price import currencies
from catalog.models.text import TextModel
from catalog.rows import JSONRows
from checkout.models.order import Order
from checkout.pricing import share
from storefront.money import STEPS, decimals


class OfferQuerySet(models.QuerySet["Offer"]):
    def current(self, at: datetime | None = None) -> Self:
        """Those that hold now, or at another time."""
        now = at or timezone.now()
        begun = Q(starts_at=None) | Q(starts_at__lte=now)
        return self.filter(begun, Q(ends_at=None) | Q(ends_at__gt=now), is_active=True)

    def for_products(self, products: Iterable[int]) -> Self:
        """Those that any of these products brings about, and bumps and upsells that ask for none."""
        triggers = Offer.products.through.objects.filter(offer=OuterRef("pk"))
        asks_for_none = Q(kind__in=[Offer.Kind.BUMP, Offer.Kind.UPSELL]) & ~Exists(triggers)
        return self.filter(Exists(triggers.filter(product__in=products)) | asks_for_none)

    def touching_variants(self) -> Self:
        """For a query of variants: those that a cart with one of them has to do with."""
        triggers = Offer.products.through.objects.filter(offer=OuterRef("pk"))
        is_suggested = Q(kind__in=[Offer.Kind.CROSS, Offer.Kind.BUMP]) & Exists(
            triggers.filter(product=OuterRef(OuterRef("product")))
        )
        is_for_all = Q(kind=Offer.Kind.BUMP) & ~Exists(triggers)
        return self.filter(Q(variant=OuterRef("pk")) | is_suggested | is_for_all)

    def upgrading_lines(self) -> Self:
        """For a query of order lines: the upgrades that there are for one of them."""
        triggers = Offer.products.through.objects.filter(offer=OuterRef("pk"))
        is_of_product = Exists(triggers.filter(product=OuterRef(OuterRef("variant__product"))))
        upgrades = self.filter(kind=Offer.Kind.UPGRADE)
        return upgrades.filter(Q(former=OuterRef("variant")) | is_of_product)

    def priced_in(self, currency: str) -> Self:
        """With their prices in this currency, their products and the cover at hand: all in one query.

        `list_amount` is what is asked for the variant now, by a sale if one is on.
        """
        prices = Price.objects.filter(variant=OuterRef("variant"), currency=currency)
        amounts = prices.asked(timezone.now()).values("asked")  # type: ignore[misc]
        own = OfferPrice.objects.filter(offer=OuterRef("pk"), currency=currency).values("amount")
        products = Offer.products.through.objects.filter(offer=OuterRef("pk"))
        return (
            self.select_related("variant__product__cover")
            .defer("variant__product__description", "variant__product__search_text")
            .annotate(
                list_amount=Subquery(amounts),
                own_amount=Subquery(own),
                currency=Value(currency),
                product_rows=Cast(JSONRows(products, id=F("product_id")), models.TextField()),
            )
            .order_by("pk")
        )


class Offer(TextModel):
    """A better price for one variant, on a condition that its kind says."""

    class Kind(models.TextChoices):
        CROSS = "cross", _("Together: whoever buys one gets the other for less")
        BUMP = "bump", _("In the checkout: a box to tick")
        UPSELL = "upsell", _("After the payment: one click to another order")
        LOYAL = "loyal", _("For earlier buyers")
        UPGRADE = "upgrade", _("Upgrade: earlier buyers pay the difference")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    title = models.CharField(
        _("title"), max_length=200, blank=True, help_text=_("What buyers read, such as: Goes well with it.")
    )
    products = models.ManyToManyField(
        Product,
        related_name="+",
        blank=True,
        verbose_name=_("because of these products"),
        help_text=_("Any of them is enough."),
    )
    former = models.ForeignKey(
        Variant,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("or of this variant"),
        help_text=_("Only for upgrades within one product: the variant that buyers have now."),
    )
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+", verbose_name=_("what is offered"))
    rate_bps = models.PositiveIntegerField(_("share off in basis points"), default=0)
    hours = models.PositiveSmallIntegerField(
        _("hours"), default=24, help_text=_("Of an offer after the payment: for how long.")
    )
    is_active = models.BooleanField(_("active"), default=True)
    starts_at = models.DateTimeField(_("begins"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(rate_bps__lte=10_000), name="offer_share_is_a_part"),
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                name="offer_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(self.variant)

    @property
    def is_current(self) -> bool:
        """As current() says it of many."""
        now = timezone.now()
        has_begun = self.starts_at is None or self.starts_at <= now
        return self.is_active and has_begun and (self.ends_at is None or self.ends_at > now)

    @property
    def can_be_bought(self) -> bool:
        """Whether its variant is on sale, of an offer loaded by priced_in()."""
        return self.variant.is_active and self.variant.product.is_on_sale and self.unit_amount is not None

    @property
    def unit_amount(self) -> int | None:
        """What one costs by it, of an offer loaded by priced_in(): never more than is asked without it.

        None where it says no price, and of a variant whose buyers name the price.
        """
        loaded = vars(self)
        is_unsaid = loaded["list_amount"] is None or self.variant.is_pay_what_you_want
        if is_unsaid or self.kind == self.Kind.UPGRADE:
            return None
        if loaded["own_amount"] is not None:
            return int(min(loaded["own_amount"], loaded["list_amount"]))
        if not self.rate_bps:
            return None
        step = STEPS.get(loaded["currency"], 1)
        return int(
            loaded["list_amount"] - step * share(loaded["list_amount"] // step, 10_000, 0, self.rate_bps)
        )

    @property
    def product_ids(self) -> frozenset[int]:
        """The products that bring it about, of an offer loaded by priced_in()."""
        return frozenset(row["id"] for row in json.loads(vars(self)["product_rows"]))


class OfferPrice(models.Model):
    """What one costs by an offer, in integer minor units of one currency."""

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="prices", verbose_name=_("offer"))
    currency = models.CharField(_("currency"), max_length=3, choices=currencies)
    amount = models.PositiveBigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("price of an offer")
        verbose_name_plural = _("prices of offers")
        ordering = ["currency"]
        constraints = [
            models.UniqueConstraint(fields=["offer", "currency"], name="one_offer_price_a_currency")
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises UnknownCurrency for a code without known decimals: such an amount would mean nothing."""
        decimals(self.currency)
        super().save(*args, **kwargs)


class Upsell(models.Model):
    """An order that was placed by one click on the page of another."""

    source = models.ForeignKey(
        Order, models.PROTECT, related_name="upsells", verbose_name=_("after the order")
    )
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="upsells", verbose_name=_("offer"))
    order = models.OneToOneField(Order, models.PROTECT, related_name="upsold", verbose_name=_("order"))

    class Meta:
        verbose_name = _("upsell")
        verbose_name_plural = _("upsells")
        constraints = [
            models.UniqueConstraint(fields=["source", "offer"], name="one_upsell_an_order_and_offer")
        ]

    def __str__(self) -> str:
        return f"{self.source} · {self.order}"
