from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from checkout.models import DemoCharge, Order
from checkout.payments import sync_payment
from checkout.placing import place_order
from checkout.providers import demo
from delivery.activating import activate
from delivery.codes import load_codes
from delivery.finding import Question
from delivery.models import Activation, License
from delivery.signing import read_signed
from storefront.models import OutgoingMail
from tests.factories import (
    handle_events_of,
    make_buyer,
    make_cart,
    make_license,
    make_plan,
    make_product,
    make_user,
    paid_order,
    started_payment,
)

pytestmark = pytest.mark.django_db


def page_of(license_: License, prefix: str = "") -> str:
    return f"{prefix}/orders/{license_.line.order.token}/"


def use(license_: License, instance: str) -> Activation:
    activate(Question(key=license_.key, instance=instance))
    return Activation.objects.get(license=license_, instance=instance)


def test_the_page_shows_the_key_and_where_it_is_used() -> None:
    license_ = make_license(activation_limit=3, valid_days=365)
    use(license_, "one.com")
    use(license_, "localhost")
    activate(Question(key=license_.key, instance="https://متجر.شبكة/مدونة"))

    page = Client().get(page_of(license_)).content.decode()

    assert f'dir="ltr" translate="no">{license_.key}</code>' in page
    assert f'data-copy="{license_.key}"' in page
    assert "Places in use: 2 of 3." in page
    assert '<bdi dir="ltr">one.com</bdi>' in page
    assert '<bdi dir="ltr">متجر.شبكة/مدونة</bdi>' in page
    assert "This key is good until" in page


@pytest.mark.parametrize("days", [30, -1])
def test_the_buyer_frees_a_place_also_when_the_time_is_over(days: int, page_client: Client) -> None:
    license_ = make_license(activation_limit=1)
    activation = use(license_, "one.com")
    license_.set_expiry(timezone.now() + timedelta(days=days))
    token = page_client.get(page_of(license_)).context["csrf_token"]
    address = f"{page_of(license_)}activations/{activation.uid}/"

    answers = [page_client.post(address, {"csrfmiddlewaretoken": token}) for _each in range(2)]

    assert {answer["Location"] for answer in answers} == {f"{page_of(license_)}#license-{license_.pk}"}
    assert not Activation.objects.in_use().exists()
    assert "That place is free again." in page_client.get(page_of(license_)).content.decode()


def test_nobody_frees_the_place_of_another_order() -> None:
    mine, other = make_license(), make_license()
    activation = use(other, "one.com")

    answer = Client().post(f"{page_of(mine)}activations/{activation.uid}/")

    assert answer.status_code == 404
    assert Activation.objects.in_use().count() == 1
    assert Client().get(f"{page_of(other)}activations/{activation.uid}/").status_code == 405
    unsafe = Client(enforce_csrf_checks=True)
    assert unsafe.post(f"{page_of(other)}activations/{activation.uid}/").status_code == 403
    assert Activation.objects.in_use().count() == 1


def test_a_machine_without_a_net_gets_its_file_and_a_place() -> None:
    license_ = make_license(place="machine", activation_limit=1)
    address = f"{page_of(license_)}licenses/{license_.uid}/"

    answer = Client().post(address, {"instance": "Press 7"})
    refused = Client().post(address, {"instance": "Another"}, follow=True)
    empty = Client().post(address, {"instance": "\0 "}, follow=True)

    claims = read_signed(answer.content.decode().removesuffix("\n"))
    assert (claims["asked"], claims["license"]["key"], claims["activated"]) == ("Press 7", license_.key, True)
    assert answer["Content-Disposition"] == 'attachment; filename="license.txt"'
    assert "no-store" in answer["Cache-Control"]
    assert "in as many places as it allows" in refused.content.decode()
    assert "Say which machine this is for." in empty.content.decode()
    assert Activation.objects.get().instance == "press 7"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"expires_at": timezone.now() - timedelta(days=1)}, "This key was good until"),
        ({"status": "suspended"}, "This key rests: we are looking"),
        ({"withdrawn": "disputed"}, "This key rests until your bank"),
        ({"status": "revoked"}, "The shop has closed this key."),
        ({"withdrawn": "refunded"}, "This key is closed, since the money"),
        ({"activation_limit": 0}, "and there is no limit"),
        ({}, "This key is good for ever."),
    ],
)
def test_the_page_says_how_the_licence_stands(change: dict[str, Any], words: str) -> None:
    license_ = make_license()
    License.objects.update(**change)

    assert words in Client().get(page_of(license_)).content.decode()


def test_a_held_order_shows_no_key() -> None:
    license_ = make_license()
    license_.line.order.hold("Look at it.")

    assert license_.key not in Client().get(page_of(license_)).content.decode()


def test_a_code_from_stock_is_only_a_key() -> None:
    license_ = make_license()
    license_.plan.source = "codes"
    license_.plan.save()

    page = Client().get(page_of(license_)).content.decode()

    assert f'id="license-{license_.pk}"' in page
    assert license_.key in page
    assert "Your code<" in page
    assert "Copy them all" not in page
    assert "Places in use" not in page
    assert "For a place without internet" not in page


def test_several_codes_stand_in_one_list_and_are_copied_at_once() -> None:
    product = make_plan(source="codes").product
    load_codes(product.license_plans.get(), b"A1\nB2\nC3")
    cart = make_cart(product)
    cart.change(product.variants.get().pk, 2)
    payment = started_payment(place_order(cart, make_buyer()))
    demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
    sync_payment(payment)
    handle_events_of(payment.order)

    page = Client().get(payment.order.get_absolute_url()).content.decode()

    assert page.count("Your codes<") == 1
    assert 'data-copy="A1&#10;B2"' in page
    assert "C3" not in page


def test_the_library_shows_keys_and_comes_back_to_them() -> None:
    user = make_user()
    order = paid_order(make_plan().product, user=user)
    handle_events_of(order)
    license_, client = License.objects.get(), Client()
    activation = use(license_, "one.com")
    client.force_login(user)

    page = client.get("/fa/library/").content.decode()
    answer = client.post(f"/fa{page_of(license_)}activations/{activation.uid}/", {"back": "library"})

    assert license_.key in page
    assert answer["Location"] == f"/fa/library/#license-{license_.pk}"


def test_pages_ask_alike_for_any_number_of_licences(django_assert_max_num_queries: Any) -> None:
    order = paid_order(*[make_plan(activation_limit=9).product for _each in range(4)], make_product())
    handle_events_of(order)
    for license_ in License.objects.all():
        use(license_, "one.com")

    with django_assert_max_num_queries(13):
        page = Client().get(f"/orders/{order.token}/").content.decode()

    assert page.count("Places in use: 1 of 9.") == 4


def test_the_mail_brings_the_key() -> None:
    license_ = make_license()

    mail = OutgoingMail.objects.get(cause=f"order.delivered:{license_.line.order_id}")

    assert f"Your key: {license_.key}" in mail.text
    assert license_.key in mail.html
    assert Order.objects.get().token in mail.text
