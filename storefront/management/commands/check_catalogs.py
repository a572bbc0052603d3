from typing import Any

from django.core.management.base import BaseCommand, CommandError

from storefront.catalogues import PLURALS, problems_of


class Command(BaseCommand):
    help = "Fails unless every text of the code is translated whole, with the same placeholders."
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        problems = sorted(problem for language in PLURALS for problem in problems_of(language))
        if problems:
            raise CommandError("\n".join([*problems, f"{len(problems)} problems. `make messages` collects."]))
        self.stdout.write("Every text is translated.")
