import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    user = User.objects.create_user("reader@example.com", "a-good-secret")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def test_a_second_address_is_proven_by_the_code_mailed_to_it(
    client: Client, user: User, commits: Callable[[], AbstractContextManager]
) -> None:
    client.force_login(user)
    with commits():
        client.post("/accounts/email/", {"action_add": "", "email": "other@example.com"})

    assert mail.outbox[0].to == ["other@example.com"]
    code = re.search(r"^[A-Z]{4}-[A-Z]{4}$", str(mail.outbox[0].body), re.MULTILINE)
    assert code
    assert not EmailAddress.objects.filter(email="other@example.com", verified=True).exists()

    client.post("/accounts/confirm-email/", {"code": code[0]})
    assert EmailAddress.objects.get(email="other@example.com").verified


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Your password has been changed."),
        ("ar", "تغيّرت كلمة مرورك."),
        ("fa", "گذرواژهٔ شما تغییر کرد."),
    ],
)
def test_a_change_of_the_password_is_told_in_the_language_of_the_page(
    client: Client, user: User, commits: Callable[[], AbstractContextManager], language: str, words: str
) -> None:
    client.force_login(user)
    form = {"oldpassword": "a-good-secret", "password1": "a-better-secret", "password2": "a-better-secret"}
    prefix = "" if language == "en" else f"/{language}"

    with commits():
        client.post(f"{prefix}/accounts/password/change/", form)

    body = str(mail.outbox[0].body)
    assert words in body
    assert "127.0.0.1" in body
    assert (str(timezone.now().year) in body) == (language != "fa")
