from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from checkout.admin.base import IsSet
from checkout.admin.events import WorkAdmin
from checkout.admin.money import order_link
from checkout.models import Gift
from checkout.templatetags.staff import state
from storefront.jobs import enqueue
from storefront.templatetags.shop import isolate, ltr


@admin.register(Gift)
class GiftAdmin(WorkAdmin):
    """What was given, to whom, and whether it was accepted. The link itself is the recipient's alone."""

    list_display = ["order_shown", "name_shown", "email_shown", "day", "gift_state", "error_shown"]
    list_filter = [("handled_at", IsSet), ("claimed_at", IsSet), ("kept_at", IsSet)]
    list_select_related = ["order", "claimed_by"]
    search_fields = ["email_folded", "name", "order__email_folded"]
    fields = readonly_fields = (
        *("order_shown", "giver", "name_shown", "email_shown", "message", "day", "gift_state"),
        *("claimed_at", "claimed_by", "kept_at", "attempts", "next_attempt_at", "handled_at", "error"),
    )

    def enqueue(self, pk: int) -> None:
        enqueue("checkout.send_gift", pk)

    @admin.display(description=_("order"), ordering="order")
    def order_shown(self, gift: Gift) -> str:
        return order_link(gift.order)

    @admin.display(description=_("recipient"), ordering="name")
    def name_shown(self, gift: Gift) -> str:
        return isolate(gift.name)

    @admin.display(description=_("e-mail"), ordering="email_folded")
    def email_shown(self, gift: Gift) -> str:
        return ltr(gift.email)

    @admin.display(description=_("state"))
    def gift_state(self, gift: Gift) -> str:
        if gift.is_kept:
            return state("", "undo-2", _("kept by the buyer"))
        if gift.is_claimed:
            return state("good", "circle-check", _("accepted"))
        if gift.parked_at:
            return state("bad", "circle-alert", _("given up"))
        return state(
            "wait", "hourglass", _("sent, not accepted yet") if gift.handled_at else _("not sent yet")
        )
