from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import date
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from checkout import coupon_words
from checkout.admin.base import ReadOnly, say
from checkout.admin.coupon_forms import CopiesForm, CouponForm
from checkout.admin.money import order_link
from checkout.minting import make_copies
from checkout.models import Coupon, Redemption
from checkout.models.coupon import LISTS
from checkout.templatetags.staff import state
from storefront.money import digits
from storefront.sheets import csv_sheet
from storefront.templatetags.shop import isolate, money
from storefront.text import fold_code

_LOOKS = {
    Coupon.Standing.ACTIVE: ("good", "circle-check"),
    Coupon.Standing.SCHEDULED: ("wait", "clock"),
    Coupon.Standing.ENDED: ("", "clock"),
    Coupon.Standing.USED_UP: ("", "check"),
    Coupon.Standing.OFF: ("", "x"),
}
SHEET_ROWS = 50_000


class StandingFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Coupon.Standing.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Coupon]) -> QuerySet[Coupon]:
        value = self.value()
        if value not in Coupon.Standing.values:
            return queryset
        return queryset.standing(Coupon.Standing(value))  # type: ignore[attr-defined]


@admin.register(Coupon)
class CouponAdmin(admin.ModelAdmin):
    form = CouponForm
    fieldsets = [
        (None, {"fields": ["code", "kind", "rate_bps", ("amount", "other_amounts")]}),
        (_("When and how often"), {"fields": [("starts_at", "ends_at"), ("max_uses", "max_uses_per_buyer")]}),
        (
            _("For what"),
            {
                "fields": [
                    *("products", "categories", "excluded_products", "excluded_categories"),
                    ("minimum", "other_minimums"),
                    ("required_products", "requires_all"),
                ]
            },
        ),
        (_("For whom"), {"fields": ["buyers", "email", "is_stackable"]}),
        (_("State"), {"fields": ["is_active", "note"]}),
    ]
    autocomplete_fields = LISTS
    list_display = ["code_shown", "takes_off", "uses_shown", "standing_shown", "ends_shown", "batch"]
    list_filter = [StandingFilter, "kind", "batch"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["code_folded"]
    search_help_text = _("Code in any spelling, note, batch or e-mail address")
    actions = ["switch_on", "switch_off", "as_sheet"]
    change_form_template = "admin/checkout/coupon/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("sentences/", view(self.sentences), name="checkout_coupon_sentences"),
            path("<int:pk>/copies/", view(self.copies), name="checkout_coupon_copies"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Coupon]:
        return super().get_queryset(request).with_uses()  # type: ignore[attr-defined]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Coupon], search_term: str
    ) -> tuple[QuerySet[Coupon], bool]:
        if not search_term.strip():
            return queryset, False
        found = queryset.filter(batch__icontains=search_term) | queryset.filter(note__icontains=search_term)
        found |= queryset.filter(email__icontains=search_term)
        folded = fold_code(search_term)
        return (found | queryset.filter(code_folded__contains=folded) if folded else found), False

    # --- One coupon ------------------------------------------------------------------------------

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        coupon: Coupon | None = kwargs.get("obj")
        if coupon and coupon.pk:
            names = {name: [str(row) for row in getattr(coupon, name).all()] for name in LISTS}
            context["sentences"] = coupon_words.sentences(coupon, names)
            context["link"] = link_to(coupon)
            context["uses"] = digits(coupon.__dict__["uses"])
            context["uses_url"] = uses_url(coupon)
            context["can_copy"] = self.has_add_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def sentences(self, request: HttpRequest) -> JsonResponse:
        """In words what a coupon would do that is being written, as far as it is understood by now."""
        if request.method != "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        return JsonResponse({"sentences": CouponForm(request.POST).sentences()})

    def copies(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make many coupons like one."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        coupon = get_object_or_404(Coupon, pk=pk)
        form = CopiesForm(request.POST or None, initial={"pattern": f"{coupon.code[:40]}-####-####"})
        if request.method == "POST" and form.is_valid():
            made = make_copies(coupon, **form.cleaned_data)
            words = ngettext("%(count)s coupon was made.", "%(count)s coupons were made.", len(made))
            say(self, request, words, len(made))
            address = reverse("admin:checkout_coupon_changelist")
            return redirect(f"{address}?{urlencode({'batch': form.cleaned_data['batch']})}")
        context = {
            **self.admin_site.each_context(request),
            "opts": Coupon._meta,
            "title": gettext("Many coupons like %(code)s") % {"code": coupon.code},
            "coupon": coupon,
            "form": form,
        }
        return TemplateResponse(request, "admin/checkout/coupon/copies.html", context)

    # --- The list --------------------------------------------------------------------------------

    @admin.display(description=_("code"), ordering="code_folded")
    def code_shown(self, coupon: Coupon) -> str:
        if not coupon.note:
            return isolate(coupon.code)
        return format_html("<bdi>{}</bdi><br><small><bdi>{}</bdi></small>", coupon.code, coupon.note)

    @admin.display(description=_("discount"))
    def takes_off(self, coupon: Coupon) -> str:
        return coupon_words.short(coupon)

    @admin.display(description=_("uses"), ordering="uses")
    def uses_shown(self, coupon: Coupon) -> str:
        uses, limit = digits(coupon.__dict__["uses"]), coupon.max_uses
        words = gettext("%(uses)s of %(limit)s") % {"uses": uses, "limit": digits(limit)} if limit else uses
        return format_html('<a href="{}">{}</a>', uses_url(coupon), words)

    @admin.display(description=_("state"))
    def standing_shown(self, coupon: Coupon) -> str:
        standing = coupon.standing(coupon.__dict__["uses"])
        return state(*_LOOKS[standing], standing.label)

    @admin.display(description=_("valid until"), ordering="ends_at", empty_value="—")
    def ends_shown(self, coupon: Coupon) -> str | None:
        return digits(date(coupon.ends_at, "SHORT_DATETIME_FORMAT")) if coupon.ends_at else None

    @admin.action(description=_("Switch on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, coupons: QuerySet[Coupon]) -> None:
        count = Coupon.objects.filter(pk__in=coupons.values("pk")).update(is_active=True)
        words = ngettext("%(count)s coupon is switched on.", "%(count)s coupons are switched on.", count)
        say(self, request, words, count)

    @admin.action(description=_("Switch off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, coupons: QuerySet[Coupon]) -> None:
        count = Coupon.objects.filter(pk__in=coupons.values("pk")).update(is_active=False)
        words = ngettext("%(count)s coupon is switched off.", "%(count)s coupons are switched off.", count)
        say(self, request, words, count)

    @admin.action(description=_("Download as a table (CSV)"), permissions=["view"])
    def as_sheet(self, request: HttpRequest, coupons: QuerySet[Coupon]) -> HttpResponse:
        head = [gettext("code"), gettext("link"), gettext("uses"), gettext("state"), gettext("batch")]
        rows = map(_sheet_row, coupons.order_by("pk")[:SHEET_ROWS].iterator(chunk_size=2000))
        response = HttpResponse(csv_sheet(head, rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="coupons.csv"'
        return response


def link_to(coupon: Coupon) -> str:
    """What a seller mails or posts: it opens the shop and brings the coupon along."""
    return f"{settings.SITE_URL}/?{urlencode({'coupon': coupon.code})}"


def _sheet_row(coupon: Coupon) -> tuple[str, str, int, str, str]:
    uses = coupon.__dict__["uses"]
    return coupon.code, link_to(coupon), uses, str(coupon.standing(uses).label), coupon.batch


def uses_url(coupon: Coupon) -> str:
    address = reverse("admin:checkout_redemption_changelist")
    return f"{address}?{urlencode({'coupon__id__exact': coupon.pk})}"


@admin.register(Redemption)
class RedemptionAdmin(ReadOnly):
    list_display = ["redeemed_at", "coupon_shown", "order_shown", "amount_shown", "state"]
    list_filter = ["redeemed_at"]
    list_select_related = ["coupon", "order"]
    search_fields = ["order__email_folded"]
    search_help_text = _("Code in any spelling, or the buyer's e-mail address")
    fields = readonly_fields = ("coupon_shown", "order_shown", "amount_shown", "state", "redeemed_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Redemption], search_term: str
    ) -> tuple[QuerySet[Redemption], bool]:
        found, may_repeat = super().get_search_results(request, queryset, search_term.casefold())
        folded = fold_code(search_term)
        return (found | queryset.filter(coupon__code_folded=folded) if folded else found), may_repeat

    @admin.display(description=_("coupon"), ordering="coupon__code_folded")
    def coupon_shown(self, use: Redemption) -> str:
        address = reverse("admin:checkout_coupon_change", args=[use.coupon_id])
        return format_html('<a href="{}"><bdi>{}</bdi></a>', address, use.coupon.code)

    @admin.display(description=_("order"), ordering="order")
    def order_shown(self, use: Redemption) -> str:
        return order_link(use.order)

    @admin.display(description=_("taken off"))
    def amount_shown(self, use: Redemption) -> str:
        return money(use.amount, use.order.currency)

    @admin.display(description=_("state"))
    def state(self, use: Redemption) -> str:
        if use.yielded_to_id:
            return state("", "undo-2", _("Passed on to the buyer's next order"))
        if not use.is_counted:
            return state("", "undo-2", _("Free again"))
        if use.order.is_pending:
            return state("wait", "hourglass", _("Kept until it is paid"))
        return state("good", "circle-check", _("Used"))
