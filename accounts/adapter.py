import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest
from django.utils.translation import get_language

from storefront.mail import inline_styles, write_mail
from storefront.shop import shop


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Asking for a sign-in code makes the account, so there is no second form for the same thing."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Promise the mail like every other, so that a mail server that is away loses none of them."""
        context = {
            "shop": shop(),
            "site_name": shop().name,
            "site_url": settings.SITE_URL,
            "email": email,
            **context,
        }
        message = self.render_mail(template_prefix, email, context)
        html = (
            message.alternatives[0][0]
            if isinstance(message, EmailMultiAlternatives) and message.alternatives
            else ""
        )
        write_mail(
            cause=f"{template_prefix}:{secrets.token_hex(16)}",
            to=email,
            language=get_language() or settings.LANGUAGE_CODE,
            subject=message.subject,
            text=str(message.body),
            html=inline_styles(str(html)) if html else "",
            is_secret=True,
        )
