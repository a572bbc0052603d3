"""What a product page weighs in a real browser with an empty cache, besides the pictures of products."""

import gzip
import shutil
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import sync_playwright

from bench.processes import NotReady

COMPRESSED = ("font/", "image/webp", "image/jpeg", "image/png")
PHONE: Any = {"width": 390, "height": 844}


@dataclass
class Weight:
    """KiB after gzip by kind, the number of requests, and the hosts that were asked besides our own."""

    sizes: dict[str, float] = field(default_factory=dict)
    requests: int = 0
    foreign: set[str] = field(default_factory=set)

    def add(self, url: str, content_type: str, body: bytes) -> None:
        packed = len(body) if content_type.startswith(COMPRESSED) else len(gzip.compress(body, 6))
        kind = content_type.partition(";")[0].rpartition("/")[2]
        self.sizes[kind] = self.sizes.get(kind, 0) + packed / 1024
        self.requests += 1

    @property
    def figures(self) -> dict[str, float]:
        return {
            "kib": sum(self.sizes.values()),
            "html": self.sizes["html"],
            "js": self.sizes.get("javascript", 0),
            "requests": self.requests,
            "foreign": len(self.foreign),
        }


def weigh(base: str, paths: dict[str, str]) -> dict[str, Weight]:
    """The weight of each page by its name. Raises NotReady without Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise NotReady("Chromium is not installed (on Debian: apt install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        weights = {name: _weigh(browser, base, path) for name, path in paths.items()}
        browser.close()
    return weights


def _weigh(browser: Any, base: str, path: str) -> Weight:
    weight, context = Weight(), browser.new_context(viewport=PHONE)
    page = context.new_page()
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(urljoin(base, path), wait_until="networkidle")
    for answer in answers:
        if urlsplit(answer.url).netloc != urlsplit(base).netloc:
            weight.foreign.add(urlsplit(answer.url).netloc)
        if not urlsplit(answer.url).path.startswith("/media/"):
            weight.add(answer.url, answer.headers.get("content-type", ""), answer.body())
    context.close()
    return weight
