from typing import Any

from django.core.management.base import BaseCommand

from storefront.catalogues import compile_catalogues


class Command(BaseCommand):
    help = "Compiles the translations of locale/ that changed. Needs no gettext."
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"{compile_catalogues()} compiled.")
