import pytest
from django.test import Client

from accounts.models import User
from tests.factories import paid_order

pytestmark = pytest.mark.django_db


def test_staff_opens_an_order_with_its_lines_payments_and_events(lost_webhooks: None) -> None:
    order = paid_order()
    client = Client()
    client.force_login(User.objects.create_superuser("staff@example.com", "x"))

    response = client.get(f"/admin/checkout/order/{order.pk}/change/")

    page = response.content.decode()
    assert response.status_code == 200
    assert f'<bdi dir="ltr">{order.number}</bdi>' in page
    assert order.payments.get().reference in page
    assert [words in page for words in ("The order was placed.", "The order is paid.")] == [True, True]
