"""Faults that the tests of PayPal share, and time-outs that do not keep a test waiting."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from checkout.providers.paypal_api import PayPalApi
from tests.doubles.paypal import Fault

NO_SENSE = [
    Fault.ERROR,
    Fault.TOO_MANY,
    Fault.UNAUTHORIZED,
    Fault.FORBIDDEN,
    Fault.IN_PROGRESS,
    Fault.REDIRECT,
    Fault.DROP_BEFORE,
    Fault.DROP_AFTER,
    Fault.SLOW,
    Fault.DRIP,
    Fault.CUT,
    Fault.HTML,
    Fault.HUGE,
    Fault.DEEP,
    Fault.NOTHING,
]
NO_SENSE_IN_MONEY = [*NO_SENSE, Fault.UNKNOWN_STATUS, Fault.NO_CURRENCY]


def named(value: object) -> str | None:
    return value.name.lower() if isinstance(value, Fault) else None


@contextmanager
def short_time_outs() -> Iterator[None]:
    """A busy machine may need longer for a healthy call, so only the call that is to fail stands in here."""
    with mock.patch.multiple(PayPalApi, time_out=(0.3, 0.3)):
        yield
