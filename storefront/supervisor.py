"""Runs programs together: starts them, restarts what dies, and ends all of them.

Knows nothing of Django and is run as a script, so that the process that watches stays small.
"""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType

GRACE = 12  # seconds to finish what is under way, a little more than the web server gives its worker
LONG_ENOUGH = 60  # seconds; a program that dies after that many is started again at once
MAX_WAIT = 30  # seconds between two starts of a program that keeps dying
_PR_SET_PDEATHSIG = 1


class Program:
    """A command with the process group that runs it, one at a time."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name, self.command = name, command
        self.failures = 0
        self.starts_at = self.started_at = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603  our own commands
            self.command, start_new_session=True, preexec_fn=_end_with_parent, stdin=subprocess.DEVNULL
        )

    def ask_to_end(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def kill(self) -> None:
        """End the whole group at once: a web server that was killed leaves its worker behind."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def note_death(self) -> float:
        """Clear up after a program that ended by itself, and give the seconds until its next start."""
        self.kill()
        now = time.monotonic()
        self.failures = 0 if now - self.started_at > LONG_ENOUGH else self.failures + 1
        wait = min(2**self.failures - 1, MAX_WAIT)
        self.starts_at = now + wait
        return wait


class Supervisor:
    """Use as a context: programs start on entering it and are all gone on leaving it."""

    def __init__(self, programs: list[Program]) -> None:
        self.programs, self.is_stopping = programs, False

    def __enter__(self) -> "Supervisor":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        for program in self.programs:
            program.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Ask every program to finish, and end what has not finished in time."""
        for program in self.programs:
            program.ask_to_end()
        ends_at = time.monotonic() + GRACE
        while time.monotonic() < ends_at and any(program.is_running for program in self.programs):
            time.sleep(0.05)
        for program in self.programs:
            program.kill()

    def watch(self, until: Callable[[], bool] = lambda: False) -> bool:
        """Restart what dies until `until` is true (then true) or a signal asks to stop (then false)."""
        while not self.is_stopping:
            if until():
                return True
            for program in self.programs:
                self._look_after(program)
            time.sleep(0.2)
        return False

    def _look_after(self, program: Program) -> None:
        if program.process is not None and not program.is_running:
            say(f"The {program.name} has ended; starting it again in {program.note_death():.0f} s.")
        if program.process is None and time.monotonic() >= program.starts_at:
            program.start()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """The first signal lets programs finish; one that comes while they do ends them at once."""
        if self.is_stopping:
            for program in self.programs:
                program.kill()
        self.is_stopping = True


def _end_with_parent() -> None:
    """Even a supervisor that is killed outright leaves no program behind, where the system can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def answers(port: int) -> bool:
    """Whether the web server has a page to give, not only an open door."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(b"GET /health/live/ HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return b" 200 " in connection.recv(64)
    return False


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def run(programs: list[Program], port: int, welcome: str) -> None:
    """Run until a signal. The first program is the web server; the others start once it answers."""
    with Supervisor(programs[:1]) as supervisor:
        if supervisor.watch(until=lambda: answers(port)):
            say(welcome)
            supervisor.programs += programs[1:]
            supervisor.watch()
        say("Stopping ...")
    say("Stopped.")


if __name__ == "__main__":
    plan = json.loads(sys.argv[1])
    run([Program(name, command) for name, command in plan["programs"]], plan["port"], plan["welcome"])
