from typing import Any

import pytest
from django.test import Client

from checkout.models import Order
from tests.factories import make_product, make_user, paid_order


@pytest.fixture
def staff(client: Client) -> Client:
    """A browser of somebody who may do everything."""
    client.force_login(make_user("staff@example.com", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def order(commits: Any) -> Order:
    """Two books for 20.00 in all, paid and delivered."""
    with commits():
        return paid_order(make_product(1200), make_product(800))
