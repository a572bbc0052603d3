"""The calendar and the digits of a document: those of its day, whatever the shop says later."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from django.utils.translation import override

from invoicing.models import Document
from storefront.models.shop import Calendar, Numerals
from storefront.shop import shop, trying


def shown_as(language: str) -> dict[str, str]:
    """How the shop writes dates and numbers in this language today, as a snapshot keeps it."""
    facts = shop()
    return {"calendar": str(facts.calendars[language]), "numerals": str(facts.arabic_numerals)}


@contextmanager
def as_issued(document: Document) -> Iterator[None]:
    """Its own language, calendar and digits are those of now."""
    language, shown, facts = document.language, document.snapshot["shown"], shop()
    if shown != shown_as(language):
        calendars = {**facts.calendars, language: Calendar(shown["calendar"])}
        facts = replace(facts, calendars=calendars, arabic_numerals=Numerals(shown["numerals"]))
    with override(language), trying(facts):
        yield
