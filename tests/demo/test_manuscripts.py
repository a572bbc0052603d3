import re
from collections import Counter

import pytest

from demo.manuscripts import Book, read_books, to_html

BOOKS = read_books()
each_book = pytest.mark.parametrize("book", BOOKS, ids=[book.slug for book in BOOKS])


def test_two_books_in_each_language() -> None:
    assert Counter(book.language for book in BOOKS) == {"en": 2, "ar": 2, "fa": 2}


@each_book
def test_books_are_long_and_say_nothing_twice(book: Book) -> None:
    text = " ".join(chapter.body for chapter in book.chapters)
    paragraphs = [p for p in re.findall("<p>(.*?)</p>", text, re.DOTALL) if len(p) > 40]

    assert len(book.chapters) >= 8
    assert len(re.sub("<[^>]+>", " ", text).split()) > 2300
    assert [p for p, count in Counter(paragraphs).items() if count > 1] == []


@each_book
def test_letters_belong_to_the_language(book: Book) -> None:
    text = " ".join(chapter.title + chapter.body for chapter in book.chapters)

    if book.language == "fa":
        assert not re.search("[\u0643\u064a\u0649]", text)
    if book.language == "ar":
        assert not re.search("[\u06a9\u06cc]", text)


def test_code_reads_left_to_right() -> None:
    assert to_html("`a.pdf`") == '<p><code dir="ltr">a.pdf</code></p>\n'


def test_html_in_a_manuscript_is_only_text() -> None:
    assert "<script>" not in to_html("<script>alert(1)</script>")
