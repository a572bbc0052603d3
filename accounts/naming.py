"""Names for allauth's models in the admin, which allauth leaves untranslated.

They change what is shown and nothing that migrations look at.
"""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

NAMES: list[tuple[type[Model], Any, Any, dict[str, Any]]] = [
    (
        UserSession,
        _("signed-in device"),
        _("signed-in devices"),
        {
            "user": _("user"),
            "created_at": _("signed in"),
            "ip": _("IP address"),
            "last_seen_at": _("last seen"),
            "session_key": _("key"),
            "user_agent": _("program"),
            "data": _("details"),
        },
    ),
    (
        Authenticator,
        _("key or authenticator"),
        _("keys and authenticators"),
        {
            "user": _("user"),
            "type": _("type"),
            "data": _("details"),
            "created_at": _("added"),
            "last_used_at": _("last used"),
        },
    ),
]


def name_models() -> None:
    for model, one, many, fields in NAMES:
        model._meta.verbose_name, model._meta.verbose_name_plural = one, many
        for name, words in fields.items():
            model._meta.get_field(name).verbose_name = words  # type: ignore[union-attr]
