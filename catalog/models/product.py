from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Least
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.card import Card
from catalog.models.category import Category
from catalog.models.picture import Picture
from catalog.models.price import Price, PriceQuerySet, next_change
from catalog.models.sample import SampleField, sample_name
from catalog.models.slug import free_slug
from catalog.models.text import TextModel
from catalog.price_tag import PriceTag, read_tag
from catalog.ready import NOW, ready
from catalog.rows import JSONRows
from storefront.shop import shop
from storefront.text import fold_for_search

LANGUAGES = [code for code, _name in settings.LANGUAGES]
TITLES = [f"title_{code}" for code in LANGUAGES]


def _cheapest(at: datetime, currency: str) -> PriceQuerySet:
    """The one price of a product, in a subquery, that is the lowest at a time."""
    prices = Price.objects.sold_in(currency).filter(variant__product=OuterRef("pk")).asked(at)
    return prices.order_by("asked", "pk")[:1]


def _lowest_tag(currency: str) -> JSONRows:
    return _cheapest(NOW, currency).tag_rows()


def _next_change(currency: str) -> Least:
    return next_change(NOW, currency)


class ProductQuerySet(models.QuerySet["Product"]):
    def published(self) -> Self:
        """What buyers may see now; a product scheduled for later is not."""
        return self.filter(status=Product.Status.PUBLISHED, published_at__lte=timezone.now())

    def scheduled(self) -> Self:
        return self.filter(status=Product.Status.PUBLISHED, published_at__gt=timezone.now())

    def for_shelf(self) -> Self:
        """With all that a product's cover, title and lowest price on a list need, in one query."""
        now = timezone.now()
        return (
            self.select_related("cover")
            .annotate(
                lowest=ready(Product, _lowest_tag, models.TextField(), now),
                changes_at=ready(Product, _next_change, models.DateTimeField(), now),
            )
            .defer("description", "requirements", "license_summary", "search_title", "search_text")
        )

    def note_amounts(self) -> None:
        """Bring the order by price up to date. Saving prices and variants one by one does it by itself."""
        lowest = Subquery(_cheapest(timezone.now(), shop().currency).values("asked"))  # type: ignore[misc]
        self.order_by().update(sorting_amount=lowest)

    def note_begun_and_ended_sales(self) -> None:
        """As note_amounts(), where the clock alone has changed a price. Writes nothing where it has not."""
        lowest = Subquery(_cheapest(timezone.now(), shop().currency).values("asked"))  # type: ignore[misc]
        planned = Price.objects.current().exclude(sale_amount=None).filter(variant__product=OuterRef("pk"))
        self.order_by().filter(Exists(planned)).exclude(sorting_amount=lowest).note_amounts()


