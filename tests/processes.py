"""Real processes for tests: found by a mark in their environment, so that none can be overlooked."""

import multiprocessing
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connections


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


def in_processes(deed: Callable[[int], Any], count: int) -> list[Any]:
    """What the deed gives in each of so many processes, all begun in the same moment.

    They share nothing with this one but the database: each has connections of its own.
    """
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    start, answers = fork.Barrier(count), fork.SimpleQueue()

    def run(number: int) -> None:
        start.wait(60)
        answers.put(deed(number))
        connections.close_all()

    processes = [fork.Process(target=run, args=[number]) for number in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    return [answers.get() for _process in processes]
