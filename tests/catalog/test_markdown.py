import pytest

from catalog.markdown import render_markdown


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&colon;alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](javascript:alert(1))",
        "<iframe src='//evil.example'></iframe>",
        "<a href='x' onclick='alert(1)'>x</a>",
        '[x](https://ok.example "onmouseover=alert(1)")<style>*{}</style>',
    ],
)
def test_nothing_in_it_runs(text):
    html = render_markdown(text)

    for part in ("<script", "<iframe", "<style", "<img", 'href="java', 'href="data', "<a href='"):
        assert part not in html


def test_links_are_not_vouched_for():
    assert render_markdown("[x](https://a.example/)") == (
        '<p dir="auto"><a href="https://a.example/" rel="nofollow noopener">x</a></p>\n'
    )


@pytest.mark.parametrize("source", ["https://evil.example/x.png", "//evil.example/x.png", "x.png"])
def test_pictures_of_others_leave_their_words(source):
    assert render_markdown(f"![a *map*]({source})") == '<p dir="auto">a map</p>\n'


def test_our_pictures_are_shown():
    assert '<img src="/media/pictures/a.webp" alt="a map">' in render_markdown(
        "![a map](/media/pictures/a.webp)"
    )


def test_tables_are_tables():
    assert "<td>1</td>" in render_markdown("| a | b |\n|---|---|\n| 1 | 2 |")


def test_headings_begin_below_those_of_the_page():
    assert render_markdown("# a\n## b") == '<h3 dir="auto">a</h3>\n<h4 dir="auto">b</h4>\n'
    assert render_markdown("## a\n##### b") == '<h3 dir="auto">a</h3>\n<h6 dir="auto">b</h6>\n'


def test_each_paragraph_reads_in_its_own_direction():
    assert render_markdown("كتاب\n\nbook\n\n- نص").count('dir="auto"') == 3
