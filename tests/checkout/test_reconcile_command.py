from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from checkout.mismatches import note_mismatch
from checkout.models import DemoCharge, Mismatch, Order, Payment
from tests.factories import paid_order, started_payment

pytestmark = pytest.mark.django_db


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def run(*arguments: str, out: StringIO | None = None) -> str:
    out = out or StringIO()
    call_command("reconcile", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_it_finds_what_nobody_told_and_says_that_the_books_agree(commits: Any) -> None:
    started_payment()
    DemoCharge.objects.update(status=DemoCharge.Status.PAID)

    with commits():
        said = run()

    assert Order.objects.get().is_paid
    assert said.splitlines()[0] == "pending payments asked about: 1"
    assert said.splitlines()[-1] == "The books agree."


def test_it_fails_while_a_mismatch_is_open(commits: Any) -> None:
    note_mismatch(Mismatch.Kind.MONEY_WITHOUT_ORDER, "pi_1", provider="stripe")

    with pytest.raises(CommandError, match="in the admin: 1"):
        run()


def test_it_compares_sums_since_a_day(commits: Any) -> None:
    with commits():
        paid_order()
    DemoCharge.objects.update(amount=1100)
    assert "The books agree." in run()

    today = f"{timezone.localtime():%Y-%m-%d}"
    with pytest.raises(CommandError, match="in the admin: 1"):
        run(f"--compare-since={today}")

    assert Mismatch.objects.get().order == Order.objects.get()


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31"])
def test_days_that_are_none_are_refused(day: str) -> None:
    with pytest.raises(CommandError, match="day"):
        run(f"--compare-since={day}")

    assert not Payment.objects.exists()


def test_a_terminal_counts_in_place(commits: Any) -> None:
    for _each in range(3):
        started_payment()

    with commits():
        said = run(out=Terminal())

    assert "\rpending payments asked about: 2\rpending payments asked about: 3\n" in said
