"""`manage.py up` as a newcomer runs it: real web server, worker and scheduler in a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from storefront.supervisor import answers
from tests.processes import environment, free_port, processes_of, wait_until

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to see processes")
ROOT = Path(__file__).resolve().parents[2]


def up(folder: Path, port: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env=environment(DATA_DIR=str(folder), PORT=str(port), SECRET_KEY="s" * 40),
        stdout=(folder / "output").open("wb"),
        stderr=subprocess.STDOUT,
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Iterator[tuple[Path, int]]:
    folder, port = tmp_path_factory.mktemp("shop"), free_port()
    process = up(folder, port)
    wait_until(lambda: "The shop is open" in (folder / "output").read_text() or process.poll() is not None)
    yield folder, port
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert processes_of(f"DATA_DIR={folder}") == {}


def answer(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as response:
        return response.read().decode()


def pids(folder: Path, words: str) -> set[int]:
    return {pid for pid, command in processes_of(f"DATA_DIR={folder}").items() if words in command}


def test_the_shop_is_ready_and_says_where(shop):
    folder, port = shop

    assert f"The shop is open: http://localhost:{port}/" in (folder / "output").read_text()
    assert answer(port, "/health/ready/") == '{"status": "ok"}'


def test_a_port_that_is_taken_is_said_with_the_way_out(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        process = up(tmp_path, port)

        assert process.wait(30) == 1
        assert f"Port {port} is taken" in (tmp_path / "output").read_text()
        assert f"PORT={port + 1} make demo" in (tmp_path / "output").read_text()


@pytest.mark.parametrize("program", [" worker ", " beat "])
def test_a_killed_program_is_started_again(shop, program):
    folder, _port = shop
    (first,) = wait_until(lambda: pids(folder, f"celery --app storefront --quiet{program}"))

    os.kill(first, signal.SIGKILL)

    wait_until(lambda: pids(folder, f"celery --app storefront --quiet{program}") - {first})


def test_a_killed_web_server_leaves_no_worker_and_serves_again(shop):
    folder, port = shop
    before = pids(folder, " -m granian ")

    os.kill(min(before), signal.SIGKILL)

    wait_until(lambda: len(pids(folder, " -m granian ") - before) == len(before))
    assert pids(folder, " -m granian ").isdisjoint(before)
    wait_until(lambda: answers(port))
    assert answer(port, "/health/ready/") == '{"status": "ok"}'
