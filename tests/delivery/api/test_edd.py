import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from delivery.models import Activation, License
from tests.factories import make_license, make_product, make_release

pytestmark = pytest.mark.django_db
KNOWN = {  # of an activation that went well, as the original names them
    *("success", "license", "item_id", "item_name", "checksum", "license_limit", "site_count", "expires"),
    *("activations_left", "payment_id", "customer_name", "customer_email", "price_id"),
}


def ask(action: str, *, get: bool = False, path: str = "/", agent: str = "", **params: Any) -> Any:
    client, data = Client(headers={"User-Agent": agent}), {"edd_action": action, **params}
    answer = client.get(path, data) if get else client.post(path, data)
    assert answer["Content-Type"] == "application/json"
    assert "no-store" in answer["Cache-Control"]
    return answer.json()


@pytest.fixture
def mine() -> tuple[License, dict[str, Any]]:
    license_ = make_license(activation_limit=2, valid_days=365)
    item = {"license": license_.key, "item_id": license_.variant.product_id, "url": "https://example.com"}
    return license_, item


@pytest.mark.parametrize("get", [True, False])
def test_a_site_is_activated_checked_and_freed(mine: Any, get: bool) -> None:
    license_, item = mine

    activated = ask("activate_license", get=get, **item)
    checked = ask("check_license", get=get, **item)
    freed = ask("deactivate_license", get=get, **item)

    assert set(activated) == set(checked) == KNOWN
    product = license_.variant.product
    assert {key: value for key, value in activated.items() if key != "checksum"} == {
        "success": True,
        "license": "valid",
        "item_id": product.pk,
        "item_name": product.title,
        "license_limit": 2,
        "site_count": 1,
        "expires": f"{license_.expires_at:%Y-%m-%d %H:%M:%S}",
        "activations_left": 1,
        "payment_id": license_.line.order_id,
        "customer_name": "",
        "customer_email": "",
        "price_id": str(license_.variant_id),
    }
    assert re.fullmatch(r"[0-9a-f]{32}", activated["checksum"])
    assert (checked["success"], checked["license"]) == (True, "valid")
    assert (freed["success"], freed["license"], freed["site_count"]) == (True, "deactivated", 0)
    assert ask("deactivate_license", get=get, **item)["license"] == "failed"


def test_what_has_no_end_and_no_limit_is_said_in_their_words() -> None:
    license_ = make_license(activation_limit=0)

    told = ask("activate_license", license=license_.key, url="example.com")

    assert (told["expires"], told["activations_left"], told["license_limit"]) == ("lifetime", "unlimited", 0)


def test_each_refusal_has_its_word(mine: Any) -> None:
    license_, item = mine

    def error(**more: Any) -> Any:
        told = ask("activate_license", **(item | more))
        assert (told["success"], told["license"]) == (False, "invalid")
        return told["error"]

    assert error(license="NO-SUCH-KEY") == "missing"
    assert error(url="") == "missing_url"
    assert error(item_id=license_.variant.product_id + 99) == "invalid_item_id"
    assert error(item_id="", item_name="Another thing") == "item_name_mismatch"
    assert not Activation.objects.exists()
    for site in ("one.com", "two.com"):
        ask("activate_license", **(item | {"url": site}))
    assert error() == "no_activations_left"
    assert ask("activate_license", **item)["max_sites"] == 2
    license_.set_expiry(timezone.now() - timedelta(days=1))
    assert error(url="one.com") == "expired"
    license_.suspend()
    assert error(url="one.com") == "disabled"


def test_a_check_says_how_it_stands(mine: Any) -> None:
    license_, item = mine

    def status(**more: Any) -> Any:
        return ask("check_license", **(item | more))["license"]

    assert status() == "inactive"
    assert ask("check_license", **(item | {"license": "NO"}))["success"] is False
    assert status(license="NO-SUCH-KEY") == "invalid"
    assert status(item_id=license_.variant.product_id + 99) == "invalid_item_id"
    assert status(item_id="", item_name="Another") == "item_name_mismatch"
    ask("activate_license", **item)
    assert status() == "valid"
    assert status(url="http://www.example.com/") == "valid"
    assert status(url="other.com") == status(url="") == "site_inactive"
    license_.set_expiry(timezone.now())
    assert status() == "expired"
    license_.revoke()
    assert status() == "disabled"


def test_a_site_can_be_freed_when_the_licence_is_over(mine: Any) -> None:
    license_, item = mine
    ask("activate_license", **item)
    license_.set_expiry(timezone.now())

    assert ask("deactivate_license", **item)["license"] == "deactivated"


