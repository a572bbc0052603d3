from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from checkout.admin import ReadOnly
from delivery import license_admin  # noqa: F401  registers itself
from delivery.models import Digest, Download, DownloadGrant, Stamp
from storefront.jobs import enqueue
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
    row_actions = ("reset",)

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


@admin.register(Stamp)
class StampAdmin(ReadOnly):
    list_display = ["asked_at", "grant", "status", "attempts", "error"]
    list_filter = ["status"]
    list_select_related = ["grant__line", "grant__file"]
    search_fields = ["grant__line__order__email_folded", "grant__file__filename"]
    show_full_result_count = False
    actions = ["make_again"]
    row_actions = ("make_again",)

    @admin.action(description=_("Make the copies anew"), permissions=["move"])
    def make_again(self, request: HttpRequest, stamps: QuerySet[Stamp]) -> None:
        for stamp in stamps.select_related("grant__file"):
            stamp.renew(stamp.grant.file.sha256)
            enqueue("delivery.stamp", stamp.pk)
        count = len(stamps)
        words = ngettext("%(count)s copy is being made.", "%(count)s copies are being made.", count)
        self.message_user(request, words % {"count": digits(count)}, messages.SUCCESS)


@admin.register(Digest)
class DigestAdmin(ReadOnly):
    list_display = ["day", "finished_at"]
    show_full_result_count = False
