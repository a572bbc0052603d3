from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from storefront.doctor import database, machine, outside, paying, queue, storage

CHECKS = [
    database.database,
    queue.broker,
    queue.worker,
    queue.lag,
    outside.mail,
    outside.stripe,
    paying.paypal,
    paying.ways_to_pay,
    outside.address,
    storage.storage,
    storage.s3,
    machine.disk,
    machine.pango,
    machine.fonts,
    machine.raqm,
]


class Command(BaseCommand):
    help = "Looks at everything the shop needs and says what is wrong and what to do. Fails on problems."
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        styles = {"ok": self.style.SUCCESS, "warning": self.style.WARNING, "problem": self.style.ERROR}
        problems = 0
        for finding in chain.from_iterable(check() for check in CHECKS):
            problems += finding.level == "problem"
            self.stdout.write(
                f"{styles[finding.level](f'{finding.level:8}')} {finding.name:11} {finding.text}"
            )
        if problems:
            raise CommandError(f"Problems: {problems}.")
