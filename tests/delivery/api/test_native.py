import json
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.models import Product
from delivery.finding import GUESSES
from delivery.models import Activation, Download, License
from delivery.signing import read_signed
from tests.factories import make_license, make_release

pytestmark = pytest.mark.django_db


def post(deed: str, client: Client | None = None, **body: Any) -> Any:
    return (client or Client()).post(f"/api/v1/licenses/{deed}/", body, content_type="application/json")


def test_a_licence_is_activated_checked_and_freed() -> None:
    license_ = make_license(activation_limit=2, valid_days=365)

    activated = post("activate", key=license_.key, instance="https://example.com/")
    valid = post("validate", key=license_.key, instance="www.example.com")
    freed = post("deactivate", key=license_.key, instance="example.com")
    gone = post("validate", key=license_.key, instance="example.com")

    use = Activation.objects.get()
    assert activated.status_code == valid.status_code == freed.status_code == gone.status_code == 200
    assert activated.json()["activated"] is True
    assert valid.json() == {
        "valid": True,
        "code": "ok",
        "message": "",
        "license": {
            "id": str(license_.uid),
            "key": license_.key,
            "status": "active",
            "expires_at": f"{license_.expires_at:%Y-%m-%dT%H:%M:%SZ}",
            "activation_limit": 2,
            "activations": 1,
            "activations_left": 1,
            "product": {
                "id": license_.variant.product_id,
                "slug": license_.variant.product.slug,
                "title": license_.variant.product.title,
            },
            "variant": {"id": license_.variant_id, "title": ""},
        },
        "instance": {
            "id": str(use.uid),
            "instance": "example.com",
            "name": "https://example.com/",
            "is_counted": True,
            "activated_at": f"{use.activated_at:%Y-%m-%dT%H:%M:%SZ}",
        },
        "signed": valid.json()["signed"],
    }
    assert (freed.json()["deactivated"], freed.json()["license"]["activations"]) == (True, 0)
    assert (gone.json()["valid"], gone.json()["code"]) == (False, "not_activated")


def test_refusals_have_codes_and_statuses() -> None:
    license_ = make_license(activation_limit=1)
    post("activate", key=license_.key, instance="one.com")

    def told(deed: str, **body: Any) -> tuple[int, str]:
        answer = post(deed, **({"key": license_.key} | body))
        return answer.status_code, answer.json()["code"]

    assert told("activate", instance="two.com") == (409, "limit_reached")
    assert told("activate", instance="") == (400, "instance_missing")
    assert told("deactivate", instance="two.com") == (409, "not_activated")
    assert told("activate", key="NO-SUCH", instance="one.com") == (404, "not_found")
    assert told("activate", product="another", instance="one.com") == (404, "not_found")
    license_.set_expiry(timezone.now() - timedelta(days=1))
    assert told("activate", instance="one.com") == (403, "expired")
    assert told("validate", instance="one.com") == (200, "expired")
    license_.suspend()
    assert told("validate") == (200, "suspended")
    license_.revoke()
    assert told("validate") == (200, "revoked")
    assert told("deactivate", instance="one.com") == (200, "ok")


def test_an_unknown_key_and_one_of_another_product_are_answered_byte_for_byte_alike() -> None:
    license_ = make_license()

    unknown = post("validate", key="A" * 30)
    other = post("validate", key=license_.key, product="another")

    assert unknown.status_code == other.status_code == 404
    assert unknown.content == other.content
    assert unknown.json()["license"] is None


def test_no_answer_tells_who_the_buyer_is() -> None:
    license_ = make_license()
    order = license_.line.order
    order.email = "secret.person@example.com"
    order.save()

    for deed in ("activate", "validate", "release", "deactivate"):
        answer = post(deed, key=license_.key, instance="one.com", nonce="n")
        claims = json.dumps(read_signed(answer.json()["signed"]))
        for text in (answer.content.decode(), claims):
            assert "secret" not in text
            assert order.token not in text


def test_guesses_are_slowed_down_and_told_when_to_come_back() -> None:
    client = Client(REMOTE_ADDR="2001:db8::1")
    neighbour = Client(REMOTE_ADDR="2001:db8::2")

    statuses = [post("validate", client, key=f"GUESS-{number}").status_code for number in range(GUESSES + 1)]

    assert statuses == [404] * GUESSES + [429]
    assert post("validate", neighbour, key="GUESS").headers["Retry-After"] == "600"


def test_forms_are_taken_as_well_as_json() -> None:
    license_ = make_license()

    answer = Client().post("/api/v1/licenses/activate/", {"key": license_.key, "instance": "one.com"})

    assert answer.json()["activated"] is True


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"key": ["a"]}',
        b'{"key": {"a": 1}}',
        b'{"key": "\\ud800"}',
        b"[" * 100_000,
    ]
    + [json.dumps({"key": "a" * 3000}).encode(), b'{"nonce": "' + b"n" * 201 + b'"}', b'{"key": "\\u0000"}'],
)
def test_bad_bodies_are_refused_in_words(body: bytes) -> None:
    answer = Client().post("/api/v1/licenses/activate/", body, content_type="application/json")

    assert answer.status_code == (404 if body == b"" else 400)
    assert answer.json()["code"] == ("not_found" if body == b"" else "bad_request")
    assert not Activation.objects.exists()


