from datetime import timedelta
from itertools import product
from unittest.mock import patch

import pytest
from django.core import signing
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from checkout.models import Order
from delivery.activating import activate
from delivery.errors import DownloadRefused, LinkExpired, LinkNotValid
from delivery.finding import Question
from delivery.links import download_url, open_link, open_order_link, order_download_url
from delivery.models import DownloadGrant
from delivery.news import email_of, stop_path
from delivery.packages import open_package, package_url
from delivery.updates import newest_update
from tests.factories import handle_events_of, make_license, make_release, paid_order

pytestmark = pytest.mark.django_db
DAY = 24 * 60 * 60


@pytest.fixture
def grant() -> DownloadGrant:
    order = paid_order()
    handle_events_of(order)
    return DownloadGrant.objects.get()


def token_of(grant: DownloadGrant) -> str:
    return download_url(grant).removeprefix("/downloads/").removesuffix("/")


def test_opens_what_it_was_made_for(grant: DownloadGrant) -> None:
    assert open_link(token_of(grant)).grant == grant
    assert len(grant.key) >= 22


@pytest.mark.parametrize(("age", "is_good"), [(0, True), (DAY - 1, True), (DAY, True), (DAY + 1, False)])
def test_expires_by_the_servers_clock_to_the_second(grant: DownloadGrant, age: int, is_good: bool) -> None:
    with patch("django.core.signing.time.time", return_value=1_790_000_000.0):
        token = token_of(grant)

    with patch("django.core.signing.time.time", return_value=1_790_000_000.0 + age):
        if is_good:
            assert open_link(token).grant == grant
        else:
            with pytest.raises(LinkExpired):
                open_link(token)


def test_any_changed_character_is_refused(grant: DownloadGrant) -> None:
    token = token_of(grant)

    @given(st.integers(0, len(token) - 1), st.characters(codec="utf-8"))
    def changed(index: int, character: str) -> None:
        if character == token[index]:
            return
        with pytest.raises(LinkNotValid):
            open_link(token[:index] + character + token[index + 1 :])

    changed()


def test_any_flipped_bit_of_any_link_is_refused(grant: DownloadGrant) -> None:
    license_ = make_license()
    make_release(license_.variant.product)
    facts = activate(Question(license_.key, instance="one.com"))
    update = newest_update(facts.product_id, facts.variant_id)
    assert update
    links = {
        open_link: download_url(grant),
        open_order_link: order_download_url(grant.line.order),
        open_package: package_url(facts, update),
        email_of: stop_path("mona@example.com"),
    }
    for open_, url in links.items():
        token = url.rstrip("/").rpartition("/")[2].encode()
        assert open_(token.decode())
        for place, bit in product(range(len(token)), range(8)):
            changed = bytearray(token)
            changed[place] ^= 1 << bit
            with pytest.raises(LinkNotValid):
                open_(changed.decode("latin-1"))


def test_any_cut_or_addition_is_refused(grant: DownloadGrant) -> None:
    token = token_of(grant)

    for end in range(len(token)):
        with pytest.raises(LinkNotValid):
            open_link(token[:end])
    for addition in (" ", "=", "\n", "a", ":", "%"):
        with pytest.raises(LinkNotValid):
            open_link(token + addition)


@given(st.text(max_size=80))
@hypothesis_settings(max_examples=500)
def test_no_text_opens_anything(token: str) -> None:
    with pytest.raises(LinkNotValid):
        open_link(token)


@pytest.mark.parametrize(
    "purpose", ["delivery.stamp", "accounts.login", "", "django.core.signing.TimestampSigner"]
)
def test_a_signature_for_another_purpose_is_refused(grant: DownloadGrant, purpose: str) -> None:
    foreign = signing.TimestampSigner(salt=purpose).sign(grant.key)

    with pytest.raises(LinkNotValid):
        open_link(foreign)


def test_a_signature_by_another_key_is_refused(grant: DownloadGrant, settings: pytest.FixtureRequest) -> None:
    token = token_of(grant)
    settings.SECRET_KEY = "another-secret-" + "y" * 40  # type: ignore[attr-defined]

    with pytest.raises(LinkNotValid):
        open_link(token)


def test_the_key_of_one_right_does_not_open_another(grant: DownloadGrant) -> None:
    handle_events_of(paid_order())
    other = DownloadGrant.objects.exclude(pk=grant.pk).get()
    _key, rest = token_of(grant).split(":", 1)

    with pytest.raises(LinkNotValid):
        open_link(f"{other.key}:{rest}")


@pytest.mark.parametrize("status", ["refunded", "pending", "expired"])
def test_opens_nothing_of_an_order_that_is_not_paid(grant: DownloadGrant, status: str) -> None:
    token = token_of(grant)
    Order.objects.update(status=status)

    with pytest.raises(DownloadRefused):
        open_link(token)


def test_opens_nothing_of_a_held_order_until_it_is_released(grant: DownloadGrant) -> None:
    token = token_of(grant)
    Order.objects.update(held_at=timezone.now())
    with pytest.raises(DownloadRefused, match="looking at this order"):
        open_link(token)

    Order.objects.update(held_at=None)

    assert open_link(token).grant == grant


def test_a_partly_refunded_order_keeps_its_files_and_a_revoked_right_does_not(grant: DownloadGrant) -> None:
    token = token_of(grant)
    Order.objects.update(status=Order.Status.PARTIALLY_REFUNDED)
    assert open_link(token).grant == grant

    DownloadGrant.objects.update(revoked_at=timezone.now() - timedelta(seconds=1))

    with pytest.raises(DownloadRefused):
        open_link(token)
