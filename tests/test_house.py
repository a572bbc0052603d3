"""The rules of the house, held by tests."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

from storefront.celery import app

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = [
    *("accounts", "affiliates", "catalog", "checkout", "delivery", "demo", "invoicing", "storefront"),
]
SOURCES = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES, MAX_STORY_LINES = 40, 60  # a test may tell a longer story


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def first_text(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


# --- Who may import whom -------------------------------------------------------------------------


def test_nobody_imports_upwards():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout


def test_packages_at_the_root_are_the_apps():
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == {*PACKAGES, "tests", "bench"}
    assert set(PACKAGES) <= {config.name for config in apps.get_app_configs()}


@pytest.mark.parametrize("word", ["services", "utils", "helpers", "managers", "actions", "mixins"])
def test_no_file_is_named_for_a_layer(word):
    assert [name_of(path) for path in SOURCES if path.stem in (word, word.rstrip("s"))] == []


# --- Settings ------------------------------------------------------------------------------------


def settings_read() -> set[str]:
    """Names that settings.py asks of the environment, as env.<type>("NAME", ...)."""
    return {
        name
        for call in calls(ROOT / "storefront" / "settings.py")
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
        and (name := first_text(call))
    }


def test_every_setting_has_its_example():
    examples = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert examples == settings_read()


def test_every_setting_is_explained():
    explained = set(
        re.findall(r"^\| `([A-Z0-9_]+)` \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    )

    assert explained == settings_read()


# --- Names that are only text --------------------------------------------------------------------


def enqueued_names() -> set[tuple[str, str]]:
    return {
        (name_of(path), first_text(call) or "(no constant)")
        for path in SOURCES
        for call in calls(path)
        if isinstance(call.func, ast.Name) and call.func.id == "enqueue"
    }


def test_every_enqueued_name_is_a_task():
    app.loader.import_default_modules()

    assert enqueued_names() != set()
    assert {(path, name) for path, name in enqueued_names() if name not in app.tasks} == set()


def test_everything_scheduled_is_a_task():
    app.loader.import_default_modules()

    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {name for name in scheduled if name not in app.tasks} == set()


def test_every_task_says_its_name():
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}

    said = re.compile(rf"({'|'.join(PACKAGES)})\.[a-z_]+")
    assert {name for name in ours if not said.fullmatch(name)} == set()


def test_every_reaction_is_there():
    paths = [path for reactions in settings.ORDER_REACTIONS.values() for path in reactions]
    paths += settings.ORDER_TIMELINE + settings.ORDER_PARTS

    assert paths != []
    assert all(callable(import_string(path)) for path in paths)


# --- Size ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name_of)
def test_files_and_functions_are_short(path):
    text = path.read_text()
    most = MAX_STORY_LINES if path in TESTS else MAX_FUNCTION_LINES

    assert text.count("\n") <= MAX_FILE_LINES
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno - node.lineno + 1 > most
    ]
    assert long == []


# --- Texts and templates -------------------------------------------------------------------------

_TAGS = re.compile(r"{%.*?%}|{#.*?#}|{{.*?}}", re.DOTALL)
_UNSEEN = re.compile(  # translated, a comment, or a block that fills a class attribute
    r"{% *blocktrans(late)?\b.*?{% *endblocktrans(late)? *%}|{% *comment\b.*?{% *endcomment *%}"
    r"|{% *block \w*class *%}.*?{% *endblock\b.*?%}",
    re.DOTALL,
)
_ELEMENTS = re.compile(r"<(style|script|svg)\b.*?</\1>|<!--.*?-->|<[^>]*>", re.DOTALL)
_ATTRIBUTE = re.compile(r"\s(?:alt|title|placeholder|aria-label|aria-description)=\"([^\"]*)\"")
_WORD = re.compile(r"[^\W\d_]{2,}")


def untranslated(template: str) -> list[str]:
    """Words that a reader sees and that stand outside gettext."""
    bare = _TAGS.sub("\x00", _UNSEEN.sub("\x00", template))
    seen = [*_ATTRIBUTE.findall(bare), *_ELEMENTS.sub("\n", bare).replace("\x00", " ").splitlines()]
    return [text.strip() for text in seen if _WORD.search(re.sub(r"&\w+;", "", text))]


def test_the_reader_of_templates_sees_what_is_not_translated():
    assert untranslated('<p title="Seen">{% translate "Fine" %} bare</p>{{ name }}') == ["Seen", "bare"]
    assert (
        untranslated('<a href="{% url "home" %}">{% blocktranslate %}<b>Fine</b>{% endblocktranslate %}</a>')
        == []
    )


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_templates_say_nothing_untranslated_and_hold_no_inline_code(path):
    text = path.read_text()

    assert untranslated(text) == []
    if "mail" not in path.parts:
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style\b|\sstyle=|\son[a-z]+=\"", text)


# --- Packages ------------------------------------------------------------------------------------


def test_locks_name_no_place_and_hash_everything():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        pins = re.findall(r"^[a-z0-9][\w.\-]*==.*$", text, re.MULTILINE)
        assert pins != []
        assert all(pin.endswith("\\") for pin in pins)
        assert not re.search(r"://|^-|file:", text, re.MULTILINE)


def test_import_contracts_cover_every_app():
    contracts = (ROOT / "pyproject.toml").read_text()

    assert set(PACKAGES) - {"demo"} <= set(
        re.findall(r'"(\w+)"', contracts.split("root_packages")[1].split("]")[0])
    )
