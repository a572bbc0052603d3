from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from checkout.admin import order_page
from checkout.admin.base import IsSet, OwnPage, say
from checkout.models import Order
from checkout.payments import release_order
from checkout.templatetags.staff import badge, state
from storefront.templatetags.shop import ltr, money, when

DOORS = {
    "refunds": order_page.refunds,
    "mails": order_page.mails,
    "email": order_page.email,
    "gift": order_page.gift,
    "hold": order_page.hold,
    "release": order_page.release,
    "looks": order_page.looks,
}


class PlaceFilter(admin.SimpleListFilter):
    title = _("buyer's country")
    parameter_name = "place"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("differs", _("Told in two ways"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        return queryset.differing() if self.value() == "differs" else queryset  # type: ignore[attr-defined]


@admin.register(Order)
class OrderAdmin(OwnPage):
    list_display = ["number_shown", "email_shown", "total_shown", "state", "placed_shown"]
    list_filter = ["status", ("held_at", IsSet), "placed_at", "language", "tax_treatment", PlaceFilter]
    search_fields = ["email_folded", "token", "payments__reference", "payments__capture_reference"]
    search_help_text = _("E-mail address, order number, or reference at the provider")
    date_hierarchy = "placed_at"
    list_per_page = 50
    actions = ["hold", "release"]

    def get_urls(self) -> list[URLPattern]:
        doors = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"checkout_order_{name}")
            for name, view in DOORS.items()
        ]
        return [*doors, *super().get_urls()]

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        return order_page.order_page(request, get_object_or_404(order_page.orders(), pk=pk))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        number = search_term.strip().upper().removeprefix("D-")
        if number.isdecimal() and int(number) > 10_000:
            return queryset.filter(pk=int(number) - 10_000), False
        return super().get_search_results(request, queryset, search_term.casefold())

    @admin.display(description=_("number"), ordering="pk")
    def number_shown(self, order: Order) -> str:
        return ltr(order.number)

    @admin.display(description=_("e-mail"), ordering="email_folded")
    def email_shown(self, order: Order) -> str:
        return ltr(order.email)

    @admin.display(description=_("total"), ordering="total")
    def total_shown(self, order: Order) -> str:
        return money(order.total, order.currency)

    @admin.display(description=_("placed"), ordering="placed_at")
    def placed_shown(self, order: Order) -> str:
        return when(order.placed_at, "time")

    @admin.display(description=_("status"), ordering="status")
    def state(self, order: Order) -> str:
        if not order.is_held:
            return badge(order)
        return format_html("{} {}", badge(order), state("bad", "eye", _("Held")))

    @admin.action(description=_("Hold: deliver nothing until released"), permissions=["move"])
    def hold(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        count = sum(order.hold("", by=str(request.user)) for order in orders)
        say(self, request, ngettext("%(count)s order is held.", "%(count)s orders are held.", count), count)

    @admin.action(description=_("Release: deliver what is paid"), permissions=["move"])
    def release(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        count = sum(map(partial(release_order, by=str(request.user)), orders))
        say(
            self,
            request,
            ngettext("%(count)s order is released.", "%(count)s orders are released.", count),
            count,
        )
