"""Folding of Arabic, Persian and Latin text, so that what is spelled either way is found either way."""

import re
import unicodedata

_ZWNJ = "\u200c"
_FOLDED = str.maketrans(
    {
        **{  # digits of all scripts
            char: str(unicodedata.decimal(char))
            for char in map(chr, range(0x80, 0x20000))
            if char.isdecimal()
        },
        **dict.fromkeys("أإآٱ", "ا"),
        **dict.fromkeys("ىیے", "ي"),
        **dict.fromkeys("کڪ", "ك"),
        **dict.fromkeys("ةۀہھۃە", "ه"),
        "ؤ": "و",
        "ئ": "ي",
        "ـ": None,  # tatweel only stretches
        _ZWNJ: " ",
        "ı": "i",
    }
)
_NOT_WORD = re.compile(r"[^\w]+")
# Taken off again and again, so that ألماني and الألماني meet although the first only looks as if it had one.
_ARTICLE = re.compile(r"\b(?:(?:وال|بال|كال|فال|ال|لل)(?=\w{3}))+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")

_CONTROLS_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")


def fold(text: str) -> str:
    """One spelling for all: case, accents, digits, ي/ی, ك/ک, hamza seats, tashkeel, tatweel, ZWNJ.

    Words stay apart by single spaces; everything that is no letter or digit is a space.
    """
    if not text.isascii():  # of plain letters, only case has another spelling
        text = unicodedata.normalize("NFKC", text).translate(_FOLDED)
        bare = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
        text = unicodedata.normalize("NFC", bare.casefold())
    return _NOT_WORD.sub(" ", text.casefold().replace("_", " ")).strip()


def fold_for_search(text: str) -> str:
    """As fold(), and without the Arabic article, so that الكتاب and كتاب meet."""
    return _ARTICLE.sub("", fold(text))


def fold_code(text: str) -> str:
    """As fold(), without spaces: one code however it was typed, رمضان-٢٠۲٧ and رمضان2027 alike."""
    return fold(text).replace(" ", "")


def fold_email(address: str) -> str:
    """One address for matching orders to people: case is folded, nothing else is guessed."""
    return unicodedata.normalize("NFKC", address).strip().casefold()


# Who reads mail to mona@ here reads m.o.n.a@ too; elsewhere dots tell people apart.
_DOTLESS = {"gmail.com", "googlemail.com"}


def fold_mailbox(address: str) -> str:
    """As fold_email(), and all aliases of one mailbox alike: mona+eid@, m.ona@gmail.com.

    For counting only: it may take two people for one, and so must never decide who sees an order.
    """
    name, at, host = fold_email(address).rpartition("@")
    name = name.partition("+")[0] or name
    if host in _DOTLESS:
        name, host = name.replace(".", "") or name, "gmail.com"
    return f"{name}{at}{host}"


def isolate_text(text: object) -> str:
    """Text of unknown direction for plain text, kept from turning its neighbours around."""
    return f"\u2068{text}\u2069"


def clean_text(text: str) -> str:
    """Text of many lines without control characters; line ends are all the same."""
    return _CONTROLS_IN_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def clean_line(text: str) -> str:
    """One line without control characters or direction overrides, safe for headers and file names."""
    return " ".join(_CONTROLS.sub(" ", text).split())
