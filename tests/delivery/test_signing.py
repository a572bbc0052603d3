from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from delivery.activating import activate
from delivery.errors import SignatureNotValid
from delivery.finding import Question
from delivery.licence_files import signed_answer, times
from delivery.models import SigningKey
from delivery.signing import forget_key, public_keys, read_signed, rotate_key, sign
from tests.factories import make_license

pytestmark = pytest.mark.django_db


def test_what_was_signed_is_read() -> None:
    assert read_signed(sign({"name": "متجر", "number": 1})) == {"name": "متجر", "number": 1}


def test_any_flipped_bit_is_refused() -> None:
    text = sign({"name": "متجر"}).encode()

    for place in range(len(text)):
        for bit in range(8):
            changed = bytearray(text)
            changed[place] ^= 1 << bit
            with pytest.raises(SignatureNotValid):
                read_signed(changed.decode("latin-1"))


@given(st.text() | st.from_regex(r"[\w-]{1,20}\.[\w-]{1,20}\.[\w-]{86}"))
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(SignatureNotValid):
        read_signed(text)


def test_a_new_key_signs_and_the_old_one_stays_good() -> None:
    old, former = sign({"number": 1}), SigningKey.objects.get()

    key = rotate_key()

    assert read_signed(old) == {"number": 1}
    assert read_signed(sign({"number": 2})) == {"number": 2}
    published = public_keys()["keys"]
    assert [each["kid"] for each in published] == [key.kid, former.kid]
    assert {tuple(each) for each in published} == {("kty", "crv", "use", "alg", "kid", "x")}
    assert Client().get("/.well-known/jwks.json").json()["keys"] == published


def test_the_first_key_is_made_once() -> None:
    for _each in range(2):
        forget_key()
        sign({})

    assert SigningKey.objects.count() == 1


@pytest.mark.parametrize(
    ("valid_days", "good", "works"), [(None, 30, 44), (365, 30, 44), (40, 30, 40), (7, 7, 7)]
)
def test_a_licence_file_never_outlives_its_licence(valid_days: int | None, good: int, works: int) -> None:
    license_ = make_license(valid_days=valid_days, offline_days=30, grace_days=14)
    facts = activate(Question(key=license_.key, instance="one.com"))

    now = timezone.now().timestamp()
    exp, grace = times(facts)

    day = timedelta(days=1).total_seconds()
    assert [round((time - now) / day) for time in (exp, grace)] == [good, works]
    claims = read_signed(signed_answer({"valid": True}, facts, asked="one.com", nonce="nonce") or "")
    assert (claims["exp"], claims["nonce"], claims["iss"]) == (exp, "nonce", "http://localhost:8000")


def test_only_who_sends_a_nonce_gets_a_refusal_signed() -> None:
    assert signed_answer({"valid": False}, None, asked="", nonce="") is None
    claims = read_signed(signed_answer({"valid": False}, None, asked="", nonce="n") or "")
    assert claims["valid"] is False
    assert "exp" not in claims
