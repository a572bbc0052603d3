"""Real processes for tests: found by a mark in their environment, so that none can be overlooked."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


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
