"""The demo shop's books as they are written: a folder of Markdown chapters and a meta.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

SOURCES = Path(__file__).resolve().parent / "books"

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "xhtmlOut": True}).enable("table")


@dataclass(frozen=True)
class Chapter:
    """`body` is XHTML without the heading."""

    name: str
    title: str
    body: str


@dataclass(frozen=True)
class Book:
    slug: str
    title: str
    subtitle: str
    author: str
    language: str
    seed: str
    filename: str
    year: int
    about_heading: str
    about: str
    chapters: tuple[Chapter, ...]

    @property
    def direction(self) -> str:
        return "rtl" if self.language in ("ar", "fa") else "ltr"

    @property
    def full_title(self) -> str:
        return f"{self.title}: {self.subtitle}"


def read_book(slug: str) -> Book:
    """Raises FileNotFoundError when there is no such book."""
    folder = SOURCES / slug
    meta = tomllib.loads((folder / "meta.toml").read_text("utf-8"))
    chapters = tuple(_chapter(path) for path in sorted(folder.glob("*.md")))
    return Book(slug=slug, chapters=chapters, **meta)


def read_books() -> list[Book]:
    return [read_book(path.parent.name) for path in sorted(SOURCES.glob("*/meta.toml"))]


def to_html(markdown: str) -> str:
    """XHTML in which code reads left to right, whatever the language around it."""
    html: str = _MARKDOWN.render(markdown)
    return html.replace("<pre>", '<pre dir="ltr">').replace("<code", '<code dir="ltr"')


def _chapter(path: Path) -> Chapter:
    heading, _newline, text = path.read_text("utf-8").partition("\n")
    return Chapter(path.stem.partition("-")[0], heading.removeprefix("# ").strip(), to_html(text))
