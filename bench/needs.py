"""The goals, as checks of one run's figures: `FIGURE:NAME >= NUMBER*NAME`, or `<= NUMBER` for counts.

A ratio is taken within each round, and the median over the rounds is what counts.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Figures = Mapping[tuple[str, str], Sequence[float]]
_LANGUAGES = {"en": 60, "ar": 110, "fa": 110}
DEFAULTS = [
    "rps:product >= 0.025*hello",
    "rps:product >= 4*oscar-product",
    "rps:product-anonymous >= 0.025*hello",
    "rps:cart >= 0.015*hello",
    "rps:checkout >= 0.015*hello",
    "cpu:purchase <= 0.33*oscar-purchase",
    "cpu:product-anonymous <= 1.1*product-anonymous-small",
    "cpu:list <= 1.1*list-small",
    "cpu:search <= 2*search-small",
    "orders:postgresql >= 30",
    "orders:sqlite >= 30",
    "cpu:price <= 1*lines-query",
    "cpu:fulfil <= 10*six-rows",
    "queries:fulfil <= 25",
    "us:reconcile <= 1.5*reconcile-small",
    "mib:reconcile <= 1.1*reconcile-small",
    "cpu:dashboard <= 1.2*dashboard-small",
    "queries:dashboard <= 9",
    "cpu:ref-page <= 1.1*plain-page",
    "writes:ref-page <= 0",
    "writes:ref <= 1",
    "ms:balance <= 0.1*raw-sum",
    "ms:check-ledger <= 20*group-by",
    "us:check-ledger <= 1.5*check-ledger-small",
    "mib:check-ledger <= 1.1*check-ledger-small",
    "cpu:invoice <= 1.5*bare-invoice",
    "ms:export <= 1.5*export-small",
    "mib:export <= 1.1*export-small",
    "mib:up <= 350",
    "rps:validate >= 0.12*bare",
    "rps:activate-again >= 0.12*bare",
    "rps:activate >= 0.12*bare",
    "rps:link >= 0.20*bare",
    "mbs:signed >= 0.95*alone",
    "p99:nginx-disturbed <= 2*nginx",
    "p99:embedded-disturbed <= 2*embedded",
    "ms:stamp <= 1.5*open-and-save",
    *(f"mib:{what}-large <= 1.1*{what}-small" for what in ("sent", "pdf", "epub")),
    *(f"kib:page-{language} <= {limit}" for language, limit in _LANGUAGES.items()),
    *(f"html:page-{language} <= 14" for language in _LANGUAGES),
    *(f"js:page-{language} <= 10" for language in _LANGUAGES),
    *(f"requests:page-{language} <= 6" for language in _LANGUAGES),
]
_NEED = re.compile(r"(\w+):([\w-]+)\s*(>=|<=)\s*([\d.]+)(?:\s*\*\s*([\w-]+))?")


@dataclass(frozen=True)
class Need:
    figure: str
    name: str
    sign: str
    limit: float
    other: str

    @classmethod
    def parse(cls, text: str) -> "Need":
        """Raises ValueError on what is no need."""
        found = _NEED.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"{text!r} is not like rps:product>=0.025*hello")
        figure, name, sign, limit, other = found.groups()
        return cls(figure, name, sign, float(limit), other or "")

    def is_measured(self, figures: Figures) -> bool:
        names = [self.name, self.other] if self.other else [self.name]
        return all((self.figure, name) in figures for name in names)

    def value(self, figures: Figures) -> float:
        mine = figures[self.figure, self.name]
        return ratio(mine, figures[self.figure, self.other])[1] if self.other else median(mine)

    def holds(self, figures: Figures) -> bool:
        value = self.value(figures)
        return value >= self.limit if self.sign == ">=" else value <= self.limit

    def __str__(self) -> str:
        return (
            f"{self.figure}:{self.name} {self.sign} {self.limit:g}{f' * {self.other}' if self.other else ''}"
        )


def ratio(mine: Sequence[float], others: Sequence[float]) -> tuple[float, float, float]:
    """Smallest, median and largest ratio of the rounds."""
    each = [a / b if b else float("inf") for a, b in zip(mine, others, strict=True)]
    return min(each), median(each), max(each)
