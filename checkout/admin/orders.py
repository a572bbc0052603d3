from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from checkout.admin.base import ReadOnly, money, say
from checkout.models import Order, OrderEvent, OrderLine, Payment
from checkout.payments import release_order
from storefront.templatetags.shop import ltr


class LineInline(ReadOnly, admin.TabularInline):
    model = OrderLine
    fields = ["product_title", "variant_title", "quantity", "unit_amount_shown", "amount_shown"]
    readonly_fields = ["unit_amount_shown", "amount_shown"]

    @admin.display(description=_("unit price"))
    def unit_amount_shown(self, line: OrderLine) -> str:
        return money(line.unit_amount, line.order.currency)

    @admin.display(description=_("amount"))
    def amount_shown(self, line: OrderLine) -> str:
        return money(line.amount, line.order.currency)


class PaymentInline(ReadOnly, admin.TabularInline):
    model = Payment
    fields = [
        "provider",
        "reference",
        "amount_shown",
        "status",
        "mismatch",
        "error",
        "created_at",
        "settled_at",
    ]
    readonly_fields = ["amount_shown", "created_at"]
    show_change_link = True

    @admin.display(description=_("amount"))
    def amount_shown(self, payment: Payment) -> str:
        return money(payment.amount, payment.currency)


class EventInline(ReadOnly, admin.TabularInline):
    model = OrderEvent
    fields = ["created_at", "name", "data", "handled_at", "error"]
    readonly_fields = ["created_at", "handled_at", "error"]


@admin.register(Order)
class OrderAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["number_shown", "email", "total_shown", "status", "is_held", "placed_at", "paid_at"]
    list_filter = ["status", "placed_at", "language"]
    search_fields = ["email_folded", "token"]
    search_help_text = _("E-mail address or order number")
    date_hierarchy = "placed_at"
    show_full_result_count = False
    inlines = [LineInline, PaymentInline, EventInline]
    actions = ["hold", "release"]
    fields = [
        "number_shown",
        "status",
        "email",
        "user",
        "total_shown",
        "country",
        "language",
        "held_at",
        "held_reason",
        "client_address",
        "placed_at",
        "paid_at",
        "expired_at",
        "refunded_at",
    ]
    readonly_fields = ["number_shown", "total_shown"]

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

    @admin.display(description=_("total"), ordering="total")
    def total_shown(self, order: Order) -> str:
        return money(order.total, order.currency)

    @admin.display(description=_("held"), boolean=True)
    def is_held(self, order: Order) -> bool:
        return order.is_held

    @admin.action(description=_("Hold: deliver nothing until released"), permissions=["move"])
    def hold(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        count = sum(order.hold(f"Held by {request.user}.") for order in orders)
        say(self, request, ngettext("%(count)s order is held.", "%(count)s orders are held.", count), count)

    @admin.action(description=_("Release: deliver what is paid"), permissions=["move"])
    def release(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        count = sum(release_order(order) for order in orders)
        say(
            self,
            request,
            ngettext("%(count)s order is released.", "%(count)s orders are released.", count),
            count,
        )
