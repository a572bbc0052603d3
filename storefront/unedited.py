"""Pages for staff that only show."""

from django.db.models import Model
from django.http import HttpRequest


class Unedited:
    """Rows that only deeds may change."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
