from datetime import date
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import get_language_info, ngettext, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from catalog.models import Variant
from storefront.admin.shop_form import NAMES, ShopForm
from storefront.dates import day
from storefront.models import Shop
from storefront.models.shop import THE_ROW
from storefront.money import digits
from storefront.shop import ShopFacts, facts_of, new_shop, save_shop, trying
from storefront.templatetags.shop import money


@admin.register(Shop)
class ShopAdmin(admin.ModelAdmin):
    """One page of one row, with a piece of shop beside it that shows what is being chosen."""

    form = ShopForm
    change_form_template = "admin/storefront/shop/page.html"
    readonly_fields = ["logo_shown"]
    fieldsets = [
        (_("Who you are"), {"fields": [*NAMES, "legal_name", "address", "country", "email"]}),
        (_("Numbers of authorities"), {"fields": ["vat_id", "registration_number"]}),
        (
            _("Look"),
            {
                "fields": [
                    *("logo_shown", "logo_upload", "remove_logo"),
                    *("brand_colour", "accent_colour"),
                ]
            },
        ),
        (_("Tax"), {"fields": ["charges_tax", "prices_include_tax"]}),
        (_("Refunds"), {"fields": ["refund_window_days", "refunds_auto_approve"]}),
        (_("Languages"), {"fields": ["languages"]}),
        (_("Dates and digits"), {"fields": ["calendar_en", "calendar_ar", "calendar_fa", "arabic_numerals"]}),
        (_("Invoices"), {"fields": ["invoice_prefix", "credit_note_prefix"]}),
        (_("Money"), {"fields": ["currency", "currencies"]}),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        # Whoever posts the first settings a moment after somebody else changes theirs.
        is_free = request.method == "POST" or not Shop.objects.exists()
        return self.has_change_permission(request) and is_free

    def has_delete_permission(self, request: HttpRequest, obj: Shop | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(require_POST(self.preview))
        return [path("preview/", preview, name="storefront_shop_preview"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if Shop.objects.exists():
            return redirect("admin:storefront_shop_change", THE_ROW)
        return redirect("admin:storefront_shop_add")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return model_to_dict(new_shop())

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        if object_id is None and request.method == "POST" and Shop.objects.exists():
            object_id = str(THE_ROW)  # somebody else saved it while this form was being written
        context = {
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
            "title": capfirst(self.opts.verbose_name),
            "subtitle": None,
            **preview_of(facts_of(Shop.objects.first() or new_shop())),
        }
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def preview(self, request: HttpRequest) -> HttpResponse:
        """The piece of shop under what the form says so far; what makes no sense yet is as it was."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        row = Shop.objects.first() or new_shop()
        form = ShopForm(request.POST, instance=row)
        form.full_clean()
        context = preview_of(facts_of(form.instance))
        return TemplateResponse(request, "admin/storefront/shop/_preview.html", context)

    def save_model(self, request: HttpRequest, obj: Shop, form: Any, change: bool) -> None:  # noqa: FBT001
        save_shop(obj)
        without = Variant.objects.active().exclude(prices__currency=obj.currency).count()
        if without:
            words = ngettext(
                "%(count)s variant has no price in %(currency)s, so that nobody can buy it.",
                "%(count)s variants have no price in %(currency)s, so that nobody can buy them.",
                without,
            )
            shown = {"count": digits(without), "currency": obj.currency}
            self.message_user(request, words % shown, messages.WARNING)

    def response_post_save_add(self, request: HttpRequest, obj: Shop) -> HttpResponseRedirect:
        return redirect("admin:storefront_shop_change", THE_ROW)

    def response_post_save_change(self, request: HttpRequest, obj: Shop) -> HttpResponseRedirect:
        return redirect("admin:storefront_shop_change", THE_ROW)

    @admin.display(description=_("logo"))
    def logo_shown(self, row: Shop) -> str:
        if not row.logo:
            return "—"
        return format_html('<img class="logo-shown" src="{}" alt="">', facts_of(row).logo_url)


def preview_of(facts: ShopFacts) -> dict[str, Any]:
    """What the piece of shop shows: its look now, and a day and a price in each language."""
    with trying(facts):
        samples = [_sample(code, facts.currency, timezone.localdate()) for code in facts.languages]
    return {"facts": facts, "look": facts.look, "samples": samples}


def _sample(language: str, currency: str, today: date) -> dict[str, Any]:
    info = get_language_info(language)
    with override(language):
        return {
            "language": language,
            "direction": "rtl" if info["bidi"] else "ltr",
            "name": info["name_local"],
            "day": day(today),
            "price": money(123_450, currency),
        }
