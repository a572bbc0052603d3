import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from delivery.models import Activation
from tests.factories import make_license

pytestmark = pytest.mark.django_db


def post(deed: str, **body: str) -> Any:
    return Client().post(f"/v1/licenses/{deed}", body, headers={"Accept": "application/json"})


def test_a_machine_is_activated_checked_and_freed() -> None:
    license_ = make_license(place="machine", activation_limit=2, valid_days=365)
    key = license_.key

    before = post("validate", license_key=key).json()
    activated = post("activate", license_key=key, instance_name="Mona's laptop")
    instance = activated.json()["instance"]
    valid = post("validate", license_key=key, instance_id=instance["id"]).json()
    freed = post("deactivate", license_key=key, instance_id=instance["id"])

    assert (before["valid"], before["license_key"]["status"], before["instance"]) == (True, "inactive", None)
    assert (activated.status_code, freed.status_code) == (200, 200)
    stamp = "%Y-%m-%dT%H:%M:%S.%fZ"
    use = Activation.objects.get()
    assert valid == {
        "valid": True,
        "error": None,
        "license_key": {
            "id": license_.pk,
            "status": "active",
            "key": key,
            "activation_limit": 2,
            "activation_usage": 1,
            "created_at": f"{license_.issued_at:{stamp}}",
            "expires_at": f"{license_.expires_at:{stamp}}",
        },
        "instance": {
            "id": str(use.uid),
            "name": "Mona's laptop",
            "created_at": f"{use.activated_at:{stamp}}",
        },
        "meta": {
            "store_id": 1,
            "order_id": license_.line.order_id,
            "order_item_id": license_.line_id,
            "product_id": license_.variant.product_id,
            "product_name": license_.variant.product.title,
            "variant_id": license_.variant_id,
            "variant_name": "Default",
            "customer_id": 0,
            "customer_name": "",
            "customer_email": "",
        },
    }
    assert activated.json() == {"activated": True} | {name: valid[name] for name in valid if name != "valid"}
    assert freed.json()["deactivated"] is True
    assert set(freed.json()) == {"deactivated", "error", "license_key", "meta"}
    assert freed.json()["license_key"]["activation_usage"] == 0


def test_refusals_have_their_words_and_statuses() -> None:
    license_ = make_license(place="machine", activation_limit=1)
    key = license_.key
    post("activate", license_key=key, instance_name="one")

    def told(deed: str, **body: str) -> tuple[int, str]:
        answer = post(deed, **body)
        word = {"activate": "activated", "validate": "valid", "deactivate": "deactivated"}[deed]
        assert answer.json()[word] is False
        return answer.status_code, answer.json()["error"]

    limit = (400, "This license key has reached the activation limit.")
    assert told("activate", license_key=key, instance_name="two") == limit
    assert told("activate", license_key="NO", instance_name="one") == (404, "license_key not found.")
    assert told("validate", license_key="NO") == (404, "license_key not found.")
    other = str(uuid.uuid4())
    assert told("validate", license_key=key, instance_id=other) == (404, "instance_id not found.")
    assert told("deactivate", license_key=key, instance_id=other) == (404, "instance_id not found.")
    assert told("activate", license_key=key) == (422, "The instance name field is required.")
    assert told("validate") == (422, "The license key field is required.")
    license_.set_expiry(timezone.now() - timedelta(days=1))
    assert told("validate", license_key=key) == (400, "This license key is expired.")
    assert post("validate", license_key=key).json()["license_key"]["status"] == "expired"
    license_.suspend()
    assert told("activate", license_key=key, instance_name="one") == (400, "This license key is disabled.")
    assert post("validate", license_key=key).json()["license_key"]["status"] == "disabled"
    assert Activation.objects.count() == 1


def test_what_has_no_limit_and_no_end_is_null() -> None:
    license_ = make_license(place="machine", activation_limit=0)

    told = post("activate", license_key=license_.key, instance_name="one").json()["license_key"]

    assert (told["activation_limit"], told["expires_at"]) == (None, None)


def test_programs_of_a_former_shop_find_its_product_id() -> None:
    license_ = make_license(place="machine", former_id="98765")

    assert post("validate", license_key=license_.key).json()["meta"]["product_id"] == 98765
