"""Readers who fetch files slowly: `python -m bench.slow PORT KIBIBYTES_A_SECOND FILE`, a path in each line.

Prints the status of each answer when all have begun, and goes on until it is ended; a transfer that ends
before ends it with an error.
"""

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.processes import HOST, ROOT, NotReady

TICK = 0.1  # seconds
RATE = 256  # KiB a second, as a phone on a bad line has it


@contextlib.contextmanager
def slow_readers(port: int, links: Sequence[str]) -> Iterator[list[int]]:
    """The statuses of as many transfers as links. Raises NotReady where one does not last."""
    with tempfile.NamedTemporaryFile("w", suffix=".paths") as paths:
        paths.write("\n".join(links))
        paths.flush()
        command = [sys.executable, "-m", "bench.slow", str(port), str(RATE), paths.name]
        readers = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert readers.stdout
        try:
            yield [int(status) for status in readers.stdout.readline().split()]
            if readers.poll() is not None:
                raise NotReady("A slow transfer ended by itself.")
        finally:
            readers.terminate()
            readers.communicate()


def _begun(port: int, path: str) -> tuple[socket.socket, int]:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)  # what waits, waits at the server
    connection.settimeout(30)
    connection.connect((HOST, port))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(1024)
    return connection, int(head.split(maxsplit=2)[1])


def main(port: int, rate: int, paths: Sequence[str]) -> None:
    begun = [_begun(port, path) for path in paths]
    print(*(status for _connection, status in begun), flush=True)
    reading = [connection for connection, status in begun if status == 200]
    next_at = time.monotonic()
    while True:
        for connection in reading:
            if not connection.recv(int(rate * 1024 * TICK)):
                sys.exit("A transfer ended.")
        next_at += TICK
        time.sleep(max(0, next_at - time.monotonic()))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]).read_text().split())
