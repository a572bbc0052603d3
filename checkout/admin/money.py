from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from checkout.admin.base import ReadOnly, money, say
from checkout.models import Dispute, Mismatch, Payment, Refund
from checkout.payments import sync_if_stale


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
        say(
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
