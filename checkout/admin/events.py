from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from checkout.admin.base import ReadOnly, say
from checkout.models import OrderEvent, WebhookEvent
from storefront.jobs import enqueue


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
    say(
        model_admin,
        request,
        ngettext("%(count)s event runs again.", "%(count)s events run again.", count),
        count,
    )
