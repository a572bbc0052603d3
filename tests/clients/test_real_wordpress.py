"""The demo's plugin in a real WordPress: it takes its key, shows an update and installs it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from checkout.models import Refund
from checkout.refunds import request_refund
from delivery.models import Activation, License
from demo.shop import BUILT
from tests.clients.wordpress_site import PACKAGES, Site, what_is_missing, wordpress
from tests.factories import handle_events_of, make_license, make_release

pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW = (BUILT / "files" / name for name in ("arqam-1.2.0.zip", "arqam.zip"))
GETS_UPDATES, NEEDS_KEY = "این سایت به‌روزرسانی‌ها را می‌گیرد.", "کلید سفارشتان را اینجا بنویسید"


@pytest.fixture(scope="module")
def machine(live_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if missing := what_is_missing():
        pytest.skip(f"WordPress can't run here, for want of {missing}: apt-get install {PACKAGES}")
    with wordpress(tmp_path_factory.mktemp("wp"), live_server.url) as site:
        site.install_plugin(OLD)
        yield site


@pytest.fixture
def site(machine: Site, live_server: Any, settings: Any) -> Iterator[Site]:
    """A Persian site with the older version of the plugin, and no key as yet."""
    settings.SITE_URL = live_server.url
    machine.begin_anew(OLD)
    yield machine
    assert machine.complaints() == []


@pytest.fixture
def license_(settings: Any) -> License:
    """A licence for one site, of a plugin with one release."""
    license_ = make_license(activation_limit=1)
    make_release(license_.variant.product, "1.2.0", OLD.read_bytes())
    return license_


def this_year() -> str:
    """As the plugin writes it; WordPress dates its first post today."""
    return f"{timezone.now():%Y}".translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))


def test_from_the_key_to_the_installed_update(site: Site, license_: License) -> None:
    site.save_key(license_.key)
    assert site.said().startswith(GETS_UPDATES)
    assert Activation.objects.in_use().get().instance == "qalam.net"
    assert "new version" not in site.text("plugins.php")

    make_release(license_.variant.product, "1.3.0", NEW.read_bytes(), changelog_fa="- شمارش بایگانی")
    site.let_time_pass()
    looked = site.text("update-core.php")
    told = site.text("plugin-install.php?tab=plugin-information&plugin=arqam&section=changelog")
    site.update_plugin()

    assert "You have version 1.2.0 installed. Update to 1.3.0." in looked
    assert "شمارش بایگانی" in told
    after = site.text("plugins.php")
    assert "تنظیمات | Deactivate" in after
    assert "Version 1.3.0 | By Dukkan Labs | View details" in after
    assert "new version" not in after
    assert this_year() in site.read()


def test_an_empty_field_frees_the_place_and_a_full_licence_keeps_what_was_typed(
    site: Site, license_: License
) -> None:
    site.save_key(license_.key)
    site.save_key(license_.key)
    site.save_key("")
    assert site.said().startswith(NEEDS_KEY)
    assert not Activation.objects.in_use().exists()

    Activation.objects.create(license=license_, instance="other.net", name="other.net")
    page = site.save_key(license_.key.lower())

    assert "این مجوز در همهٔ جاهایی که اجازه دارد به کار رفته است" in page.text_content()
    assert page.get_element_by_id("arqam_key").value == license_.key.lower()
    assert site.said().startswith(NEEDS_KEY)


def test_a_refund_ends_the_updates_and_leaves_the_digits(site: Site, license_: License) -> None:
    make_release(license_.variant.product, "1.3.0", NEW.read_bytes())
    site.save_key(license_.key)
    shown = site.open("plugins.php")
    order = license_.line.order
    payment = order.payments.get()
    request_refund(payment, order.total, reason=Refund.Reason.REQUESTED, source=Refund.Source.STAFF)
    handle_events_of(order)

    refused = site.follow(shown, "update now")
    site.let_time_pass()

    assert "این مجوز لغو شده است." in refused.text_content()
    assert "new version" not in site.text("plugins.php")
    assert "Version 1.2.0" in site.text("plugins.php")
    assert site.said() == "به‌روزرسانی نمی‌رسد: این مجوز لغو شده است. رقم‌ها مثل قبل کار می‌کنند."
    assert this_year() in site.read()


def test_a_shop_that_is_away_locks_nobody_out(site: Site, license_: License) -> None:
    make_release(license_.variant.product, "1.3.0", NEW.read_bytes())
    site.save_key(license_.key)
    shown = site.open("plugins.php")

    with site.shop_away():
        assert "Version 1.2.0" in site.text("plugins.php")
        assert "The shop does not answer." in site.follow(shown, "update now").text_content()
        assert "There is a new version" in site.text("plugins.php")
        assert site.said().startswith(GETS_UPDATES)
        assert "فروشگاه پاسخ نمی‌دهد." in site.save_key("").text_content()
        assert "فروشگاه پاسخ نمی‌دهد." in site.save_key("ANOTHER-KEY").text_content()
        assert this_year() in site.read()

    site.let_time_pass()
    site.update_plugin()
    assert "Version 1.3.0" in site.text("plugins.php")
    assert site.said().startswith(GETS_UPDATES)
    assert Activation.objects.in_use().get().instance == "qalam.net"


def test_a_deleted_plugin_leaves_nothing_behind(site: Site, license_: License) -> None:
    site.save_key(license_.key)
    site.open("plugins.php")
    assert site.options("%dukkan%") != ""

    site.delete_plugin()

    assert not Activation.objects.in_use().exists()
    assert site.options("%arqam%") == site.options("%dukkan%") == ""
    assert not (site.root / "wp-content" / "plugins" / "arqam").exists()
