from typing import Any

from django.core.management.base import BaseCommand, CommandError

from invoicing.checking import faults

EACH = 1000


class Command(BaseCommand):
    help = (
        "Proves that the numbers of invoices and credit notes have no gap, that the chain of their hashes is "
        "whole, and that their sums are those of the orders. Says what is wrong, and fails then."
    )

    def handle(self, **options: Any) -> None:
        found = 0
        for fault in faults(self.say):
            found += 1
            self.stderr.write(self.style.ERROR(fault))
        if found:
            raise CommandError(f"Faults: {found}.")
        self.stdout.write(self.style.SUCCESS("All documents are in order."))

    def say(self, what: str, done: int) -> None:
        if done % EACH == 0:
            self.stdout.write(f"{what}: {done}")
