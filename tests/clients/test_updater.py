"""The WordPress updater against a running shop."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from catalog.models import ProductFile
from delivery.models import License
from delivery.signing import public_keys
from tests.clients.talking import Program, php
from tests.factories import make_license

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = b"%PDF-1.7 a book"


@pytest.fixture
def site(live_server: Any, settings: Any, tmp_path: Path) -> Program:
    """A WordPress site whose plugin has its licence."""
    settings.SITE_URL = live_server.url
    license_ = make_license(activation_limit=1)
    ProductFile.objects.update(sha256=hashlib.sha256(CONTENT).hexdigest())
    site = php(tmp_path / "options")
    site.shop, site.key, site.keys = live_server.url, license_.key, public_keys()["keys"]
    assert site.ask("activate") is True
    return site


def test_a_newer_version_is_shown_and_fetched(site: Program) -> None:
    offer = site.ask("offer", version="1.0.0")["response"]["arqam/arqam.php"]
    told = site.ask("describe")
    fetched = site.ask("fetch", package=offer["package"])

    assert offer["new_version"] == told["version"] != ""
    assert offer["slug"] == "arqam"
    assert "changelog" in told["sections"]
    assert fetched["size"] == len(CONTENT)


def test_the_present_version_is_no_update(site: Program) -> None:
    version = site.ask("offer", version="1.0.0")["response"]["arqam/arqam.php"]["new_version"]

    offer = site.ask("offer", version=version)

    assert "response" not in offer
    assert offer["no_update"]["arqam/arqam.php"]["new_version"] == version


def test_a_package_with_other_bytes_is_refused(site: Program) -> None:
    ProductFile.objects.update(sha256="0" * 64)
    package = site.ask("offer")["response"]["arqam/arqam.php"]["package"]

    assert site.ask("fetch", package=package) == {"error": "changed_package"}


def test_without_a_good_licence_nothing_is_offered(site: Program) -> None:
    License.objects.get().revoke()

    offer = site.ask("offer")

    assert offer == {}


def test_the_keys_are_fetched_once_where_the_plugin_has_none(site: Program) -> None:
    assert site.ask("deactivate") is True

    assert site.ask("activate", keys=[]) is True

    assert site.ask("state", keys=[]) == "good"
