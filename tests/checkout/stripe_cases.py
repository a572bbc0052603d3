"""Faults that the tests of Stripe share, and time-outs that do not keep a test waiting."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from checkout.providers import stripe as shops_stripe
from tests.doubles.stripe import Fault, StripeDouble

NO_SENSE = [fault for fault in Fault if fault not in (Fault.REFUSED, Fault.OTHER_CURRENCY)]


@contextmanager
def failing(double: StripeDouble, fault: Fault, **calls: Any) -> Iterator[None]:
    """Calls go wrong; a shop that would wait ten seconds for an answer waits for one at most."""
    double.holds_back_seconds = 1.5
    double.fail(fault, **calls)
    with pytest.MonkeyPatch.context() as patch:
        if fault in (Fault.SLOW, Fault.DRIP):
            patience = 0.3 if "times" in calls else 1.0
            patch.setattr(shops_stripe, "TIMEOUT_SECONDS", (patience, patience))
        yield
    double.recover()


def named(value: object) -> str | None:
    return value.name.lower() if isinstance(value, Fault) else None
