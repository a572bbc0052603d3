from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from delivery.activating import activate
from delivery.finding import Question
from delivery.models import Activation, License, LicensePlan, SigningKey
from delivery.signing import sign
from tests.factories import make_license, make_plan, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db
LIST, PLANS = "/admin/delivery/license/", "/admin/delivery/licenseplan/"


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def plan_fields(**more: Any) -> dict[str, Any]:
    return {
        "place": "site",
        "activation_limit": "3",
        "valid_days": "365",
        "source": "made",
        "key_pattern": "ARQAM-" + "#" * 26,
        "low_stock": "10",
        "offline_days": "30",
        "grace_days": "14",
    } | more


def run(staff: Client, action: str, *licenses: License) -> str:
    chosen = {"action": action, "_selected_action": [license_.pk for license_ in licenses]}
    return staff.post(LIST, chosen, follow=True).content.decode()


@pytest.mark.parametrize("prefix", ["", "/ar", "/fa"])
def test_pages_open_in_three_languages(staff: Client, prefix: str) -> None:
    license_ = make_license()
    activate(Question(key=license_.key, instance="one.com"))
    sign({})

    for path in (
        LIST,
        f"{LIST}{license_.pk}/change/",
        PLANS,
        f"{PLANS}{license_.plan.pk}/change/",
        f"{PLANS}add/",
    ):
        assert staff.get(prefix + path).status_code == 200
    keys = staff.get(f"{prefix}/admin/delivery/signingkey/").content.decode()
    assert SigningKey.objects.get().kid in keys
    assert license_.key in staff.get(prefix + LIST).content.decode()


def test_a_plan_is_made_and_bad_ones_are_refused(staff: Client) -> None:
    product = make_product()

    weak = staff.post(f"{PLANS}add/", plan_fields(product=product.pk, key_pattern="ABC-####"))
    other = make_variant(make_product())
    foreign = staff.post(f"{PLANS}add/", plan_fields(product=product.pk, variant=other.pk))
    assert "at least 26 random signs" in weak.content.decode()
    assert "another product" in foreign.content.decode()
    assert not LicensePlan.objects.exists()

    staff.post(f"{PLANS}add/", plan_fields(product=product.pk))
    again = staff.post(f"{PLANS}add/", plan_fields(product=product.pk))

    plan = LicensePlan.objects.get()
    assert (plan.activation_limit, plan.valid_days) == (3, 365)
    assert again.status_code == 200


def test_codes_are_loaded_with_a_report(staff: Client) -> None:
    plan = make_plan(source="codes")
    upload = SimpleUploadedFile("codes.csv", b"code\na1\nb2\na1\n \n---\n")

    page = staff.post(
        f"{PLANS}{plan.pk}/change/",
        plan_fields(product=plan.product.pk, source="codes", codes_file=upload),
        follow=True,
    ).content.decode()

    assert plan.codes.count() == 2
    assert "2 codes were taken." in page
    assert "not taken again: rows 4" in page
    assert "not taken: rows 6" in page
    assert "2 of 2" in staff.get(PLANS).content.decode()


def test_a_file_that_is_no_list_is_told(staff: Client) -> None:
    plan = make_plan(source="codes")
    upload = SimpleUploadedFile("codes.pdf", b"\xff\xfe\x00")

    page = staff.post(
        f"{PLANS}{plan.pk}/change/",
        plan_fields(product=plan.product.pk, source="codes", codes_file=upload),
        follow=True,
    ).content.decode()

    assert "no list of codes" in page
    assert not plan.codes.exists()


def test_licences_are_stopped_let_go_on_and_revoked(staff: Client) -> None:
    license_ = make_license()

    assert "1 licence was changed." in run(staff, "suspend", license_)
    assert License.objects.get().standing == "suspended"
    run(staff, "resume", license_)
    assert License.objects.get().standing == "active"
    run(staff, "revoke", license_)
    assert "0 licences were changed." in run(staff, "resume", license_)
    assert License.objects.get().standing == "revoked"
    assert [move.name for move in license_.moves.all()] == ["suspended", "resumed", "revoked"]


