"""Message catalogues without gettext's programs: texts are found, compared and compiled by Babel."""

import os
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [
    *(
        "accounts",
        "affiliates",
        "catalog",
        "checkout",
        "delivery",
        "demo",
        "invoicing",
        "locale",
        "storefront",
        "templates",
    )
]
KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
# As Django's own catalogues have them; Babel's rule for Arabic counts 111 otherwise, and Persian not at all.
PLURALS = {
    "ar": "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : "
    "n%100>=11 && n%100<=99 ? 4 : 5;",
    "fa": "nplurals=2; plural=(n > 1);",
}
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")


def po_path(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def compile_catalogues() -> int:
    """Write the .mo file of each .po file that is newer, and tell how many were written."""
    written = 0
    for source in sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        half = target.with_suffix(f".{os.getpid()}")
        with half.open("wb") as file:
            write_mo(file, _read(source))
        half.replace(target)
        written += 1
    return written


def texts_of_the_code() -> Catalog:
    """Every text marked for translation in our Python files and templates."""
    catalog = Catalog()
    for path in _sources():
        for _line, text, comments, context in extract(
            "python", BytesIO(_as_python(path).encode()), KEYWORDS, ["Translators:"]
        ):
            if text and text != ("", ""):
                catalog.add(text, auto_comments=comments, context=context)
    return catalog


def collect_into(language: str) -> None:
    """Bring the code's texts into a language's .po file: new ones empty, gone ones dropped, the rest kept.

    No text is guessed from a similar one, so nothing becomes fuzzy.
    """
    path = po_path(language)
    catalog = _read(path) if path.exists() else Catalog(language, project="Dukkan", fuzzy=False)
    catalog.header_comment = f"# Dukkan's texts, locale {language}. `make messages` collects them."
    catalog.update(texts_of_the_code(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.mime_headers = [("Plural-Forms", PLURALS[language])]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, no_location=True, ignore_obsolete=True, sort_output=True, width=100)


def problems_of(language: str) -> Iterator[str]:
    """What is wrong with a language's catalogue, a sentence each; nothing when it is whole and exact."""
    path = po_path(language)
    if not path.exists():
        yield f"{language}: there is no catalogue."
        return
    catalog = _read(path)
    if _bare(catalog.plural_forms) != _bare(PLURALS[language]):
        yield f"{language}: another plural rule than Django's: {catalog.plural_forms}"
    known = {(message.id, message.context): message for message in catalog if message.id}
    wanted = {(message.id, message.context): message for message in texts_of_the_code() if message.id}
    yield from (f"{language}: not in the catalogue: {text!r}" for text, _ in wanted.keys() - known.keys())
    yield from (f"{language}: no longer in the code: {text!r}" for text, _ in known.keys() - wanted.keys())
    for key in wanted.keys() & known.keys():
        if problem := _problem_of(known[key], catalog.num_plurals):
            yield f"{language}: {problem}: {known[key].id!r}"


def _problem_of(message: Message, plurals: int) -> str:
    source, forms = _forms(message.id), _forms(message.string)
    if message.fuzzy:
        return "fuzzy"
    if len(forms) != (plurals if message.pluralizable else 1) or not all(forms):
        return "not translated"
    wanted = _placeholders(source[-1])
    # A form that stands for one number, such as "two files", may leave the number out; the last may not.
    if _placeholders(forms[-1]) != wanted or not all(_placeholders(form) <= wanted for form in forms):
        return "other placeholders"
    return ""


def _forms(text: Any) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, (tuple, list)) else (text or "",)


def _placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def _bare(rule: str) -> str:
    return re.sub(r"[\s()]", "", rule)


def _sources() -> Iterator[Path]:
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".html", ".txt") and "migrations" not in path.parts:
                yield path


def _as_python(path: Path) -> str:
    """A template becomes calls of gettext among dead letters; their indentation would not parse."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    return "\n".join(line.strip() for line in templatize(text, origin=str(path)).splitlines())
