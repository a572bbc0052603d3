from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from accounts.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def ask(email: str, **extra: Any) -> Any:
    return Client().post("/accounts/login/code/", {"email": email}, **extra)


def test_an_unknown_address_gets_an_account_that_proves_nothing_yet(commits: Any) -> None:
    with commits():
        ask("Mona@Example.com")

    assert EmailAddress.objects.values_list("email", "verified", "user__email").get() == (
        "mona@example.com",
        False,
        "mona@example.com",
    )
    assert not User.objects.get().has_usable_password()
    assert len(mail.outbox) == 1


def test_asking_again_makes_no_second_account() -> None:
    for email in ("mona@example.com", "MONA@example.com", "mona@EXAMPLE.com"):
        ask(email)

    assert User.objects.count() == EmailAddress.objects.count() == 1


@pytest.mark.parametrize(
    "email",
    ["", "mona", "mona@", "m@e.com\nBcc: x@y.z", "\x00@example.com", "🐈@example.com", "a" * 400 + "@e.com"],
)
def test_what_is_no_address_gets_no_account(email: str) -> None:
    response = ask(email)

    assert response.status_code == 200
    assert not User.objects.exists()


def test_somebody_who_was_shut_out_gets_no_code(commits: Any) -> None:
    make_user("mona@example.com", is_active=False)

    with commits():
        response = ask("mona@example.com")

    assert response.status_code == 302
    assert [
        each for each in mail.outbox if each.to == ["mona@example.com"] and "code" in each.subject.lower()
    ] == []


def test_machines_can_not_make_accounts_without_end() -> None:
    answers = [ask(f"person{number}@example.com").status_code for number in range(25)]

    assert User.objects.count() == answers.count(302) <= 20


def test_there_is_no_second_form_to_sign_up() -> None:
    response = Client().get("/accounts/signup/")

    assert response.status_code in (200, 302)
    Client().post("/accounts/signup/", {"email": "mona@example.com", "password1": "x" * 20})
    assert not User.objects.exists()


def test_staff_signs_in_by_the_same_door() -> None:
    response = Client().get("/admin/", follow=True)

    assert response.redirect_chain[-1][0].startswith("/accounts/login")
