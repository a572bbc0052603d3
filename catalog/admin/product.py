from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from catalog.admin.bundle import BundleInline
from catalog.admin.fields import PictureField
from catalog.admin.languages import LanguagesAdmin, TranslatedForm
from catalog.admin.parts import FaqInline, FileInline, ImageInline, ReleaseInline, thumbnail
from catalog.admin.variant import VariantInline
from catalog.covers import DRAWN_FROM, ask_for_cover, set_cover
from catalog.duplicating import duplicate
from catalog.models import BundleItem, Product
from catalog.search import search_products
from storefront.money import digits
from storefront.templatetags.shop import icon, price, when


class ProductForm(TranslatedForm):
    needed = ("title",)

    cover_upload = PictureField(
        label=_("new cover"), help_text=_("PNG, JPEG, WebP, GIF or AVIF. Without one, we draw a cover.")
    )
    draw_cover = forms.BooleanField(label=_("draw a cover instead"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stamping"].required = False  # left out, it is off
        day, hour = self.fields["published_at"].widget.widgets
        day.attrs["aria-label"], hour.attrs["aria-label"] = _("on sale from, day"), _("on sale from, time")

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        bundle = BundleItem.objects.filter(member__product=self.instance.pk).select_related("bundle").first()
        if kind == Product.Kind.BUNDLE and bundle and self.instance.pk:
            words = _("This is in the bundle %(title)s, so it can't be one itself.")
            raise forms.ValidationError(words, params={"title": bundle.bundle})
        return kind

    class Meta:
        widgets = {"categories": forms.CheckboxSelectMultiple, "kind": forms.RadioSelect}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("on_sale", _("On sale")), ("scheduled", _("Scheduled")), ("draft", _("Draft"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        if self.value() == "on_sale":
            return queryset.published()  # type: ignore[attr-defined]
        if self.value() == "scheduled":
            return queryset.scheduled()  # type: ignore[attr-defined]
        return queryset.filter(status=Product.Status.DRAFT) if self.value() == "draft" else queryset


@admin.register(Product)
class ProductAdmin(LanguagesAdmin, admin.ModelAdmin):
    form = ProductForm
    inlines = [VariantInline, BundleInline, ReleaseInline, FileInline, ImageInline, FaqInline]
    languages = ("title", "tagline", "description", "author", "license_summary", "requirements")
    before = [(None, {"fields": ["kind", "content_language", "categories"]})]
    after = [
        (_("Cover and sample"), {"fields": ["cover_preview", "cover_upload", "draw_cover", "sample"]}),
        (_("Delivery"), {"fields": ["download_limit", "download_days", "keeps_old_releases", "stamping"]}),
        (_("On sale"), {"fields": ["status", "published_at", "refund_days", "is_featured", "slug"]}),
        (_("Tax"), {"fields": ["tax_class"]}),
    ]
    readonly_fields = ["cover_preview"]
    list_display = ["cover_preview", "title", "kind", "state", "lowest", "as_buyer"]
    list_display_links = ["cover_preview", "title"]
    list_filter = [StateFilter, "kind", "categories", "is_featured"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["search_text"]
    search_help_text = _("Title, author or words of the description, spelled either way")
    actions = ["publish", "unpublish", "make_copies"]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """What a bundle brings is asked of bundles only, and of what may become one."""
        is_other = obj is not None and obj.kind != Product.Kind.BUNDLE
        return [inline for inline in self.inlines if not (is_other and inline is BundleInline)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return super().get_queryset(request).for_shelf()  # type: ignore[attr-defined]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Product], search_term: str
    ) -> tuple[QuerySet[Product], bool]:
        return (search_products(queryset, search_term) if search_term.strip() else queryset), False

    def view_on_site(self, product: Product) -> str:
        return product.get_absolute_url() + ("" if product.is_on_sale else "?preview")

    @admin.display(description=_("cover"))
    def cover_preview(self, product: Product) -> str:
        return thumbnail(product.cover, product.title)

    @admin.display(description=_("state"), ordering="status")
    def state(self, product: Product) -> str:
        if product.is_on_sale:
            return format_html('<span class="state good">{} {}</span>', icon("circle-check"), _("On sale"))
        if product.is_scheduled:
            time = when(product.published_at, "time")
            scheduled = '<span class="state wait">{} {}</span><br><small><bdi>{}</bdi></small>'
            return format_html(scheduled, icon("clock"), _("Scheduled"), time)
        return format_html('<span class="state">{} {}</span>', icon("lock"), _("Draft"))

    @admin.display(description=_("price"), ordering="sorting_amount")
    def lowest(self, product: Product) -> str:
        return price(product.lowest_price) if product.lowest_price else "—"

    @admin.display(description=_("as a buyer"))
    def as_buyer(self, product: Product) -> str:
        return format_html('<a href="{}">{} {}</a>', self.view_on_site(product), icon("eye"), _("View"))

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:  # noqa: FBT001
        if form.cleaned_data["cover_upload"]:
            set_cover(obj, form.cleaned_data["cover_upload"])
        elif form.cleaned_data["draw_cover"]:
            obj.cover, obj.is_cover_drawn = None, True
        super().save_model(request, obj, form, change)
        if obj.cover is None or any(name.startswith(DRAWN_FROM) for name in form.changed_data):
            ask_for_cover(obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        super().save_related(request, form, formsets, change)
        product: Product = form.instance
        if product.status == Product.Status.PUBLISHED and not product.variants.exclude(prices=None).exists():
            words = _("This product has no price yet, so nobody can buy it.")
            self.message_user(request, words, messages.WARNING)

    @admin.action(description=_("Put on sale"), permissions=["change"])
    def publish(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        for product in products:
            product.publish()
        count = len(products)
        words = ngettext("%(count)s product is on sale.", "%(count)s products are on sale.", count)
        self.message_user(request, words % {"count": digits(count)}, messages.SUCCESS)

    @admin.action(description=_("Take off sale"), permissions=["change"])
    def unpublish(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        for product in products:
            product.unpublish()
        count = len(products)
        words = ngettext("%(count)s product is a draft again.", "%(count)s products are drafts again.", count)
        self.message_user(request, words % {"count": digits(count)}, messages.SUCCESS)

    @admin.action(description=_("Duplicate as a draft"), permissions=["add"])
    def make_copies(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        for product in products:
            duplicate(product)
        count = len(products)
        words = ngettext("%(count)s copy was made.", "%(count)s copies were made.", count)
        self.message_user(request, words % {"count": digits(count)}, messages.SUCCESS)
