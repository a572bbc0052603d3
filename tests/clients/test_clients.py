"""The clients of docs/clients against a running shop, and against what is not quite a licence file."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from delivery import signing
from delivery.models import Activation, License
from delivery.signing import public_keys, rotate_key, sign
from tests.clients.talking import Program, program
from tests.factories import make_license

__all__ = ["program"]
pytestmark = pytest.mark.django_db(transaction=True)
DAY = 86400


@pytest.fixture
def license_(live_server: Any, settings: Any, program: Program) -> License:
    """A licence for one site, of a shop that runs, and the client set up for it."""
    settings.SITE_URL = live_server.url
    license_ = make_license(activation_limit=1, offline_days=10, grace_days=5)
    program.shop, program.key, program.keys = live_server.url, license_.key, public_keys()["keys"]
    return license_


def test_a_licence_is_good_then_in_grace_then_over_without_the_shop(
    license_: License, program: Program
) -> None:
    assert program.ask("state") == "none"
    assert program.ask("activate") is True

    away = time.time()
    assert program.ask("state") == "good"
    assert program.ask("state", now=away + 9.9 * DAY) == "good"
    assert program.ask("state", now=away + 10.1 * DAY) == "grace"
    assert program.ask("state", now=away + 15.1 * DAY) == "over"
    assert program.ask("state", now=away - 2 * DAY) == "none"
    assert Activation.objects.get().instance == "example.com"


def test_what_the_shop_refuses_is_told_and_nothing_is_kept(license_: License, program: Program) -> None:
    assert program.ask("activate", key="NO-SUCH-KEY") == {"error": "not_found"}
    License.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert program.ask("activate") == {"error": "expired"}

    assert program.ask("state") == "none"
    assert not Activation.objects.exists()


def test_a_fresh_file_comes_while_the_licence_is_good_and_goes_with_it(
    license_: License, program: Program
) -> None:
    program.ask("activate")
    assert program.ask("refresh") == "good"

    license_.revoke()

    assert program.ask("refresh") == "none"
    assert program.ask("state") == "none"


def test_a_key_may_be_typed_as_its_reader_writes(license_: License, program: Program) -> None:
    persian = license_.key.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")).lower().replace("-", " ")

    assert program.ask("activate", key=persian) is True

    assert program.ask("state", key=persian) == "good"


def test_a_shop_that_takes_no_more_questions_changes_nothing(
    license_: License, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.ask("activate")
    monkeypatch.setattr("delivery.finding.GUESSES", 0)

    assert program.ask("refresh") == "good"


def test_a_shop_that_is_away_changes_nothing(license_: License, program: Program) -> None:
    program.ask("activate")
    shop = program.shop
    kept = License.objects.get()

    program.shop = "http://127.0.0.1:1"
    refused = program.ask("activate", key="OTHER")
    program.shop = shop

    assert refused["error"].lower() == "unreachable"
    assert kept.standing == "active"


def test_the_place_is_freed(license_: License, program: Program) -> None:
    program.ask("activate")

    program.ask("deactivate")

    assert program.ask("state") == "none"
    assert not Activation.objects.in_use().exists()


def test_an_answer_signed_by_another_key_is_no_answer(license_: License, program: Program) -> None:
    rotate_key()  # the client knows the old key alone

    assert str(program.ask("activate")["error"]).lower() == "unreachable"
    assert program.ask("state") == "none"
    program.keys = public_keys()["keys"]
    assert program.ask("activate") is True


def test_any_flipped_bit_is_refused(license_: License, program: Program) -> None:
    good = sign({"iss": "متجر", "valid": True}).encode()
    flipped = []
    for place in range(len(good)):
        for bit in range(8):
            changed = bytearray(good)
            changed[place] ^= 1 << bit
            flipped.append(bytes(changed))

    texts = program.read([good, *flipped, good[:-1], good + b"\n", good + b"A", b"", b"a.b.c"])

    assert texts[0] == {"iss": "متجر", "valid": True}
    assert set(map(str, texts[1:])) == {"None"}
    assert len(texts) == 8 * len(good) + 6


def test_the_algorithm_can_not_be_chosen(license_: License, program: Program) -> None:
    key = signing._current_key()
    forged = []
    for header in (
        {"alg": "none", "typ": "license+jws", "kid": key.kid},
        {"alg": "HS256", "typ": "license+jws", "kid": key.kid},
        {"alg": "EdDSA", "typ": "JWT", "kid": key.kid},
        {"alg": "EdDSA", "typ": "license+jws", "kid": "another"},
        {"alg": "EdDSA", "typ": "license+jws"},
    ):
        text = f"{signing._packed(header)}.{signing._packed({'valid': True})}"
        forged.append(f"{text}.{signing._base64(key.private.sign(text.encode()))}".encode())

    assert [str(each) for each in program.read(forged)] == ["None"] * 5


@pytest.mark.parametrize("change", ["nothing", "iss", "asked", "license", "valid", "exp"])
def test_a_genuine_file_of_something_else_is_none(
    license_: License, program: Program, change: str, tmp_path: Path
) -> None:
    program.ask("activate")
    kept = (tmp_path / "kept").read_text()
    signed = kept[kept.index("eyJ") :].split('"')[0].strip()
    claims = signing.read_signed(signed)
    claims |= {
        "iss": {"iss": "https://other.example"},
        "asked": {"asked": "https://other.example"},
        "license": {"license": claims["license"] | {"key": "OTHER"}},
        "valid": {"activated": False},
        "exp": {"exp": None},
    }.get(change, {})

    other = sign(claims)
    changed = kept.replace(signed, other).replace(
        f's:{len(signed)}:"', f's:{len(other)}:"'
    )  # as PHP keeps it
    (tmp_path / "kept").write_text(changed)

    assert program.ask("state") == ("good" if change == "nothing" else "none")
