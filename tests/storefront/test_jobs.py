"""Jobs are sent by a process of their own, through a real broker: Redis if REDIS_URL is set, or a folder."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu.connection import Connection

from storefront.jobs import enqueue

ROOT = Path(__file__).resolve().parents[2]
BEGIN = (
    "import django; django.setup(); from django.db import transaction; from storefront.jobs import enqueue\n"
)

SEND_AND_FAIL_TO_SEND = """
with transaction.atomic():
    enqueue("storefront.send_mail", 7)
with transaction.atomic():
    enqueue("storefront.send_mail", 8)
    transaction.set_rollback(True)
"""


@pytest.fixture
def shop(tmp_path) -> dict[str, str]:
    """The environment of a shop of its own; nothing of it needs tables."""
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "storefront.settings",
        "SECRET_KEY": "s" * 40,
        "DATA_DIR": str(tmp_path),
        "REDIS_URL": os.environ.get("REDIS_URL", ""),
    }


@pytest.fixture
def broker(shop) -> Iterator[Connection]:
    folder = str(Path(shop["DATA_DIR"]) / "queue")
    Path(folder).mkdir()
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": folder}
    url = shop["REDIS_URL"]
    with Connection(url or "filesystem://localhost", transport_options={} if url else options) as connection:
        jobs_at(connection)
        yield connection


def run(code: str, shop: dict[str, str]) -> str:
    """Run code in the shop and give what it logged."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + code], env=shop, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def jobs_at(broker: Connection) -> list[tuple[str, str]]:
    """Name and arguments of each job, taken from the broker."""
    jobs = []
    with broker.SimpleQueue("celery") as queue, contextlib.suppress(queue.Empty):
        while message := queue.get(timeout=1):
            jobs.append((message.headers["task"], message.headers["argsrepr"]))
            message.ack()
    return jobs


def test_a_name_that_is_no_task_raises_at_once():
    with pytest.raises(KeyError, match="no_such_task"):
        enqueue("storefront.no_such_task", 1)


def test_a_job_goes_to_the_broker_once_its_transaction_is_on_disk(shop, broker):
    run(SEND_AND_FAIL_TO_SEND, shop)

    assert jobs_at(broker) == [("storefront.send_mail", "(7,)")]


def test_a_broker_that_is_away_is_logged_and_left_to_the_sweep(shop):
    log = run("enqueue('storefront.send_mail', 7)", {**shop, "REDIS_URL": "redis://127.0.0.1:1/0"})

    assert "The broker is away; storefront.send_mail(7,) waits for the sweep" in log
