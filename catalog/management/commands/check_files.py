from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.checking import check_bytes, check_sizes
from catalog.models import ProductFile


class Command(BaseCommand):
    help = "Reads all product files, and fails where one is missing or was changed. Staff is mailed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quick", action="store_true", help="look at sizes only, without reading")

    def handle(self, *, quick: bool, **options: Any) -> None:
        troubles = check_sizes() if quick else check_bytes()
        for trouble in troubles:
            self.stderr.write(str(trouble))
        if troubles:
            raise CommandError(f"Files in trouble: {len(troubles)}.")
        self.stdout.write(f"{ProductFile.objects.count()} files are as they were uploaded.")
