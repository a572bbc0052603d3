"""Orders and money for staff. Nothing is edited by hand: actions call the deeds that buyers' clicks call."""

from django.contrib import admin, messages
from django.contrib.auth import get_permission_codename
from django.db.models import Model, QuerySet
from django.db.models.options import Options
from django.http import HttpRequest
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from checkout.models import (
    Dispute,
    Mismatch,
    Order,
    OrderEvent,
    OrderLine,
    Payment,
    Refund,
    WebhookEvent,
)
from checkout.payments import release_order, sync_if_stale
from storefront.jobs import enqueue
from storefront.money import digits, format_money
from storefront.templatetags.shop import ltr


class ReadOnly:
    """What only deeds may change."""

    opts: Options

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_move_permission(self, request: HttpRequest) -> bool:
        """Actions are no edits; whoever was given the right to change these rows may start them."""
        codename = get_permission_codename("change", self.opts)
        return request.user.has_perm(f"{self.opts.app_label}.{codename}")


def money(amount: int, currency: str) -> str:
    return format_money(amount, currency, get_language() or "en")


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
        _say(self, request, ngettext("%(count)s order is held.", "%(count)s orders are held.", count), count)

    @admin.action(description=_("Release: deliver what is paid"), permissions=["move"])
    def release(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        count = sum(release_order(order) for order in orders)
        _say(
            self,
            request,
            ngettext("%(count)s order is released.", "%(count)s orders are released.", count),
            count,
        )


@admin.register(Payment)
class PaymentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["order", "provider", "reference", "amount_shown", "status", "mismatch", "created_at"]
    list_filter = ["status", "provider"]
    list_select_related = ["order"]
    search_fields = ["reference", "capture_reference", "order__email_folded"]
    show_full_result_count = False
    exclude = ["redirect_url", "next_check_at"]
    actions = ["ask_again"]

    @admin.display(description=_("amount"), ordering="amount")
    def amount_shown(self, payment: Payment) -> str:
        return money(payment.amount, payment.currency)

    @admin.action(description=_("Ask the provider again"), permissions=["move"])
    def ask_again(self, request: HttpRequest, payments: QuerySet[Payment]) -> None:
        for payment in payments:
            sync_if_stale(payment)
        count = len(payments)
        _say(
            self,
            request,
            ngettext("Asked about %(count)s payment.", "Asked about %(count)s payments.", count),
            count,
        )


@admin.register(Refund)
class RefundAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["payment", "amount_shown", "reason", "status", "error", "created_at", "settled_at"]
    list_filter = ["status", "reason"]
    list_select_related = ["payment"]
    search_fields = ["reference", "payment__reference"]
    show_full_result_count = False

    @admin.display(description=_("amount"), ordering="amount")
    def amount_shown(self, refund: Refund) -> str:
        return money(refund.amount, refund.currency)


@admin.register(Dispute)
class DisputeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["reference", "payment", "reason", "is_warning", "status", "opened_at", "closed_at"]
    list_filter = ["status", "is_warning"]
    list_select_related = ["payment"]
    search_fields = ["reference"]
    show_full_result_count = False


@admin.register(Mismatch)
class MismatchAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["found_at", "kind", "provider", "reference", "order", "resolved_at"]
    list_filter = [("resolved_at", admin.EmptyFieldListFilter), "kind"]
    list_select_related = ["order"]
    search_fields = ["reference"]
    show_full_result_count = False


@admin.register(OrderEvent)
class OrderEventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["created_at", "order", "name", "handled_at", "attempts", "error"]
    list_filter = ["name", ("handled_at", admin.EmptyFieldListFilter)]
    list_select_related = ["order"]
    show_full_result_count = False
    actions = ["run_again"]

    @admin.action(description=_("Run again"), permissions=["move"])
    def run_again(self, request: HttpRequest, events: QuerySet[OrderEvent]) -> None:
        for event in events:
            event.run_again()
            enqueue("checkout.handle_event", event.pk)
        _say_again(self, request, len(events))


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["received_at", "provider", "type", "payment_reference", "handled_at", "attempts", "error"]
    list_filter = ["provider", ("handled_at", admin.EmptyFieldListFilter), "type"]
    search_fields = ["external_id", "payment_reference"]
    show_full_result_count = False
    actions = ["run_again"]

    @admin.action(description=_("Run again"), permissions=["move"])
    def run_again(self, request: HttpRequest, events: QuerySet[WebhookEvent]) -> None:
        for event in events:
            event.run_again()
            enqueue("checkout.handle_webhook", event.pk)
        _say_again(self, request, len(events))


def _say_again(model_admin: admin.ModelAdmin, request: HttpRequest, count: int) -> None:
    _say(
        model_admin,
        request,
        ngettext("%(count)s event runs again.", "%(count)s events run again.", count),
        count,
    )


def _say(model_admin: admin.ModelAdmin, request: HttpRequest, words: str, count: int) -> None:
    model_admin.message_user(request, words % {"count": digits(count)}, messages.SUCCESS)
