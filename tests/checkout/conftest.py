from collections.abc import Iterator
from typing import Any

import pytest

from tests.doubles.paypal import PayPalDouble


@pytest.fixture
def paypal(settings: Any) -> Iterator[PayPalDouble]:
    """The shop takes PayPal at a PayPal double; a call that PayPal would not take fails the test."""
    with PayPalDouble() as double:
        settings.PAYPAL_API_BASE, settings.PAYPAL_WEBHOOK_ID = double.url, double.webhook_id
        settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET = double.client_id, double.client_secret
        yield double
    assert double.complaints == []
