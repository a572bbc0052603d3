from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from checkout.models import Mismatch
from checkout.reconciling import compare_with_providers, reconcile

EACH = 500


class Command(BaseCommand):
    help = (
        "Compares the books with the providers': asks about pending payments, reads the events that no "
        "webhook told, and looks for money without an order and orders without money. Fails while there are "
        "mismatches that nobody has settled."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--compare-since",
            type=_day,
            metavar="YYYY-MM-DD",
            help="ask the providers also about each payment settled since that day, a call or two each",
        )

    def handle(self, *, compare_since: datetime | None, **options: Any) -> None:
        self.line = ""
        reconcile(self.say)
        if compare_since:
            compare_with_providers(compare_since, self.say)
        self.end_line()
        unsettled = Mismatch.objects.filter(resolved_at=None).count()
        if unsettled:
            raise CommandError(f"Mismatches that wait for you in the admin: {unsettled}.")
        self.stdout.write(self.style.SUCCESS("The books agree."))

    def say(self, what: str, done: int) -> None:
        """A line for each kind of work: counted in place on a terminal, each so many rows in a log."""
        if not self.line.startswith(what):
            self.end_line()
        self.line = f"{what}: {done}" if done else what
        if self.stdout.isatty():
            self.stdout.write(f"\r{self.line}", ending="")
            self.stdout.flush()
        elif done and done % EACH == 0:
            self.end_line()

    def end_line(self) -> None:
        if self.line:
            self.stdout.write("" if self.stdout.isatty() else self.line)
        self.line = ""


def _day(text: str) -> datetime:
    try:
        day = timezone.make_aware(datetime.strptime(text, "%Y-%m-%d"))  # noqa: DTZ007  of the shop's clock
    except ValueError:
        raise ArgumentTypeError("Write the day as YYYY-MM-DD.") from None
    if not timezone.now() - timedelta(days=3660) < day <= timezone.now():  # whoever mistypes a year asks long
        raise ArgumentTypeError("The day must lie in the past ten years.")
    return day