def test_all_places_of_a_licence_are_freed(staff: Client) -> None:
    license_, other = make_license(activation_limit=2), make_license()
    for each, site in ((license_, "one.com"), (license_, "two.com"), (other, "one.com")):
        activate(Question(key=each.key, instance=site))

    assert "2 places are free again." in run(staff, "free_places", license_)

    assert Activation.objects.in_use().get().license == other


def test_limit_and_expiry_are_changed_with_their_history(staff: Client) -> None:
    license_ = make_license(valid_days=30)
    forms = [f"{name}-{part}_FORMS" for name in ("activations", "moves") for part in ("TOTAL", "INITIAL")]
    wish = {
        "activation_limit": "7",
        "expires_at_0": "2030-01-01",
        "expires_at_1": "12:00",
        "status": "revoked",
    }

    staff.post(f"{LIST}{license_.pk}/change/", wish | dict.fromkeys(forms, "0"))

    changed = License.objects.get()
    assert (changed.activation_limit, changed.status) == (7, "active")
    assert f"{changed.expires_at:%Y-%m-%d %H}" == "2030-01-01 12"
    assert {move.name for move in changed.moves.all()} == {"limit_set", "expiry_set"}


def test_a_licence_is_found_by_key_order_mail_or_site(staff: Client) -> None:
    mine, other = make_license(), make_license()
    activate(Question(key=mine.key, instance="my-site.com"))
    order = mine.line.order
    order.email = "mona@example.com"
    order.save()

    for words in (mine.key.lower(), order.number, "mona@example.com", "my-site"):
        page = staff.get(LIST, {"q": words}).content.decode()
        assert mine.key in page
        assert other.key not in page


@pytest.mark.parametrize("state", ["active", "suspended", "revoked", "expired"])
def test_the_list_is_filtered_by_state(staff: Client, state: str) -> None:
    licenses = {name: make_license() for name in ("active", "suspended", "revoked", "expired")}
    licenses["suspended"].suspend()
    licenses["revoked"].follow_money("refunded")
    licenses["expired"].set_expiry(licenses["expired"].issued_at)

    page = staff.get(LIST, {"state": state}).content.decode()

    assert [name for name, license_ in licenses.items() if license_.key in page] == [state]


def test_the_list_asks_alike_for_any_number(staff: Client, django_assert_max_num_queries: Any) -> None:
    for _each in range(5):
        make_license()

    with django_assert_max_num_queries(9):
        assert staff.get(LIST).status_code == 200


def test_a_new_signing_key_signs_from_now_on(staff: Client) -> None:
    sign({})
    old = SigningKey.objects.get()

    staff.post("/admin/delivery/signingkey/", {"action": "rotate", "_selected_action": [old.pk]}, follow=True)

    assert SigningKey.objects.get(is_current=True) != old
    page = staff.get("/admin/delivery/signingkey/").content.decode()
    assert old.kid in page
    assert bytes(old.secret).hex() not in page


def test_a_licence_has_its_moves_on_its_page_and_in_the_story_of_its_order(staff: Client) -> None:
    license_ = make_license()
    address = f"{LIST}{license_.pk}/change/"
    page = staff.get(address).content.decode()
    assert 'value="suspend"' in page
    assert 'value="resume"' not in page
    assert f'href="/admin/checkout/order/{license_.line.order_id}/change/"' in page

    run(staff, "suspend", license_)

    page = staff.get(address).content.decode()
    assert 'value="resume"' in page
    assert 'value="suspend"' not in page
    story = staff.get(f"/admin/checkout/order/{license_.line.order_id}/change/").content.decode()
    assert "was issued." in story
    assert "Suspended by staff." in story
    assert license_.key[-6:] in story
    assert staff.get(f"{LIST}nonsense/change/").status_code == 302
    assert license_.key not in story
