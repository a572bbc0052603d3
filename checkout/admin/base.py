"""What all pages for staff share."""

from django.contrib import admin, messages
from django.contrib.auth import get_permission_codename
from django.db.models import Model
from django.db.models.options import Options
from django.http import HttpRequest
from django.utils.translation import get_language

from storefront.money import digits, format_money


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


def say(model_admin: admin.ModelAdmin, request: HttpRequest, words: str, count: int) -> None:
    model_admin.message_user(request, words % {"count": digits(count)}, messages.SUCCESS)
