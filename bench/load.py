"""Loads pages in turn, round by round, and notes how fast they came and what they cost."""

import json
import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.browsing import Reader
from bench.processes import NotReady, cpu_seconds, run

SCRIPT = Path(__file__).with_name("rotate.lua")
CONNECTIONS = 8

# What was measured: (figure, name), such as ("rps", "product"), and its value in each round.
Figures = dict[tuple[str, str], list[float]]


@dataclass
class Page:
    """Something to load: one path, or several that are asked for in turn.

    Behind a tab, a path has the form that is posted to it.
    """

    name: str
    base: str
    paths: list[str]
    expect: str  # stands in each answer or its headers, so that no quick error is taken for the page
    processes: Sequence[int]  # roots of those whose processor time is the page's cost
    cookie: str = ""
    renew: Callable[[], list[str]] | None = None  # makes other paths for each load

    def some(self) -> list[str]:
        return self.renew() if self.renew else self.paths

    def check(self) -> None:
        """Raises NotReady where a path does not answer with the page."""
        for line in (self.paths or self.some())[:100]:
            path, _tab, form = line.partition("\t")
            answer = Reader(self.base, cookie=self.cookie).ask("POST" if form else "GET", path, form or None)
            if answer.status != 200 or self.expect not in answer.headers + answer.text:
                raise NotReady(f"{self.name}: {path} answered {answer.status}, or without {self.expect!r}.")

    def load(self, seconds: int) -> dict[str, float]:
        """Requests a second, milliseconds of waiting, and processor milliseconds of each request."""
        with tempfile.NamedTemporaryFile("w", suffix=".paths") as paths:
            paths.write("\n".join(self.some()) + "\n")
            paths.flush()
            spent = cpu_seconds(self.processes)
            wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", SCRIPT, self.base, "--"]
            got = json.loads(run([*wrk, self.cookie or "-", paths.name]).splitlines()[-1])
            spent = cpu_seconds(self.processes) - spent
        if got["bad"] or not got["requests"]:
            raise NotReady(f"{self.name}: {got['bad']} of {got['requests']} requests failed.")
        return {
            "rps": got["requests"] / got["seconds"],
            "p50": got["p50"],
            "p99": got["p99"],
            "cpu": spent / got["requests"] * 1000,
        }


def measure(pages: Sequence[Page], *, rounds: int, seconds: int, say: Callable[[str], None]) -> Figures:
    """Every round loads every page in an order of its own, so that a noisy minute disturbs all alike."""
    if not shutil.which("wrk"):
        raise NotReady("wrk is not installed (on Debian: apt install wrk).")
    for page in pages:
        page.check()
        page.load(1)  # warms caches and the server's connections
    figures: Figures = defaultdict(list)
    for number in range(1, rounds + 1):
        say(f"Round {number} of {rounds} ...")
        for page in random.sample(pages, len(pages)):
            for figure, value in page.load(seconds).items():
                figures[figure, page.name].append(value)
    return figures
