from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from checkout.admin.base import IsSet, ReadOnly, say
from checkout.models import Order, Payment, Refund
from checkout.staff_refunds import refund_again
from checkout.templatetags.staff import badge, state
from checkout.wording import explain, provider_name
from storefront.errors import StorefrontError
from storefront.jobs import enqueue
from storefront.templatetags.shop import ltr, money


def order_link(order: Order) -> SafeString:
    address = reverse("admin:checkout_order_change", args=[order.pk])
    return format_html('<a href="{}">{}</a>', address, ltr(order.number))


@admin.register(Payment)
class PaymentAdmin(ReadOnly):
    list_display = ["created_at", "order_shown", "provider_shown", "amount_shown", "left", "status_shown"]
    list_filter = ["status", "provider", "is_duplicate", ("mismatch", IsSet)]
    search_fields = ["reference", "capture_reference", "order__email_folded"]
    search_help_text = _("E-mail address, or reference at the provider")
    date_hierarchy = "created_at"
    fields = readonly_fields = (
        "order_shown",
        "provider_shown",
        "amount_shown",
        "left",
        "status_shown",
        "is_duplicate",
        "reference",
        "capture_reference",
        "mismatch_shown",
        "error_shown",
        "created_at",
        "settled_at",
        "checked_at",
        "next_check_at",
    )
    actions = ["ask_again"]
    row_actions = ("ask_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        return super().get_queryset(request).select_related("order").prefetch_related("refunds", "disputes")

    @admin.display(description=_("order"), ordering="order")
    def order_shown(self, payment: Payment) -> str:
        return order_link(payment.order)

    @admin.display(description=_("provider"), ordering="provider")
    def provider_shown(self, payment: Payment) -> str:
        return provider_name(payment.provider)

    @admin.display(description=_("amount"), ordering="amount")
    def amount_shown(self, payment: Payment) -> str:
        return money(payment.amount, payment.currency)

    @admin.display(description=_("left to refund"))
    def left(self, payment: Payment) -> str:
        return money(payment.refundable, payment.currency) if payment.refundable else "—"

    @admin.display(description=_("status"), ordering="status")
    def status_shown(self, payment: Payment) -> str:
        if payment.mismatch and payment.is_pending:
            return state("bad", "circle-alert", _("Differs"))
        return badge(payment)

    @admin.display(description=_("what differs from the order"))
    def mismatch_shown(self, payment: Payment) -> str:
        return explain(payment.mismatch, payment.currency)

    @admin.display(description=_("last error"))
    def error_shown(self, payment: Payment) -> str:
        return explain(payment.error)

    @admin.action(description=_("Ask the provider again"), permissions=["move"])
    def ask_again(self, request: HttpRequest, payments: QuerySet[Payment]) -> None:
        for payment in payments:
            enqueue("checkout.resync_payment", payment.pk)
        count = len(payments)
        words = ngettext("Asking about %(count)s payment.", "Asking about %(count)s payments.", count)
        say(self, request, words, count)


@admin.register(Refund)
class RefundAdmin(ReadOnly):
    list_display = ["created_at", "order_shown", "amount_shown", "reason", "source", "status_shown", "tries"]
    list_filter = ["status", "source", "reason", "created_at"]
    search_fields = ["reference", "payment__reference", "payment__order__email_folded"]
    search_help_text = _("E-mail address, or reference at the provider")
    fields = readonly_fields = (
        "order_shown",
        "payment",
        "amount_shown",
        "reason",
        "source",
        "note",
        "revokes_access",
        "by",
        "status_shown",
        "tries",
        "error_shown",
        "reference",
        "retries",
        "created_at",
        "settled_at",
    )
    list_select_related = ["payment__order", "requested_by"]
    actions = ["run_again"]
    row_actions = ("run_again",)

    def has_move_permission(self, request: HttpRequest) -> bool:
        """A failed refund is run again by a new one, so this takes the right to give money back."""
        return request.user.has_perm("checkout.add_refund")

    @admin.display(description=_("order"), ordering="payment__order")
    def order_shown(self, refund: Refund) -> str:
        return order_link(refund.payment.order)

    @admin.display(description=_("amount"), ordering="amount")
    def amount_shown(self, refund: Refund) -> str:
        return money(refund.amount, refund.currency)

    @admin.display(description=_("requested by"))
    def by(self, refund: Refund) -> str:
        return ltr(refund.requested_by) if refund.requested_by else "—"

    @admin.display(description=_("status"), ordering="status")
    def status_shown(self, refund: Refund) -> str:
        return badge(refund)

    @admin.display(description=_("attempts"), ordering="attempts")
    def tries(self, refund: Refund) -> str:
        if not refund.error:
            return str(refund.attempts)
        return format_html("{} · {}", refund.attempts, explain(refund.error[:100]))

    @admin.display(description=_("last error"))
    def error_shown(self, refund: Refund) -> str:
        return explain(refund.error)

    @admin.action(description=_("Run again"), permissions=["move"])
    def run_again(self, request: HttpRequest, refunds: QuerySet[Refund]) -> None:
        count = self._each(request, refunds, refund_again)
        words = ngettext("%(count)s refund runs again.", "%(count)s refunds run again.", count)
        if count:
            say(self, request, words, count)

    def _each(self, request: HttpRequest, refunds: QuerySet[Refund], deed: Callable[..., Any]) -> int:
        """Do it to each, tell what was refused, and count the rest."""
        done = 0
        for refund in refunds:
            if not isinstance(request.user, User):
                continue
            try:
                deed(refund, by=request.user)
                done += 1
            except StorefrontError as refusal:
                self.message_user(request, f"{refund}: {refusal}", messages.ERROR)
        return done
