from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import get_language

from accounts.models import User
from checkout.buyer import Buyer
from checkout.forms import EmailField
from storefront.countries import countries


def reader_of(request: HttpRequest) -> Buyer:
    """Who reads a page, with what they typed so far in the checkout's form, as far as it makes sense."""
    country = request.POST.get("country", "")
    return Buyer(
        email=_sensible(EmailField(max_length=254), request.POST.get("email", "")),
        country=country if country in dict(countries("en")) else "",
        language=get_language() or "en",
        client_address=request.META.get("REMOTE_ADDR") or None,
        user=request.user if isinstance(request.user, User) else None,
    )


def _sensible(field: EmailField, typed: Any) -> str:
    try:
        return str(field.clean(typed))
    except ValidationError:
        return ""