@given(st.dictionaries(st.sampled_from(["key", "instance", "activation", "product", "nonce"]), st.text()))
@settings(max_examples=40)
def test_any_text_is_answered(body: dict[str, str]) -> None:
    for deed in ("activate", "validate", "deactivate", "release"):
        assert post(deed, Client(REMOTE_ADDR=""), **body).status_code in (400, 404, 429)


def test_other_methods_are_refused_and_other_sites_may_ask() -> None:
    client = Client()

    assert client.get("/api/v1/licenses/validate/").status_code == 405
    asked_before = client.options("/api/v1/licenses/validate/")
    assert asked_before.status_code == 204
    assert asked_before["Access-Control-Allow-Origin"] == "*"
    answer = post("validate", key="x")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies


def test_asks_two_queries() -> None:
    license_ = make_license()
    post("validate", key=license_.key, nonce="n")  # makes the signing key, and notes the day
    counts = []
    for deed in ("activate", "validate", "activate", "validate"):
        with CaptureQueriesContext(connection) as asked:
            post(deed, key=license_.key, instance="one.com", nonce="n")
        counts.append(len(asked))

    assert counts == [2, 1, 1, 1]


def test_the_newest_release_comes_with_a_package_for_who_uses_the_licence() -> None:
    license_ = make_license(valid_days=30)
    product = license_.variant.product
    make_release(product, "1.0.0")
    make_release(product, "1.1.0", b"PK the newer", requirements="WordPress 6.4, PHP 8.1")
    make_release(product, "2.0.0-beta", channel="beta")
    asked: dict[str, Any] = {"key": license_.key, "instance": "one.com"}
    assert post("release", **asked).json()["code"] == "not_activated"
    post("activate", **asked)

    release = post("release", **asked).json()["release"]

    assert {
        name: release[name] for name in ("version", "channel", "changelog", "requirements", "filename")
    } == {
        "version": "1.1.0",
        "channel": "stable",
        "changelog": "- What 1.1.0 brings",
        "requirements": "WordPress 6.4, PHP 8.1",
        "filename": "plugin-1.1.0.zip",
    }
    assert (release["size"], release["sha256"]) == (12, sha256(b"PK the newer").hexdigest())
    assert post("release", channel="beta", **asked).json()["release"]["version"] == "2.0.0-beta"
    assert read_signed(post("release", **asked).json()["signed"])["release"]["sha256"] == release["sha256"]


@pytest.mark.parametrize(
    ("language", "message", "changelog"),
    [
        ("fa", "این مجوز در آنجا به کار نرفته است.", "تازه"),
        ("xx", "This licence is not in use there.", "New"),
    ],
)
def test_words_are_in_the_language_that_is_asked_for(language: str, message: str, changelog: str) -> None:
    license_ = make_license()
    make_release(license_.variant.product, changelog_en="*New*", changelog_fa="*تازه*")
    asked: Any = {"key": license_.key, "instance": "one.com", "language": language}

    assert post("release", **asked).json()["message"] == message

    post("activate", **asked)
    release = post("release", **asked).json()["release"]
    assert release["changelog"] == f"*{changelog}*"
    assert release["changelog_html"] == f'<p dir="auto"><em>{changelog}</em></p>\n'


def test_a_package_is_there_while_the_licence_is_used_and_counts_against_no_limit() -> None:
    license_ = make_license(valid_days=30)
    make_release(license_.variant.product)
    Product.objects.update(download_limit=1)
    asked: dict[str, Any] = {"key": license_.key, "instance": "one.com"}
    post("activate", **asked)
    path = urlsplit(post("release", **asked).json()["release"]["package"]).path

    answers: list[Any] = [Client().get(path) for _each in range(3)]

    assert [b"".join(answer.streaming_content) for answer in answers] == [b"PK a zip"] * 3
    assert not Download.objects.exists()
    changed = path[:-3] + ("A" if path[-3] != "A" else "B") + path[-2:]
    assert Client().get(changed).status_code == 404
    License.objects.update(expires_at=timezone.now())
    assert Client().get(path).status_code == 403
    License.objects.update(expires_at=None)
    post("deactivate", **asked)
    assert Client().get(path).status_code == 403


def test_before_the_first_release_there_is_none() -> None:
    license_ = make_license()
    make_release(license_.variant.product, channel="beta")
    asked: dict[str, Any] = {"key": license_.key, "instance": "one.com"}
    post("activate", **asked)

    assert post("release", **asked).json()["release"] is None
