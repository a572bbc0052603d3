import pytest
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.utils import translation


@pytest.mark.parametrize(
    ("language", "words"), [("en", "at least 8 characters"), ("ar", "8 أحرف"), ("fa", "باید ۸ نویسه")]
)
def test_how_long_a_password_must_be_is_said_in_the_readers_digits(language: str, words: str) -> None:
    with translation.override(language):
        assert words in password_validators_help_texts()[0]
        with pytest.raises(ValidationError, match=words):
            validate_password("xK9!")
