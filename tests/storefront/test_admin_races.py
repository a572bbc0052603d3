"""Staff who save the same at once: one is first, the others are told, and nobody sees an error page."""

from functools import partial
from typing import Any

import pytest
from django.test import Client

from checkout.models import TaxRate
from storefront.models import Shop
from tests.checkout.test_tax_admin import JORDAN, RATES
from tests.factories import make_user
from tests.processes import in_processes
from tests.storefront.test_shop_admin import PAGE, TYPED

pytestmark = pytest.mark.django_db(transaction=True)


def answer(client: Client, path: str, data: dict[str, Any], _number: int) -> tuple[int, list[str]]:
    response = client.post(path, data)
    told = response.context["adminform"].form.non_field_errors() if response.status_code == 200 else []
    return response.status_code, [str(each) for each in told]


def test_the_same_tax_rate_is_there_once() -> None:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))

    answers = in_processes(partial(answer, client, f"{RATES}add/", JORDAN), 8)

    assert sorted(answers) == [(200, ["A rate begins at this moment already."])] * 7 + [(302, [])]
    assert TaxRate.objects.count() == 1


def test_the_first_settings_of_a_shop_are_saved_by_each() -> None:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))

    answers = in_processes(partial(answer, client, f"{PAGE}add/", TYPED), 8)

    assert answers == [(302, [])] * 8
    assert Shop.objects.values_list("name_en", flat=True).get() == "Papyrus"
