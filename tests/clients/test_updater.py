"""The WordPress updater against a running shop."""

from pathlib import Path
from typing import Any

import pytest

from catalog.models import ProductFile
from delivery.models import License
from delivery.signing import public_keys
from tests.clients.talking import Program, php
from tests.factories import make_license, make_release

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = b"PK a plugin"


@pytest.fixture
def site(live_server: Any, settings: Any, tmp_path: Path) -> Program:
    """A WordPress site whose plugin has its licence."""
    settings.SITE_URL = live_server.url
    license_ = make_license(activation_limit=1)
    make_release(license_.variant.product, "1.1.0", CONTENT, requirements="WordPress 6.4, PHP 8.1")
    site = php(tmp_path / "options")
    site.shop, site.key, site.keys = live_server.url, license_.key, public_keys()["keys"]
    assert site.ask("activate") is True
    return site


def test_a_newer_version_is_shown_and_fetched(site: Program) -> None:
    offer = site.ask("offer", version="1.0.0")["response"]["arqam/arqam.php"]
    told = site.ask("describe")
    fetched = site.ask("fetch", package=offer["package"])

    assert offer["new_version"] == told["version"] == "1.1.0"
    assert (offer["requires"], offer["requires_php"]) == ("6.4", "8.1")
    assert offer["slug"] == "arqam"
    assert told["sections"] == {"changelog": '<ul dir="auto">\n<li>What 1.1.0 brings</li>\n</ul>\n'}
    assert fetched["size"] == len(CONTENT)


def test_the_present_version_is_no_update(site: Program) -> None:
    offer = site.ask("offer", version="1.1.0")

    assert offer["response"] == []
    assert offer["no_update"]["arqam/arqam.php"]["new_version"] == "1.1.0"


def test_a_package_with_other_bytes_is_refused(site: Program) -> None:
    ProductFile.objects.update(sha256="0" * 64)
    package = site.ask("offer")["response"]["arqam/arqam.php"]["package"]

    assert site.ask("fetch", package=package) == {"error": "changed_package"}


def test_without_a_good_licence_nothing_is_offered_or_fetched(site: Program) -> None:
    package = site.ask("offer")["response"]["arqam/arqam.php"]["package"]
    License.objects.get().revoke()
    site.ask("forget")

    offer = site.ask("offer")

    assert offer == {"response": []}
    assert site.ask("fetch", package=package) == {"error": "no_package"}
    assert site.ask("refusal") == "این مجوز لغو شده است."  # in the site's language
    assert site.ask("state") == "none"


def test_the_link_may_be_old_by_the_time_of_the_update(site: Program) -> None:
    offer = site.ask("offer")["response"]["arqam/arqam.php"]

    fetched = site.ask("fetch", package=offer["package"].rpartition(":")[0] + ":old/")

    assert fetched["size"] == len(CONTENT)


def test_packages_of_others_are_left_alone(site: Program) -> None:
    package = site.ask("offer")["response"]["arqam/arqam.php"]["package"]

    assert site.ask("fetch", package=package, plugin="other/other.php") is False
    assert site.ask("fetch", package="https://elsewhere.example/arqam.zip") is False


def test_the_keys_are_fetched_once_where_the_plugin_has_none(site: Program) -> None:
    assert site.ask("deactivate") is True

    assert site.ask("activate", keys=[]) is True

    assert site.ask("state", keys=[]) == "good"
