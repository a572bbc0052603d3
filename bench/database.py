"""A PostgreSQL of the bench's own, so that its processor time is known and no other database is touched."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg

from bench.processes import HOST, NotReady, run


class Cluster:
    """Databases on one server; pid is its first process, whose descendants do all the work."""

    def __init__(self, port: int, pid: int) -> None:
        self.port, self.pid = port, pid

    def url(self, name: str) -> str:
        """Address of a database, which is made when it is not there."""
        address = f"postgres://postgres@{HOST}:{self.port}"
        with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
        return f"{address}/{name}"

    def settle(self, name: str) -> None:
        """Vacuum now, so that the server does not do it of itself during a measurement."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


@contextlib.contextmanager
def postgresql(folder: Path, port: int) -> Iterator[Cluster]:
    """The server's defaults with 256 MiB of shared memory; every commit is on disk."""
    programs = _programs()
    # PostgreSQL refuses to run as root.
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if not (folder / "PG_VERSION").is_file():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if prefix:
            shutil.chown(folder, "postgres")
        run([*prefix, programs / "initdb", "-D", folder, "-A", "trust", "-U", "postgres"], cwd=Path("/"))
    control = [*prefix, programs / "pg_ctl", "-s", "-w", "-D", folder]
    options = f"-h {HOST} -p {port} -k '' -c shared_buffers=256MB"
    run([*control, "-l", folder / "log", "-o", options, "start"], cwd=Path("/"))
    try:
        yield Cluster(port, int((folder / "postmaster.pid").read_text().split()[0]))
    finally:
        run([*control, "-m", "fast", "stop"], cwd=Path("/"))


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    if program := shutil.which("initdb"):
        return Path(program).resolve().parent
    raise NotReady("PostgreSQL's server is not installed (on Debian: apt install postgresql).")
