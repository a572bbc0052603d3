"""Real processes for tests: found by a mark in their environment, so that none can be overlooked."""

import faulthandler
import multiprocessing
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connections

# Seconds a process of a test may take.
LONGEST = 120


def processes_of(mark: str) -> dict[int, str]:
    """Command line by process id, of every living process whose environment holds the mark."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, ProcessLookupError):
            continue
    return found


def wait_until(condition: Callable[[], Any]) -> Any:
    ends_at = time.monotonic() + 60
    while not (result := condition()):
        assert time.monotonic() < ends_at, "waited a minute in vain"
        time.sleep(0.05)
    return result


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **more}


def in_processes(deed: Callable[[int], Any], count: int, tries: int = 1) -> list[Any]:
    """What the deed gives for each number below count * tries; all processes begin in the same moment.

    They share nothing with this one but the database: each has connections of its own. One that hangs says
    where, and is killed.
    """
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    start, answers = fork.Barrier(count), fork.SimpleQueue()

    def run(first: int) -> None:
        ends_in_time()
        start.wait(60)
        for number in range(first, first + tries):
            answers.put(deed(number))
        connections.close_all()

    processes = [fork.Process(target=run, args=[place * tries], daemon=True) for place in range(count)]
    try:
        for process in processes:
            process.start()
        for process in processes:
            process.join(LONGEST + 10)
        assert [process.exitcode for process in processes] == [0] * count
    finally:
        for process in processes:
            process.kill()
    return [answers.get() for _answer in range(count * tries)]


def ends_in_time() -> None:
    """For a process that was forked: whatever it waits for, it ends, and its stack is told."""
    faulthandler.dump_traceback_later(LONGEST, exit=True, file=sys.__stderr__ or 2)