class Product(TextModel):
    """A thing in the shop."""

    class Kind(models.TextChoices):
        EBOOK = "ebook", _("E-book")
        PLUGIN = "plugin", _("Plugin")
        THEME = "theme", _("Theme")
        TEMPLATE = "template", _("Template")
        CODES = "codes", _("Codes")
        BUNDLE = "bundle", _("Bundle")
        OTHER = "other", _("Other")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")

    class TaxClass(models.TextChoices):
        STANDARD = "standard", _("At the standard rate")
        EBOOK = "ebook", _("As an e-book")
        EXEMPT = "exempt", _("Never")

    class Stamping(models.TextChoices):
        OFF = "off", _("No mark")
        STRICT = "strict", _("Marked; what can't be marked waits for you")
        LENIENT = "lenient", _("Marked; what can't be marked is delivered as it is")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.EBOOK)
    title = models.CharField(_("title"), max_length=200)
    slug = models.SlugField(
        _("slug"),
        max_length=200,
        unique=True,
        allow_unicode=True,
        blank=True,
        help_text=_(
            "The last part of the product's address; empty makes one from the title. "
            "After a change, old addresses lead to the new one."
        ),
    )
    tagline = models.CharField(_("one line of promise"), max_length=300, blank=True)
    author = models.CharField(_("author"), max_length=200, blank=True)
    content_language = models.CharField(
        _("language of the content"), max_length=8, choices=settings.LANGUAGES, blank=True
    )
    license_summary = models.CharField(
        _("licence in one sentence"),
        max_length=300,
        blank=True,
        help_text=_("What the buyer may do with it."),
    )
    categories = models.ManyToManyField(
        Category, related_name="products", blank=True, verbose_name=_("categories")
    )
    cover = models.ForeignKey(
        Picture,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cover"),
        editable=False,
    )
    is_cover_drawn = models.BooleanField(default=False, editable=False)
    sample = SampleField(
        _("sample"),
        upload_to=sample_name,
        max_length=300,
        blank=True,
        help_text=_("Open to everybody before buying: a first chapter as PDF, for example."),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    published_at = models.DateTimeField(
        _("on sale from"), null=True, blank=True, help_text=_("A time to come schedules the product.")
    )
    refund_days = models.PositiveSmallIntegerField(
        _("days for a refund"),
        null=True,
        blank=True,
        help_text=_("Empty takes the shop's own number of days; 0 sells it without money back."),
    )
    download_limit = models.PositiveIntegerField(
        _("downloads of each file"),
        null=True,
        blank=True,
        help_text=_("How often a buyer may fetch a file. 0 is without limit; empty takes the shop's own."),
    )
    download_days = models.PositiveIntegerField(
        _("days of downloading"),
        null=True,
        blank=True,
        help_text=_("From the payment on. 0 is for ever; empty takes the shop's own."),
    )
    keeps_old_releases = models.BooleanField(
        _("buyers keep older releases"),
        default=False,
        help_text=_("Otherwise they find the newest release only."),
    )
    stamping = models.CharField(
        _("buyer's mark in PDF and EPUB"),
        max_length=10,
        choices=Stamping,
        default=Stamping.OFF,
        help_text=_("Name, part of the e-mail address and order number, on every page of a PDF."),
    )
    tax_class = models.CharField(
        _("taxed"),
        max_length=10,
        choices=TaxClass,
        blank=True,
        help_text=_("Empty taxes e-books as such, and all else at the standard rate."),
    )
    is_featured = models.BooleanField(_("featured on the home page"), default=False)
    # What sorting by price looks at: the lowest amount when prices last changed. Never shown.
    sorting_amount = models.PositiveBigIntegerField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    # Long texts come last: SQLite reads a row from its beginning, and lists stop before these.
    description = models.TextField(_("description"), blank=True, help_text=_("Markdown."))
    requirements = models.TextField(_("requirements"), blank=True)
    # What search looks at: folded words with a space at both ends, so that " ab" finds where words begin.
    search_title = models.TextField(editable=False, default="", blank=True)
    search_text = models.TextField(editable=False, default="", blank=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["-published_at", "-pk"]
        indexes = [
            models.Index(fields=["status", "-published_at", "-id"], name="product_shelf"),
            models.Index(fields=["status", "kind", "-published_at", "-id"], name="product_kind_shelf"),
            models.Index(fields=["status", "sorting_amount", "-id"], name="product_price_shelf"),
            models.Index(
                fields=["status", "-published_at", "-id"],
                condition=Q(is_featured=True),
                name="product_featured",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False), name="published_has_a_time"
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("product", args=[self.slug])

    @property
    def is_on_sale(self) -> bool:
        return bool(self._has_a_time and self.published_at and self.published_at <= timezone.now())

    @property
    def is_scheduled(self) -> bool:
        return bool(self._has_a_time and self.published_at and self.published_at > timezone.now())

    @property
    def _has_a_time(self) -> bool:
        return self.status == self.Status.PUBLISHED and self.published_at is not None

    @property
    def refund_window_days(self) -> int:
        """How long a buyer of it may ask for the money back: its own number of days, or the shop's."""
        return shop().refund_window_days if self.refund_days is None else self.refund_days

    @property
    def taxed_as(self) -> TaxClass:
        """Its own tax class, or what its kind is as a rule."""
        if self.tax_class:
            return self.TaxClass(self.tax_class)
        return self.TaxClass.EBOOK if self.kind == self.Kind.EBOOK else self.TaxClass.STANDARD

    @property
    def lowest_price(self) -> PriceTag | None:
        """The price to show on a shelf, of a product loaded by for_shelf(); None where it can't be bought."""
        return read_tag(self.__dict__["lowest"], shop().currency)

    @property
    def card(self) -> Card:
        """What a shelf shows of a product loaded by for_shelf(), in the reader's language."""
        return Card(
            slug=self.slug,
            title=self.title,
            author=self.author,
            kind=self.kind,
            content_language=self.content_language,
            cover=self.cover,
            is_cover_drawn=self.is_cover_drawn,
            price=self.lowest_price,
        )

    def note_amounts(self) -> None:
        """As for many products, after a price or variant of this one changed."""
        Product.objects.filter(pk=self.pk).note_amounts()

    def publish(self) -> None:
        """Put it on sale: at the time it was scheduled for, or now. Repeating it changes nothing."""
        self.status = self.Status.PUBLISHED
        self.save(update_fields=["status", "updated_at"])

    def unpublish(self) -> None:
        """Take it off sale. Buyers keep what they have."""
        self.status = self.Status.DRAFT
        self.save(update_fields=["status", "updated_at"])

    def clean(self) -> None:
        """What is published without a time is on sale from now."""
        if self.status == self.Status.PUBLISHED and self.published_at is None:
            self.published_at = timezone.now()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A changed slug leaves its old one behind as a redirect; a slug in use redirects no more."""
        self.clean()
        self.slug = self.slug or free_slug(Product.objects.exclude(pk=self.pk), self.title, self.kind)
        self.search_title, self.search_text = (
            self._searchable("title"),
            self._searchable("title", "tagline", "author", "description"),
        )
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {
                *kwargs["update_fields"],
                "search_title",
                "search_text",
                "published_at",
            }
        with transaction.atomic():
            former = Product.objects.filter(pk=self.pk).exclude(slug=self.slug).first() if self.pk else None
            super().save(*args, **kwargs)
            OldSlug.objects.filter(slug=self.slug).delete()
            for price in Price.objects.filter(variant__product=self).exclude(sale_amount=None):
                price.note_lowest_before()
            if former:
                OldSlug.objects.update_or_create(slug=former.slug, defaults={"product": self})

    def _searchable(self, *names: str) -> str:
        texts = [getattr(self, f"{name}_{code}") or "" for name in names for code in LANGUAGES]
        return f" {fold_for_search(' '.join(texts))} "


class OldSlug(models.Model):
    """An address that a product had before; it leads to the product's present one."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="old_slugs", verbose_name=_("product"))
    slug = models.SlugField(_("slug"), max_length=200, unique=True, allow_unicode=True)

    class Meta:
        verbose_name = _("old address")
        verbose_name_plural = _("old addresses")

    def __str__(self) -> str:
        return self.slug


class Faq(TextModel):
    """A question that buyers ask, with its answer."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="faqs", verbose_name=_("product"))
    question = models.CharField(_("question"), max_length=300)
    answer = models.TextField(_("answer"))
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("question and answer")
        verbose_name_plural = _("questions and answers")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.question