def test_old_clients_are_understood(mine: Any) -> None:
    license_, item = mine
    agent = "WordPress/6.8; https://from-agent.com"
    name = license_.variant.product.title.replace(" ", "%20")

    told = ask("activate_license", license=license_.key, item_name=name, agent=agent)
    encoded = ask("activate_license", **(item | {"url": "http%3A%2F%2Fencoded.com%2F"}), path="/ar/")

    assert (told["license"], encoded["license"]) == ("valid", "valid")
    assert set(Activation.objects.values_list("instance", flat=True)) == {"from-agent.com", "encoded.com"}


def test_programs_of_a_former_shop_may_use_its_ids() -> None:
    license_ = make_license(former_id="4711")

    told = ask("activate_license", license=license_.key, item_id="4711", url="example.com")

    assert (told["license"], told["item_id"]) == ("valid", 4711)
    make_release(license_.variant.product)
    assert ask("get_version", item_id="4711")["name"] == license_.variant.product.title


def test_a_local_site_takes_no_place(mine: Any) -> None:
    _license, item = mine

    told = ask("activate_license", **(item | {"url": "http://localhost:8080"}))

    assert (told["license"], told["is_local"], told["site_count"]) == ("valid", True, 0)


# --- Versions ------------------------------------------------------------------------------------


def test_a_version_comes_with_its_package_for_an_active_site_alone(mine: Any) -> None:
    license_, item = mine
    asked = item | {"slug": "arqam", "version": "1.0"}
    product = license_.variant.product
    make_release(product, "1.1.0", b"PK the newer")
    before = ask("get_version", **asked)
    ask("activate_license", **item)

    told = ask("get_version", **asked)

    assert before["package"] == ""
    assert before["new_version"] == told["new_version"] == told["stable_version"] == "1.1.0"
    assert told["name"] == product.title
    assert told["slug"] == "arqam"
    assert told["homepage"] == told["url"] == f"http://localhost:8000/products/{product.slug}/"
    assert told["package"] == told["download_link"]
    answer: Any = Client().get(told["package"].removeprefix("http://localhost:8000"))
    assert b"".join(answer.streaming_content) == b"PK the newer"
    changelog = '<ul dir="auto">\n<li>What 1.1.0 brings</li>\n</ul>\n'
    assert told["sections"] == (
        f'a:2:{{s:11:"description";s:0:"";s:9:"changelog";s:{len(changelog)}:"{changelog}";}}'
    )


def test_a_beta_is_for_who_asks_and_a_site_that_is_too_old_keeps_its_version(mine: Any) -> None:
    license_, item = mine
    make_release(license_.variant.product, "1.1.0", requirements="WordPress 6.4, PHP 8.1")
    make_release(license_.variant.product, "2.0.0-beta", channel="beta")
    ask("activate_license", **item)
    asked = item | {"version": "1.0.0"}

    assert ask("get_version", **asked, beta="1")["new_version"] == "2.0.0-beta"
    told = ask("get_version", **asked, php_version="8.2.1", wp_version="6.4")
    assert (told["new_version"], told["requires"], told["requires_php"]) == ("1.1.0", "6.4", "8.1")
    assert ask("get_version", **asked, php_version="8.0.30", wp_version="6.9")["new_version"] == "1.0.0"


def test_a_batch_answers_each_under_its_name(mine: Any) -> None:
    license_, item = mine
    make_release(license_.variant.product)
    ask("activate_license", **item)
    products = {f"products[one][{name}]": value for name, value in item.items()}
    products |= {"products[two][item_id]": "999", "products[two][license]": "NO"}

    told = ask("get_version", **products)

    assert set(told) == {"one", "two"}
    assert told["one"]["package"] != ""
    assert (told["two"]["package"], told["two"]["msg"]) == ("", "License key is not valid for 999")
    many: dict[str, Any] = {f"products[{number}][item_id]": "1" for number in range(51)}
    assert ask("get_version", **many)["msg"] == "Too many products at once."


def test_a_version_without_a_product_or_of_a_draft_tells_nothing() -> None:
    draft = make_product(status="draft", published_at=None)

    assert ask("get_version")["msg"] == "No item provided"
    assert ask("get_version", item_id=str(draft.pk))["new_version"] == ""
    assert ask("get_version", item_id="9" * 30)["new_version"] == ""


# --- The door ------------------------------------------------------------------------------------


def test_pages_are_left_alone() -> None:
    client = Client()

    assert client.get("/?utm=edd_action").status_code == 200
    assert client.get("/")["Content-Type"].startswith("text/html")
    assert client.post("/", {"other": "1"}).status_code == 405


def test_other_actions_are_refused() -> None:
    answer = Client().get("/", {"edd_action": "purchase"})

    assert (answer.status_code, answer.json()["error"]) == (400, "unknown_action")
