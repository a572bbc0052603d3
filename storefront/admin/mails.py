from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from storefront.models import OutgoingMail
from storefront.money import digits
from storefront.unedited import Unedited


@admin.register(OutgoingMail)
class OutgoingMailAdmin(Unedited, admin.ModelAdmin):
    """Every mail the shop promised, with what became of it. Nobody edits what was written."""

    list_display = ["created_at", "to", "subject", "status", "attempts", "short_error"]
    list_filter = ["status", "language", "created_at"]
    search_fields = ["to", "subject", "cause", "about"]
    ordering = ["-pk"]
    actions = ["send_again"]
    show_full_result_count = False

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("storefront.change_outgoingmail")

    def get_fields(self, request: HttpRequest, obj: OutgoingMail | None = None) -> Any:
        """A secret mail holds a code or a link that even staff may not see."""
        fields = [
            "cause",
            "about",
            "to",
            "language",
            "subject",
            "status",
            "attempts",
            "next_attempt_at",
            "error",
        ]
        fields += ["created_at", "sent_at", "is_secret"]
        return fields if obj is None or obj.is_secret else [*fields, "text"]

    @admin.display(description=_("last error"))
    def short_error(self, mail: OutgoingMail) -> str:
        return mail.error[:80]

    @admin.action(description=_("Send again"), permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        count = sum(mail.send_again() for mail in queryset)
        shown = {"count": digits(count)}
        text = ngettext("%(count)s mail is sent again.", "%(count)s mails are sent again.", count) % shown
        self.message_user(request, text)
