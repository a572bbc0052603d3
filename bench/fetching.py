"""What buyers and their programs fetch: how fast, how much it disturbs pages, and what memory it takes."""

import contextlib
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path
from statistics import median

from bench.database import Cluster
from bench.front import nginx
from bench.load import Page
from bench.processes import HOST, NotReady, peak_mib, run, serve, started
from bench.shops import made_ready
from bench.slow import slow_readers
from bench.words import SITE

PRODUCTS, KEYS, READERS = 50, 200, 50
SLOW = 100  # megabytes that each slow reader fetches
MIB = 1024 * 1024


@dataclass
class Shop:
    """Our shop with rights to files. Readers come by the front; what they cost is the processes' time."""

    front: int  # the port
    settings: dict[str, str]
    processes: list[int]
    straight: str  # the address of the shop itself, without whatever stands before it

    def ask(self, what: str, *numbers: int) -> list[str]:
        return run([sys.executable, "-m", "bench.rights", what, *numbers], self.settings).split()

    @property
    def page(self) -> Page:
        """Other readers' business."""
        paths = [f"/products/product-{number}/" for number in range(PRODUCTS)]
        return Page("product", f"http://{HOST}:{self.front}", paths, 'id="buy"', self.processes)

    def licence_pages(self) -> list[Page]:
        """Checks of a place in use, taking a place that is in use, and taking new ones."""
        keys, numbers = self.ask("licences", KEYS), count()

        def asked(deed: str, site: str, key: str) -> str:
            return f"/api/v1/licenses/{deed}/\tkey={key}&instance={site}"

        def new() -> list[str]:
            keys = self.ask("licences", KEYS)
            sites = [f"s{next(numbers)}.{SITE}" for _each in range(20_000)]
            return [asked("activate", site, key) for site, key in zip(sites, cycle(keys), strict=False)]

        checks = [asked("validate", SITE, key) for key in keys]
        again = [asked("activate", SITE, key) for key in keys]
        return [
            Page("validate", self.straight, checks, '"valid": true', self.processes),
            Page("activate-again", self.straight, again, '"activated": true', self.processes),
            Page("activate", self.straight, [], '"activated": true', self.processes, renew=new),
        ]

    def link_pages(self) -> list[Page]:
        """What nginx asks the shop: for the first request of a link, which counts, and for further ones."""
        links, location = self.ask("links", SLOW, 50), "/private/"

        def new() -> list[str]:
            return self.ask("links", SLOW, 20_000)

        return [
            Page("link", self.straight, links, location, self.processes),
            Page("link-first", self.straight, [], location, self.processes, renew=new),
        ]

    def speeds(self, megabytes: int) -> dict[str, float]:
        """Megabytes a second of a signed link, and of the same file where nginx gives it to everybody."""
        (link,) = self.ask("links", megabytes, 1)
        ways = [("signed", link), ("alone", f"/alone/products/bench-{megabytes}")]
        tries: dict[str, list[float]] = {name: [] for name, _path in ways}
        for _each in range(5):
            for name, path in ways:
                tries[name].append(transfer(self.front, path))
            ways.reverse()
        return {name: median(speeds) for name, speeds in tries.items()}

    @contextlib.contextmanager
    def disturbed(self, room: int) -> Iterator[None]:
        """While fifty readers fetch slowly; this many find room, and the others are asked to come later."""
        with slow_readers(self.front, self.ask("links", SLOW, READERS)) as statuses:
            if statuses != [200] * room + [503] * (READERS - room):
                raise NotReady(f"Slow readers were answered {statuses}.")
            yield

    def peak_after(self, megabytes: int) -> float:
        """The most memory that the shop ever took, after files and zips of this size were fetched from it."""
        for what in ("links", "orders"):
            for link in self.ask(what, megabytes, 3):
                transfer(self.front, link)
        return peak_mib(self.processes[0])


@contextlib.contextmanager
def behind_nginx(work: Path, cluster: Cluster, port: int) -> Iterator[Shop]:
    """On PostgreSQL, as in production; nginx takes the next port."""
    settings = made_ready(work, cluster, port, "ours-nginx") | {"X_ACCEL_LOCATION": "/private/"}
    run([sys.executable, "-m", "bench.seed", PRODUCTS], settings)
    cluster.settle("ours-nginx")
    command = serve(sys.executable, "storefront.wsgi:application", port)
    log = work / "ours-nginx.log"
    with (
        started(command, port=port, log=log, environment=settings) as pid,
        nginx(work, port + 1, port, Path(settings["DATA_DIR"])),
    ):
        yield Shop(port + 1, settings, [pid, cluster.pid], f"http://{HOST}:{port}")


@contextlib.contextmanager
def by_itself(work: Path, port: int) -> Iterator[Shop]:
    """On SQLite, with one process of as many threads as `manage.py up` gives it."""
    settings = made_ready(work, None, port, "ours-embedded")
    run([sys.executable, "-m", "bench.seed", PRODUCTS], settings)
    command = serve(sys.executable, "storefront.wsgi:application", port, workers=1, threads=32)
    with started(command, port=port, log=work / "ours-embedded.log", environment=settings) as pid:
        yield Shop(port, settings, [pid], f"http://{HOST}:{port}")


def transfer(port: int, path: str) -> float:
    """Megabytes a second at which a file comes, the way to it included. Raises NotReady for less than all."""
    began, got = time.monotonic(), 0
    with socket.create_connection((HOST, port), timeout=60) as connection:
        request = f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        head, buffer = b"", bytearray(MIB)
        while b"\r\n\r\n" not in head:
            head += connection.recv(1024)
        got = len(head) - head.index(b"\r\n\r\n") - 4
        while length := connection.recv_into(buffer):
            got += length
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n\r\n")[0].splitlines()[1:])
    if b" 200 " not in head or got != int(fields[b"content-length"]):
        raise NotReady(f"{path} was answered {head.splitlines()[0].decode()} and {got} bytes.")
    return got / MIB / (time.monotonic() - began)
