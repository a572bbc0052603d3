import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.text import clean_line, clean_text, fold, fold_code, fold_for_search, fold_mailbox

SAME = [
    ("كتابي", "کتابی"),  # Arabic and Persian yeh and kaf
    ("على", "علي"),
    ("مدرسة", "مدرسه"),
    ("أسرار", "اسرار"),
    ("إدارة", "اداره"),
    ("آداب", "اداب"),
    ("مسؤول", "مسوول"),
    ("ہندوستان", "هندوستان"),  # Urdu heh
    ("۱۴۰۳", "1403"),
    ("१४०३ 𝟭𝟰𝟬𝟯", "1403 1403"),  # any script's digits
    ("١٤٠٣", "1403"),
    ("كتـــاب", "كتاب"),  # tatweel
    ("كِتَابٌ", "كتاب"),  # tashkeel
    ("می‌روم", "می روم"),  # ZWNJ
    ("ﻛﺘﺎﺏ", "كتاب"),  # presentation forms
    ("Straße", "STRASSE"),
    ("Çağdaş", "cagdas"),
    ("ILIK", "ılık"),
    ("Café, noir!", "cafe noir"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_meet(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("with_article", "without"),
    [("الكتاب", "كتاب"), ("والكتب", "كتب"), ("بالعربية", "عربيه"), ("للكتاب", "كتاب"), ("الألماني", "ماني")],
)
def test_search_takes_the_article_off(with_article, without):
    assert fold_for_search(with_article) == without


def test_a_short_word_keeps_what_looks_like_an_article():
    assert fold_for_search("الله إلى ألم") == "الله الي الم"


@pytest.mark.parametrize(
    "typed",
    [
        "رمضان۲۰٢٧",
        "رمضان-٢٠۲٧",
        "رمضان 2027",
        "رمـــضان۲۰۲۷",
        "رمضان\u200c۲۰۲۷",
        "\u200fرَمَضان_2027\u200e",
        " رمضان–२०२७ ",
        "\u2067رمضان\u2069 ۲۰/۲۷\n",
    ],
)
def test_a_code_is_one_however_it_was_typed(typed):
    assert fold_code(typed) == "رمضان2027"


_SAME_LETTERS = ["يیى", "كک", "0٠۰", "2٢۲", "aA", "é", "ن", "9٩۹"]
_SILENT = ["", "\u200c", "ـ", "-", " ", "\u064e", "\u200f", "–", "_"]
_KEYS = st.integers(0, len(_SAME_LETTERS) - 1)


@given(
    st.lists(
        st.tuples(_KEYS, st.integers(0, 9), st.integers(0, 9), *[st.sampled_from(_SILENT)] * 2), min_size=1
    )
)
def test_no_keyboard_and_no_habit_makes_another_code(keys):
    one = "".join(
        _SAME_LETTERS[key][first % len(_SAME_LETTERS[key])] + silent for key, first, _, silent, _ in keys
    )
    other = "".join(
        _SAME_LETTERS[key][last % len(_SAME_LETTERS[key])] + silent for key, _, last, _, silent in keys
    )

    assert fold_code(one) == fold_code(other) != ""


@pytest.mark.parametrize(
    ("one", "other"), [("کتاب‌خوانی", "كتابخواني"), ("eid-25", "EID25"), ("Straße", "STRASSE")]
)
def test_codes_meet_in_any_keyboard(one, other):
    assert fold_code(one) == fold_code(other)


@pytest.mark.parametrize(
    "alias",
    ["Mona@gmail.com", "mona+eid@gmail.com", "m.o.n.a@GoogleMail.com", " MO.NA+a+b@gmail.com "],
)
def test_aliases_of_a_mailbox_meet(alias):
    assert fold_mailbox(alias) == "mona@gmail.com"


@pytest.mark.parametrize(
    ("address", "folded"),
    [
        ("m.ona+x@example.com", "m.ona@example.com"),
        ("+x@example.com", "+x@example.com"),
        ("...@gmail.com", "...@gmail.com"),
        ("no address", "no address"),
        ("", ""),
    ],
)
def test_nobody_else_is_taken_for_somebody(address, folded):
    assert fold_mailbox(address) == folded


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)
    assert fold_for_search(fold_for_search(text)) == fold_for_search(text)


@given(st.text())
def test_folded_text_is_words_and_single_spaces(text):
    folded = fold(text)

    assert folded == " ".join(folded.split())
    assert all(char.isalnum() or char == " " for char in folded)


@given(st.text(alphabet=st.sampled_from("الكتبوفهيaB1 ")))
def test_articles_come_off_in_one_go(text):
    assert fold_for_search(fold_for_search(text)) == fold_for_search(text)


def test_a_line_has_no_controls_and_no_overrides():
    assert clean_line("  a\x00b\r\nc\u202egpj.exe\ufeff ") == "a b c gpj.exe"


def test_a_line_keeps_joiners_and_emoji():
    assert clean_line("می‌روم 👩‍🚀") == "می‌روم 👩‍🚀"


def test_a_text_keeps_its_lines():
    assert clean_text("a\x00\r\n\tb\rc\x1b") == "a\n\tb\nc"
