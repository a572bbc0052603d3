from allauth.account.forms import RequestLoginCodeForm
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.models import User
from storefront.text import fold_email


class RequestCodeForm(RequestLoginCodeForm):
    """Sign in by an e-mailed code. An unknown address gets an account, unproven until the code comes back.

    So the page answers every address alike, and a guest who bought here only needs the address.
    """

    _user: User | None

    def clean_email(self) -> str:
        email: str = super().clean_email()
        if email and self._user is None:
            self._user = _unproven_account(fold_email(email))
        return email


def _unproven_account(email: str) -> User | None:
    with transaction.atomic():
        user, _created = User.objects.get_or_create(email=email, defaults={"password": make_password(None)})
        EmailAddress.objects.get_or_create(user=user, email=email, defaults={"primary": True})
    return user if user.is_active else None
