from django.contrib.auth.password_validation import MinimumLengthValidator

from storefront.money import digits


class LongEnough(MinimumLengthValidator):
    """Django's rule, with its number in the reader's digits."""

    def get_error_message(self) -> str:
        return digits(super().get_error_message())

    def get_help_text(self) -> str:
        return digits(super().get_help_text())
