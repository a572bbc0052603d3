from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from affiliates.admin.forms import ProgramForm, RateForm, ThresholdForm
from affiliates.models import AffiliateCoupon, Creative, Program, Rate, Threshold
from affiliates.wording import percent
from catalog.admin.fields import PictureField
from catalog.admin.languages import LanguagesAdmin, TranslatedForm
from storefront.money import digits
from storefront.templatetags.shop import isolate, money


class ThresholdInline(admin.TabularInline):
    model = Threshold
    form = ThresholdForm
    extra = 0


@admin.register(Program)
class ProgramAdmin(LanguagesAdmin, admin.ModelAdmin):
    """The one programme, opened straight away."""

    form = ProgramForm
    inlines = [ThresholdInline]
    autocomplete_fields = ["friend_coupon"]
    languages = ("terms",)
    before = [
        (None, {"fields": ["is_open", "is_automatic", "rate_bps"]}),
        (_("Links"), {"fields": ["credit", "cookie_days", "uses_cookie", "is_lifetime"]}),
        (_("Friends of buyers"), {"fields": ["friends_are_on", "friend_rate_bps", "friend_coupon"]}),
        (_("Payouts"), {"fields": ["hold_days", "threshold", "payout_day"]}),
    ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if Program.objects.exists():
            return redirect("admin:affiliates_program_change", 1)
        return redirect("admin:affiliates_program_add")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not Program.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Program | None = None) -> bool:
        return False


@admin.register(Rate)
class RateAdmin(admin.ModelAdmin):
    form = RateForm
    list_display = ["applies_to", "for_whom", "from_orders", "earns"]
    list_select_related = ["affiliate", "product", "category"]
    autocomplete_fields = ["affiliate", "product", "coupon"]

    @admin.display(description=_("for"))
    def applies_to(self, rate: Rate) -> str:
        return isolate(rate.product or rate.category) if rate.product or rate.category else str(_("All"))

    @admin.display(description=_("affiliate"))
    def for_whom(self, rate: Rate) -> str:
        return isolate(rate.affiliate) if rate.affiliate else str(_("Everybody"))

    @admin.display(description=_("earns"))
    def earns(self, rate: Rate) -> str:
        return digits(percent(rate.percent_bps)) if rate.percent_bps is not None else self._sum(rate)

    def _sum(self, rate: Rate) -> str:
        return money(rate.amount or 0, rate.currency)


@admin.register(AffiliateCoupon)
class AffiliateCouponAdmin(admin.ModelAdmin):
    """Whose coupon it is; the coupon itself is made among the coupons."""

    list_display = ["coupon", "affiliate", "created_at"]
    list_select_related = ["coupon", "affiliate"]
    autocomplete_fields = ["coupon", "affiliate"]
    search_fields = ["coupon__code_folded", "affiliate__name", "affiliate__code_folded"]


class CreativeForm(TranslatedForm):
    needed = ("title",)
    upload = PictureField(label=_("Picture"))

    class Meta:
        model = Creative
        exclude = ["picture"]

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002
        if picture := self.cleaned_data.get("upload"):
            self.instance.picture = picture
        return super().save(commit)


@admin.register(Creative)
class CreativeAdmin(LanguagesAdmin, admin.ModelAdmin):
    form = CreativeForm
    languages = ("title", "text")
    before = [(None, {"fields": ["upload", "product", "is_active", "position"]})]
    list_display = ["__str__", "product", "is_active", "position"]
    list_select_related = ["product"]
    list_editable = ["is_active", "position"]
    autocomplete_fields = ["product"]
