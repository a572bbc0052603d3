from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import date
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from checkout.admin.base import IsSet, ReadOnly, say
from checkout.models import OrderEvent, WebhookEvent
from checkout.templatetags.staff import state
from checkout.wording import explain, provider_name
from storefront.jobs import enqueue
from storefront.money import digits
from storefront.templatetags.shop import ltr


class WorkAdmin(ReadOnly):
    """Rows that are due until handled, with the last error and a way to run them again."""

    actions = ["run_again"]
    row_actions = ("run_again",)

    @admin.display(description=_("handled"), ordering="handled_at")
    def state(self, row: Any) -> str:
        if row.handled_at:
            return state("good", "circle-check", digits(date(row.handled_at, "SHORT_DATETIME_FORMAT")))
        if row.parked_at:
            return state("bad", "circle-alert", _("given up"))
        if row.error:
            return state("bad", "circle-alert", _("Failing"))
        return state("wait", "hourglass", _("Open"))

    @admin.display(description=_("last error"))
    def error_shown(self, row: Any) -> str:
        return explain(row.error[:200])

    @admin.action(description=_("Run again"), permissions=["move"])
    def run_again(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        for row in rows:
            row.run_again()
            self.enqueue(row.pk)
        count = len(rows)
        words = ngettext("%(count)s event runs again.", "%(count)s events run again.", count)
        say(self, request, words, count)

    def enqueue(self, pk: int) -> None:
        raise NotImplementedError


@admin.register(OrderEvent)
class OrderEventAdmin(WorkAdmin):
    list_display = ["created_at", "order", "name_shown", "state", "attempts", "error_shown"]
    list_filter = [("handled_at", IsSet), ("parked_at", IsSet), "name"]
    list_select_related = ["order"]
    search_fields = ["order__email_folded"]
    exclude = ["name"]
    readonly_fields = ["name_shown", "created_at", "attempts", "next_attempt_at", "handled_at", "error"]

    def enqueue(self, pk: int) -> None:
        enqueue("checkout.handle_event", pk)

    @admin.display(description=_("event"), ordering="name")
    def name_shown(self, event: OrderEvent) -> str:
        return ltr(event.name)


@admin.register(WebhookEvent)
class WebhookEventAdmin(WorkAdmin):
    list_display = ["received_at", "provider_shown", "type_shown", "state", "attempts", "error_shown"]
    list_filter = [("handled_at", IsSet), ("parked_at", IsSet), "provider", "type"]
    search_fields = ["external_id", "payment_reference", "payment_key"]
    search_help_text = _("Id of the event or reference of the payment at the provider")
    readonly_fields = ["received_at", "attempts", "next_attempt_at", "handled_at", "error"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEvent]:
        return super().get_queryset(request).defer("body")

    def enqueue(self, pk: int) -> None:
        enqueue("checkout.handle_webhook", pk)

    @admin.display(description=_("provider"), ordering="provider")
    def provider_shown(self, event: WebhookEvent) -> str:
        return provider_name(event.provider)

    @admin.display(description=_("type"), ordering="type")
    def type_shown(self, event: WebhookEvent) -> str:
        return ltr(event.type)
