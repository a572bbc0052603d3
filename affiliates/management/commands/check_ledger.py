from typing import Any

from django.core.management.base import BaseCommand, CommandError

from affiliates.proving import breaches


class Command(BaseCommand):
    help = (
        "Proves the ledger of affiliates: that every commission, reversal, payout and closed sum is what the "
        "orders, refunds, disputes and payouts say, and that the database refuses to change it. Fails and "
        "says what is wrong otherwise."
    )

    def handle(self, **options: Any) -> None:
        count = 0
        for breach in breaches():
            count += 1
            self.stdout.write(self.style.ERROR(breach))
        if count:
            raise CommandError(f"The ledger does not add up: {count}.")
        self.stdout.write(self.style.SUCCESS("The ledger adds up."))
