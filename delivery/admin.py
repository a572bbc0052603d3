from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from checkout.admin import ReadOnly
from delivery import license_admin  # noqa: F401  registers itself
from delivery.models import Download, DownloadGrant
from storefront.money import digits


@admin.register(DownloadGrant)
class DownloadGrantAdmin(ReadOnly):
    list_display = [
        "line",
        "file",
        "granted_at",
        "used_count",
        "last_download_at",
        "renewed_at",
        "revoked_at",
    ]
    list_select_related = ["line", "file"]
    search_fields = ["line__order__email_folded", "file__filename"]
    show_full_result_count = False
    actions = ["reset"]

    @admin.action(description=_("Let buyers download anew"), permissions=["move"])
    def reset(self, request: HttpRequest, grants: QuerySet[DownloadGrant]) -> None:
        count = grants.reset()  # type: ignore[attr-defined]
        words = ngettext("%(count)s right begins anew.", "%(count)s rights begin anew.", count)
        self.message_user(request, words % {"count": digits(count)}, messages.SUCCESS)


@admin.register(Download)
class DownloadAdmin(ReadOnly):
    list_display = ["started_at", "grant", "client_address", "user_agent", "broken_at"]
    list_select_related = ["grant__line", "grant__file"]
    search_fields = ["grant__line__order__email_folded"]
    show_full_result_count = False
