from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.utils import translation


@pytest.mark.parametrize(
    ("model", "field", "names"),
    [
        (UserSession, "user_agent", ["أجهزة متصلة", "البرنامج"]),
        (Authenticator, "last_used_at", ["مفاتيح وتطبيقات مصادقة", "آخر استعمال"]),
    ],
)
def test_allauths_models_are_named_in_the_readers_language(model: Any, field: str, names: list[str]) -> None:
    with translation.override("ar"):
        verbose = [model._meta.verbose_name_plural, model._meta.get_field(field).verbose_name]
        assert [str(name) for name in verbose] == names
