"""Starts and ends the programs that are measured, and reads from /proc what they cost."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
_TICKS = os.sysconf("SC_CLK_TCK")


class NotReady(Exception):
    """Something the measurement needs is missing or did not start."""


def run(command: Sequence[object], environment: Mapping[str, str] | None = None, cwd: Path = ROOT) -> str:
    """Output of a program. Raises NotReady with the end of what it said when it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, env=environment, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise NotReady(f"{' '.join(words)[:200]}\n{(done.stderr or done.stdout)[-1500:]}")
    return done.stdout


@contextlib.contextmanager
def started(
    command: Sequence[object], *, port: int, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[int]:
    """The program's process id while it runs and listens on the port; its whole group is ended afterwards."""
    if _listens(port):
        raise NotReady(f"Port {port} is taken. Choose other ports with --ports.")
    with log.open("w") as out:
        process = subprocess.Popen(
            [str(word) for word in command],
            env=environment,
            cwd=ROOT,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        _wait(process, port, log)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ends_at = time.monotonic() + 90
    while time.monotonic() < ends_at and process.poll() is None:
        if _listens(port):
            return
        time.sleep(0.1)
    raise NotReady(f"{process.args} did not start:\n{log.read_text()[-1500:]}")


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False


def serve(
    python: Path | str, application: str, port: int, *, workers: int = 2, threads: int = 1
) -> list[object]:
    """The command of the server that everybody is measured behind: two workers of one thread."""
    command = [python, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "error"]
    return [
        *(*command, "--workers", workers, "--blocking-threads", threads, "--host", HOST),
        *("--port", port, application),
    ]


def cpu_seconds(roots: Sequence[int]) -> float:
    """Processor time that these processes, their descendants and those that ended have used so far."""
    fields = (_stat(pid) for pid in _families(roots))
    return sum(int(ticks) for each in fields for ticks in each[11:15]) / _TICKS


def memory_mib(root: int) -> float:
    """Proportional memory of a process and its descendants: pages that several share are counted once."""
    kib = 0
    for pid in _families([root]):
        with contextlib.suppress(OSError):
            found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
            kib += int(found[1]) if found else 0
    return kib / 1024


def peak_mib(root: int) -> float:
    """The most memory that a process and its descendants ever had, each for itself."""
    kib = 0
    for pid in _families([root]):
        with contextlib.suppress(OSError):
            found = re.search(r"^VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
            kib += int(found[1]) if found else 0
    return kib / 1024


def _families(roots: Sequence[int]) -> set[int]:
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        if fields := _stat(int(folder.name)):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, left = set[int](), list(roots)
    while left:
        pid = left.pop()
        found.add(pid)
        left += children.get(pid, [])
    return found


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the program's name; none when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
