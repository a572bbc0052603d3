"""The demo's own plugin, as its zip brings it: it takes its key, is shown the update, and installs it."""

import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from catalog.models import Product
from delivery.models import Activation, License
from demo.loading import load_demo
from demo.shop import BUILT
from tests.clients.talking import HERE, SITE, php
from tests.factories import handle_events_of, paid_order

pytestmark = pytest.mark.django_db(transaction=True)


class Site:
    """A WordPress site with the plugin in its folder."""

    def __init__(self, folder: Path, shop: str) -> None:
        php(folder / "options")  # skips where there is no PHP
        self.folder, self.plugin, self.shop = folder, folder / "plugins" / "arqam", shop

    def install(self, package: Path) -> None:
        with zipfile.ZipFile(package) as archive:
            archive.extractall(self.plugin.parent)

    def ask(self, what: str, value: Any = None, *more: Any) -> Any:
        command = [shutil.which("php") or "", str(HERE / "wordpress.php"), str(self.folder / "options")]
        done = subprocess.run(
            [*command, SITE, str(self.plugin), self.shop],
            input=json.dumps({"do": what, "value": value, "more": more}) + "\n",
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stderr == ""
        return json.loads(done.stdout.splitlines()[-1])

    def offer(self) -> Any:
        return self.ask("update_plugins")["result"]


@pytest.fixture
def site(live_server: Any, settings: Any, tmp_path: Path) -> Site:
    settings.SITE_URL = live_server.url
    load_demo()
    site = Site(tmp_path, live_server.url)
    site.install(BUILT / "files" / "arqam-1.2.0.zip")
    return site


@pytest.fixture
def license_() -> License:
    order = paid_order(Product.objects.get(slug="arqam-digits"))
    handle_events_of(order)
    return License.objects.get()


def test_from_the_key_to_the_installed_update(site: Site, license_: License) -> None:
    assert site.offer() == {}

    taken = site.ask("sanitize_option_arqam_key", license_.key.lower())
    offer = site.offer()["response"]["arqam/arqam.php"]
    fetched = site.ask("upgrader_pre_download", False, offer["package"], None, {"plugin": "arqam/arqam.php"})[
        "result"
    ]
    site.install(Path(fetched))
    Path(fetched).unlink()

    assert taken == {"result": "", "errors": []}
    assert Activation.objects.get().instance == "example.com"
    assert (offer["new_version"], offer["requires"], offer["requires_php"]) == ("1.3.0", "6.0", "7.4")
    assert "* Version:           1.3.0" in (site.plugin / "arqam.php").read_text()
    assert site.offer()["no_update"]["arqam/arqam.php"]["new_version"] == "1.3.0"
    assert "response" not in site.offer()


def test_a_key_that_is_none_is_told_and_the_digits_go_on(site: Site) -> None:
    taken = site.ask("sanitize_option_arqam_key", "NO-SUCH-KEY")

    assert taken == {"result": "NO-SUCH-KEY", "errors": ["not_found"]}
    assert site.ask("the_content", "<p>In 2026</p>")["result"] == "<p>In ۲۰۲۶</p>"
    assert site.offer() == {}


def test_an_empty_key_frees_the_place(site: Site, license_: License) -> None:
    site.ask("sanitize_option_arqam_key", license_.key)

    site.ask("sanitize_option_arqam_key", "")

    assert not Activation.objects.in_use().exists()
    assert site.offer() == {}


def test_what_is_new_is_new(site: Site) -> None:
    before = site.ask("wp_list_categories", "Cats (12)")["result"]

    site.install(BUILT / "files" / "arqam.zip")

    assert (before, site.ask("wp_list_categories", "Cats (12)")["result"]) == ("Cats (12)", "Cats (۱۲)")
