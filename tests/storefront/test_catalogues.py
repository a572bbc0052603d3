"""Translations of a small project of its own, collected, checked and compiled."""

import gettext
from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po

from storefront import catalogues
from storefront.catalogues import collect_into, compile_catalogues, po_path, problems_of, texts_of_the_code

TEMPLATE = """
  {% load i18n %}<p title="it's">{% translate "Add to cart" %}</p>
{% if x == _("Later") %}{% blocktranslate trimmed count counter=n with name=who %}
    {{ counter }} file for {{ name }}
{% plural %}
    {{ counter }} files for {{ name }}
{% endblocktranslate %}{% endif %}{% translate "May" context "verb" %} 100%
"""
CODE = """
from django.utils.translation import gettext_lazy as _
title = _("Price of {name}")
not_a_text = "Stays as it is"
"""


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(catalogues, "ROOT", tmp_path)
    monkeypatch.setattr(catalogues, "SOURCES", ["shop", "templates"])
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(TEMPLATE)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "models.py").write_text(CODE)
    return tmp_path


FILES = ("%(counter)s file for %(name)s", "%(counter)s files for %(name)s")
ARABIC = {
    "Add to cart": "أضف إلى السلة",
    "Later": "لاحقًا",
    "Price of {name}": "سعر {name}",
    "May": "يجوز",
    FILES: (
        "لا ملفات لـ%(name)s",
        "ملف واحد لـ%(name)s",
        "ملفان لـ%(name)s",
        "%(counter)s ملفات لـ%(name)s",
        "%(counter)s ملفًا لـ%(name)s",
        "%(counter)s ملف لـ%(name)s",
    ),
}


def translate(words: dict) -> None:
    """Translate the collected Arabic catalogue with these words."""
    with po_path("ar").open("rb") as file:
        catalog = read_po(file)
    for message in catalog:
        if message.id:
            message.string = words.get(message.id, message.string)
    with po_path("ar").open("wb") as file:
        write_po(file, catalog)


def test_texts_of_code_and_templates_are_found():
    found = {(message.id, message.context) for message in texts_of_the_code() if message.id}

    assert found == {
        ("Add to cart", None),
        ("Later", None),
        ("May", "verb"),
        ("Price of {name}", None),
        (FILES, None),
    }


def test_a_language_without_catalogue_is_a_problem():
    assert list(problems_of("ar")) == ["ar: there is no catalogue."]


def test_collected_texts_wait_for_their_translation():
    collect_into("ar")

    assert sorted(problems_of("ar")) == sorted(f"ar: not translated: {text!r}" for text in ARABIC)


def test_a_whole_translation_has_no_problem_and_speaks_when_compiled():
    collect_into("ar")
    translate(ARABIC)

    assert list(problems_of("ar")) == []
    assert compile_catalogues() == 1
    assert compile_catalogues() == 0
    with po_path("ar").with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert compiled.gettext("Add to cart") == "أضف إلى السلة"
    assert compiled.pgettext("verb", "May") == "يجوز"
    assert [compiled.ngettext(*FILES, n) for n in (0, 2, 3, 11, 111, 100)] == [
        ARABIC[FILES][form] for form in (0, 2, 3, 4, 4, 5)
    ]


def test_collecting_again_keeps_translations_and_changes_nothing():
    collect_into("ar")
    translate(ARABIC)
    collect_into("ar")
    before = po_path("ar").read_bytes()

    collect_into("ar")

    assert po_path("ar").read_bytes() == before
    assert list(problems_of("ar")) == []


@pytest.mark.parametrize(
    ("text", "wrong", "problem"),
    [
        ("Later", "", "not translated"),
        ("Price of {name}", "سعر {title}", "other placeholders"),
        ("Price of {name}", "السعر", "other placeholders"),
        (FILES, (*ARABIC[FILES][:5], "ملفات لـ%(name)s"), "other placeholders"),
        (FILES, (*ARABIC[FILES][:5], ""), "not translated"),
    ],
)
def test_half_a_translation_is_a_problem(text, wrong, problem):
    collect_into("ar")
    translate({**ARABIC, text: wrong})

    assert list(problems_of("ar")) == [f"ar: {problem}: {text!r}"]


def test_texts_that_came_and_went_are_problems(project):
    collect_into("ar")
    translate(ARABIC)
    (project / "shop" / "models.py").write_text("from x import gettext\ntitle = gettext('New')\n")

    assert sorted(problems_of("ar")) == [
        "ar: no longer in the code: 'Price of {name}'",
        "ar: not in the catalogue: 'New'",
    ]
