from typing import Any

from django.core.management.base import BaseCommand

from storefront.catalogues import PLURALS, collect_into, po_path


class Command(BaseCommand):
    help = "Brings the texts of the code into the catalogues of locale/, for translators. Needs no gettext."
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        for language in PLURALS:
            collect_into(language)
            self.stdout.write(str(po_path(language)))
