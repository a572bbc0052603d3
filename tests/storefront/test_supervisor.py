"""The supervisor with small programs of the test's own, as real processes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storefront import supervisor
from tests.processes import environment, free_port, processes_of, wait_until

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to see processes")

SERVER = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
SLEEPER = "import time; time.sleep(600)"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEPER!r}])"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"


class Running:
    def __init__(self, folder: Path, *programs: str) -> None:
        self.mark, port = f"TEST_FOLDER={folder}", free_port()
        commands = [["web server", [sys.executable, "-c", SERVER, str(port)]]]
        commands += [[f"program {n}", [sys.executable, "-c", code]] for n, code in enumerate(programs)]
        plan = {"programs": commands, "port": port, "welcome": "Open."}
        self.output = folder / "output"
        with self.output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-I", supervisor.__file__, json.dumps(plan)],
                env=environment(TEST_FOLDER=str(folder)),
                stdout=file,
                stderr=file,
            )
        wait_until(lambda: "Open." in self.said)

    @property
    def said(self) -> str:
        return self.output.read_text()

    @property
    def all(self) -> dict[int, str]:
        return processes_of(self.mark)

    def pids(self, code: str) -> set[int]:
        return {pid for pid, command in self.all.items() if f"-c {code}" in command}

    def kill_all(self) -> None:
        for pid in self.all:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[..., Running]]:
    started = []

    def begin(*programs: str) -> Running:
        started.append(Running(tmp_path, *programs))
        return started[-1]

    yield begin
    for running in started:
        running.kill_all()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(start, number):
    running = start(SLEEPER, PARENT)
    wait_until(lambda: len(running.all) == 5)  # the supervisor, the server, two programs, a child of one

    running.process.send_signal(number)

    assert running.process.wait(30) == 0
    assert running.all == {}
    assert running.said.endswith("Stopping ...\nStopped.\n")


def test_a_program_that_dies_is_started_again_without_its_orphans(start):
    running = start(PARENT)
    first, orphan = wait_until(lambda: running.pids(PARENT)), wait_until(lambda: running.pids(SLEEPER))

    os.kill(first.pop(), signal.SIGKILL)

    wait_until(lambda: len(running.pids(SLEEPER) - orphan) == 1)
    assert running.pids(SLEEPER).isdisjoint(orphan)
    assert "The program 0 has ended; starting it again in 1 s." in running.said


def test_a_program_that_keeps_dying_is_given_ever_more_time(start):
    running = start("raise SystemExit(1)")

    wait_until(lambda: "again in 3 s." in running.said)

    assert running.said.count("The program 0 has ended") == 2


def test_a_second_signal_does_not_wait_for_the_stubborn(start):
    running = start(STUBBORN)
    wait_until(lambda: running.pids(STUBBORN))

    running.process.terminate()
    wait_until(lambda: len(running.all) == 2)  # the server has gone; the stubborn one stays
    running.process.terminate()

    assert running.process.wait(5) == 0
    assert running.all == {}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_a_killed_supervisor_leaves_no_program_behind(start):
    running = start(SLEEPER)
    wait_until(lambda: running.pids(SLEEPER))

    running.process.kill()

    wait_until(lambda: running.all == {})
