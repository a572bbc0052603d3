from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models.category import Category
from catalog.models.picture import Picture
from storefront.text import fold_for_search


class ProductQuerySet(models.QuerySet["Product"]):
    def published(self) -> Self:
        """What buyers may see now; a product scheduled for later is not."""
        return self.filter(status=Product.Status.PUBLISHED, published_at__lte=timezone.now())

    def for_shelf(self) -> Self:
        """With all that a product's cover, title and price on a list need."""
        return (
            self.select_related("cover")
            .prefetch_related("variants__prices")
            .defer("description", "search_text")
        )


class Product(models.Model):
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

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.EBOOK)
    title = models.CharField(_("title"), max_length=200)
    slug = models.SlugField(
        _("slug"),
        max_length=200,
        unique=True,
        allow_unicode=True,
        help_text=_(
            "The last part of the product's address. After a change, old addresses lead to the new one."
        ),
    )
    tagline = models.CharField(_("one line of promise"), max_length=300, blank=True)
    description = models.TextField(_("description"), blank=True, help_text=_("Markdown."))
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
    requirements = models.TextField(_("requirements"), blank=True)
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
    sample = models.FileField(
        _("sample"),
        upload_to="samples/",
        max_length=300,
        blank=True,
        help_text=_("Open to everybody before buying: a first chapter as PDF, for example."),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    published_at = models.DateTimeField(
        _("on sale from"), null=True, blank=True, help_text=_("A time to come schedules the product.")
    )
    is_featured = models.BooleanField(_("featured on the home page"), default=False)
    search_text = models.TextField(editable=False, default="", blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["-published_at", "-pk"]
        indexes = [models.Index(fields=["status", "-published_at", "-id"], name="product_shelf")]
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
        published = self.status == self.Status.PUBLISHED and self.published_at
        return bool(published and self.published_at and self.published_at <= timezone.now())

    @property
    def is_scheduled(self) -> bool:
        published = self.status == self.Status.PUBLISHED and self.published_at
        return bool(published and self.published_at and self.published_at > timezone.now())

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.status == self.Status.PUBLISHED and self.published_at is None:
            self.published_at = timezone.now()
        self.search_text = self._searchable()
        if "update_fields" in kwargs and kwargs["update_fields"] is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "search_text", "published_at"}
        super().save(*args, **kwargs)

    def _searchable(self) -> str:
        names = ("title", "tagline", "author", "description")
        texts = [
            getattr(self, f"{name}_{code}") or "" for name in names for code, _name in settings.LANGUAGES
        ]
        return fold_for_search("\n".join(texts))


class OldSlug(models.Model):
    """An address that a product had before; it leads to the product's present one."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="old_slugs", verbose_name=_("product"))
    slug = models.SlugField(_("slug"), max_length=200, unique=True, allow_unicode=True)

    class Meta:
        verbose_name = _("old address")
        verbose_name_plural = _("old addresses")

    def __str__(self) -> str:
        return self.slug


class Faq(models.Model):
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
