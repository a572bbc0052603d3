"""A shop of real processes on a test's database: a web server, and workers that can be killed at any time."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import requests
from celery import Celery
from django.conf import settings
from django.db import connection

from catalog.models import Product
from tests.processes import environment, free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
POOLS = {"threads": ["--concurrency", "4"], "prefork": ["--concurrency", "1"]}
SWEEPS = [
    "checkout.handle_due_webhooks",
    "checkout.sync_due_payments",
    "checkout.handle_due_events",
    "checkout.execute_due_refunds",
    "storefront.send_due_mails",
]


def database_url() -> str:
    """The address of the database that this test runs on."""
    has = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{has['NAME']}"
    owner = f"{quote(has['USER'])}:{quote(has['PASSWORD'])}@" if has["USER"] else ""
    return f"postgres://{owner}{has['HOST'] or 'localhost'}:{has['PORT'] or 5432}/{has['NAME']}"


@dataclass
class Shop:
    folder: Path
    redis_url: str = os.environ.get("REDIS_URL", "")
    port: int = field(default_factory=free_port)
    mail_port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "private").symlink_to(settings.PRIVATE_ROOT)
        self.url = f"http://127.0.0.1:{self.port}"
        self.queue = self.folder / "queue"

    def environment(self, **other: str) -> dict[str, str]:
        usual = {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "SECRET_KEY": settings.SECRET_KEY,
            "DEMO": "1",
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": database_url(),
            "REDIS_URL": self.redis_url,
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mail_port}",
            "SITE_URL": self.url,
            "PORT": str(self.port),
        }
        return environment(**usual | other)

    # --- processes -------------------------------------------------------------------------------

    def start_web(self, **other: str) -> None:
        command = ["granian", "--interface", "wsgi", "--workers", "1", "--host", "127.0.0.1", "--port"]
        self._start([*command, str(self.port), "--log-level", "error", "storefront.wsgi:application"], other)
        wait_until(self._answers)

    def start_worker(self, pool: str = "threads") -> subprocess.Popen[bytes]:
        command = ["celery", "--app", "storefront", "--quiet", "worker", "--pool", pool, *POOLS[pool]]
        return self._start([*command, "--loglevel", "warning", "--without-gossip", "--without-mingle"], {})

    def _start(self, command: list[str], other: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                env=self.environment(**other),
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9 of the process and of all its children: nothing is put in order before the end."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.processes.remove(process)

    def kill_all(self) -> None:
        for process in list(self.processes):
            self.kill(process)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    # --- queue -----------------------------------------------------------------------------------

    def sweep(self) -> None:
        """Send what the scheduler sends every some seconds, so that no test waits for it."""
        folders = {"data_folder_in": str(self.queue), "data_folder_out": str(self.queue)}
        with Celery(broker=self.redis_url or "filesystem://localhost", set_as_current=False) as app:
            if not self.redis_url:
                app.conf.broker_transport_options = folders | {"control_folder": str(self.queue)}
            for name in SWEEPS:
                app.send_task(name)

    def count_jobs(self) -> int:
        if self.redis_url:
            return int(self._redis("llen", "celery"))
        return len(list(self.queue.glob("*.msg")))

    def wipe_queue(self) -> None:
        if self.redis_url:
            self._redis("flushdb")
        else:
            shutil.rmtree(self.queue, ignore_errors=True)
            self.queue.mkdir()

    def _redis(self, command: str, *args: str) -> Any:
        from redis import Redis  # noqa: PLC0415  only where there is one

        with Redis.from_url(self.redis_url) as redis:
            return getattr(redis, command)(*args)

    # --- a buyer ---------------------------------------------------------------------------------

    def buy(self, product: Product, email: str) -> str:
        """Buy as a guest, up to the click on Pay; gives the address of the order's page, not looked at."""
        with requests.Session() as browser:
            browser.headers["Sec-Fetch-Site"] = "same-origin"
            browser.post(f"{self.url}/cart/lines/", {"variant": product.variants.get().pk}, timeout=30)
            form = {"email": email, "country": "EG", "provider": "demo"}
            pay_page = self._submit(browser, f"{self.url}/checkout/", form)
            return self._submit(browser, pay_page, {"outcome": "pay"}) if "/demo/" in pay_page else pay_page

    def _submit(self, browser: requests.Session, page: str, form: dict[str, str]) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(page, timeout=30).text)
        assert found, f"no form on {page}"
        form = form | {"csrfmiddlewaretoken": found.group(1)}
        answer = browser.post(page, form, timeout=30, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        return urljoin(page, answer.headers["Location"])

    def download(self, order_page: str) -> bytes:
        """Open the order's page and fetch the first file on it."""
        page = requests.get(order_page, timeout=30)
        assert page.status_code == 200
        found = re.search(r'href="([^"]*/downloads/[^"]+)"', page.text)
        assert found, "the order page shows no download"
        file = requests.get(urljoin(order_page, found.group(1)), timeout=30)
        assert file.status_code == 200
        return file.content
