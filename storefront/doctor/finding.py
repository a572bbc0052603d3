from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: what was looked at, how it is, and what to do about it."""

    name: str
    level: str  # "ok", "warning" or "problem"
    text: str

    @property
    def is_ok(self) -> bool:
        return self.level == "ok"


Findings = Iterator[Finding]


def ok(name: str, text: str) -> Finding:
    return Finding(name, "ok", text)


def warning(name: str, text: str) -> Finding:
    return Finding(name, "warning", text)


def problem(name: str, text: str) -> Finding:
    return Finding(name, "problem", text)
