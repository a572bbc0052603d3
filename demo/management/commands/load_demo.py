from typing import Any

from django.core.management.base import BaseCommand, CommandError

from demo.loading import SIGN_INS, NotADemo, load_demo


class Command(BaseCommand):
    help = "Fill an empty shop with the demo's products, and add the people who sign in to it."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            count = load_demo()
        except NotADemo as error:
            raise CommandError(str(error)) from error
        if count:
            self.stdout.write(f"{count} products loaded.")
        self.stdout.write("Sign in as:")
        for sign_in in SIGN_INS:
            self.stdout.write(f"  {sign_in.role:<10} {sign_in.email:<24} {sign_in.password}")
