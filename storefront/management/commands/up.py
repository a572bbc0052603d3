import hashlib
import json
import os
import socket
import sys
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError

from storefront import supervisor
from storefront.catalogues import compile_catalogues
from storefront.doctor.machine import fonts, pango

HOST = "127.0.0.1"


class Command(BaseCommand):
    help = (
        "Runs the whole shop on this machine: brings the database up to date, then runs web server, worker "
        "and scheduler until Ctrl-C, and starts again what dies. With DEMO=1 the demo shop is loaded."
    )

    def handle(self, **options: Any) -> None:
        refuse_taken_port(settings.PORT)
        try:
            notes = self._prepare()
        except KeyboardInterrupt:
            raise CommandError("Stopped before the shop was open.", returncode=130) from None
        for finding in (*pango(), *fonts()):
            if not finding.is_ok:
                self.stdout.write(f"{finding.name}: {finding.text}")
        self.stdout.flush()
        plan = {"programs": programs(), "port": settings.PORT, "welcome": welcome(notes)}
        # Watching needs none of what is loaded by now, so a small script takes this process over.
        os.execv(sys.executable, [sys.executable, "-I", supervisor.__file__, json.dumps(plan)])  # noqa: S606

    def _prepare(self) -> str:
        """Bring everything up to date, and give what the demo says of its sign-ins."""
        notes = StringIO()
        self.stdout.write("Database ...")
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        if compile_catalogues():
            self.stdout.write("Translations compiled.")
        if assets_changed():
            self.stdout.write("Static files ...")
            call_command("collectstatic", verbosity=0, interactive=False)
            assets_stamp().write_text(assets_digest())
        if "load_demo" in get_commands():  # an app that is there only with DEMO=1
            self.stdout.write("Demo shop ...")
            call_command("load_demo", stdout=notes)
        return notes.getvalue()


def refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} is taken: another program, or this shop, runs there. "
                f"Choose another with PORT, such as: PORT={port + 1} make demo"
            ) from error


def programs() -> list[tuple[str, list[str]]]:
    """Name and command of each. Threads, not processes, keep all of it small."""
    python = sys.executable
    # 32 threads, so that slow downloads leave room for pages.
    web = ["granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "32", "--host", HOST]
    web += ["--port", str(settings.PORT), "--workers-kill-timeout", "10", "--log-level", "error"]
    celery = ["celery", "--app", "storefront", "--quiet"]
    worker = [*celery, "worker", "--pool", "threads", "--concurrency", "4", "--loglevel", "warning"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    beat = [*celery, "beat", "--loglevel", "warning", "--pidfile="]
    return [
        ("web server", [python, "-m", *web, "storefront.wsgi:application"]),
        # Celery warns of root each time; on a machine of one's own that is as it is.
        ("worker", [python, "-W", "ignore:You're running the worker", "-m", *worker]),
        ("scheduler", [python, "-m", *beat]),
    ]


def welcome(notes: str) -> str:
    address = f"\nThe shop is open: {settings.SITE_URL}/"
    return f"{address}\n{notes}Its data is in {settings.DATA_DIR}; Ctrl-C stops it."


def assets_stamp() -> Path:
    return Path(settings.STATIC_ROOT) / ".collected"


def assets_changed() -> bool:
    return not assets_stamp().is_file() or assets_stamp().read_text() != assets_digest()


def assets_digest() -> str:
    """Changes when a static file does, so that collecting and compressing is done only then."""
    seen = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            seen.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return seen.hexdigest()
