from django.contrib import admin

from checkout.admin import ReadOnly
from delivery.models import Download, DownloadGrant


@admin.register(DownloadGrant)
class DownloadGrantAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["line", "file", "granted_at", "revoked_at"]
    list_select_related = ["line", "file"]
    search_fields = ["line__order__email_folded", "file__filename"]
    show_full_result_count = False


@admin.register(Download)
class DownloadAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["started_at", "grant", "client_address", "user_agent"]
    list_select_related = ["grant__line", "grant__file"]
    search_fields = ["grant__line__order__email_folded"]
    show_full_result_count = False
