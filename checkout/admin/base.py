"""What all pages for staff share."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from storefront.money import digits
from storefront.unedited import Unedited


class ReadOnlyInline(Unedited, admin.TabularInline):
    """Such rows on the page of another."""


class RowActions(admin.ModelAdmin):
    """Actions of the list that stand on the page of one row too: those named by `row_actions`."""

    row_actions: tuple[str, ...] = ()

    def row_actions_of(self, object_id: str) -> tuple[str, ...]:
        """Those that make sense for this row."""
        return self.row_actions

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        allowed, names = self.get_actions(request), self.row_actions_of(object_id)
        offered = [(name, found[2]) for name in names if (found := allowed.get(name))]
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "row_actions": offered}
        )


class ReadOnly(Unedited, RowActions):
    """A page and a list of such rows."""

    show_full_result_count = False

    def has_move_permission(self, request: HttpRequest) -> bool:
        """Actions are no edits; whoever was given the right to change these rows may start them."""
        codename = get_permission_codename("change", self.opts)
        return request.user.has_perm(f"{self.opts.app_label}.{codename}")


class OwnPage(ReadOnly):
    """A model whose rows are shown on a page of our own."""

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        raise NotImplementedError

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        return self.page(request, int(object_id) if object_id.isascii() and object_id.isdecimal() else 0)


class IsSet(admin.EmptyFieldListFilter):
    """Whether a time or a text is there, asked as a question one can answer."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice, words in zip(super().choices(changelist), (_("All"), _("No"), _("Yes")), strict=True):
            yield {**choice, "display": words}


def say(model_admin: admin.ModelAdmin, request: HttpRequest, words: str, count: int) -> None:
    model_admin.message_user(request, words % {"count": digits(count)}, messages.SUCCESS)


Door = Callable[[HttpRequest, int, User], HttpResponse]


def door(page: str, *permissions: str) -> Callable[[Door], Callable[[HttpRequest, int], HttpResponse]]:
    """A door that opens to a POST of staff with these rights; whoever comes by a link is shown the page."""

    def guard(view: Door) -> Callable[[HttpRequest, int], HttpResponse]:
        @wraps(view)
        def open_(request: HttpRequest, pk: int) -> HttpResponse:
            if request.method != "POST":
                return redirect(page, pk)
            if not isinstance(request.user, User) or not request.user.has_perms(permissions):
                raise PermissionDenied
            return view(request, pk, request.user)

        return open_

    return guard
