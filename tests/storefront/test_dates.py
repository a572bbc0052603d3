"""Dates in three calendars, by days that everybody knows."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from storefront.dates import day, moment
from storefront.models import Shop
from storefront.models.shop import Calendar, Numerals
from storefront.shop import facts_of, trying

LANGUAGES = ["en", "ar", "fa"]


def shown(language: str, calendar: str, value: date, numerals: str = Numerals.LATIN) -> str:
    calendars = {f"calendar_{code}": calendar for code in LANGUAGES}
    row = Shop(currency="USD", languages=LANGUAGES, arabic_numerals=numerals, **calendars)
    with translation.override(language), trying(facts_of(row)):
        return day(value)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "26 November 2026"), ("ar", "26 نوفمبر 2026"), ("fa", "۵ آذر ۱۴۰۵")],
)
def test_each_language_has_its_calendar(language: str, words: str) -> None:
    with translation.override(language):
        assert day(date(2026, 11, 26)) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (date(2025, 3, 20), "۳۰ اسفند ۱۴۰۳"),  # a leap year has this day
        (date(2025, 3, 21), "۱ فروردین ۱۴۰۴"),  # Nowruz
        (date(2026, 3, 20), "۲۹ اسفند ۱۴۰۴"),
        (date(2026, 3, 21), "۱ فروردین ۱۴۰۵"),
        (date(1979, 2, 11), "۲۲ بهمن ۱۳۵۷"),
        (date(2026, 9, 22), "۳۱ شهریور ۱۴۰۵"),
        (date(2026, 12, 21), "۳۰ آذر ۱۴۰۵"),  # Yalda
    ],
)
def test_jalali(value: date, words: str) -> None:
    assert shown("fa", Calendar.JALALI, value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (date(2026, 6, 15), "29 ذو الحجة 1447 هـ"),
        (date(2026, 6, 16), "1 محرم 1448 هـ"),
        (date(2026, 2, 18), "1 رمضان 1447 هـ"),
        (date(2026, 3, 20), "1 شوال 1447 هـ"),  # Eid al-Fitr
        (date(1924, 8, 1), "1 محرم 1343 هـ"),  # the first day that the calendar knows
        (date(1924, 7, 31), "31 يوليو 1924"),
        (date(2077, 11, 16), "30 ذو الحجة 1500 هـ"),  # and the last
        (date(2077, 11, 17), "17 نوفمبر 2077"),
        (date(1, 1, 1), "1 يناير 0001"),
    ],
)
def test_hijri(value: date, words: str) -> None:
    assert shown("ar", Calendar.HIJRI, value) == words


@pytest.mark.parametrize(
    ("language", "calendar", "words"),
    [
        ("en", Calendar.JALALI, "26 Khordad 1405 SH"),
        ("ar", Calendar.JALALI, "26 خرداد 1405 هـ.ش"),
        ("en", Calendar.HIJRI, "1 Muharram 1448 AH"),
        ("fa", Calendar.HIJRI, "۱ محرم ۱۴۴۸ ه‍.ق"),
        ("fa", Calendar.GREGORIAN, "۱۶ ژوئن ۲۰۲۶"),
        ("ar", Calendar.GREGORIAN, "16 يونيو 2026"),
    ],
)
def test_any_calendar_in_any_language(language: str, calendar: str, words: str) -> None:
    assert shown(language, calendar, date(2026, 6, 16)) == words


def test_digits_are_those_of_the_language() -> None:
    assert shown("ar", Calendar.HIJRI, date(2026, 6, 16), Numerals.ARABIC) == "١ محرم ١٤٤٨ هـ"


def test_the_day_is_that_of_the_shops_clock(settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Tehran"
    nowruz = datetime(2026, 3, 20, 20, 30, tzinfo=UTC)  # midnight in Tehran

    with timezone.override("Asia/Tehran"), translation.override("fa"):
        assert moment(nowruz) == "۱ فروردین ۱۴۰۵، ساعت ۰۰:۰۰"
    with timezone.override("UTC"), translation.override("ar"):
        assert moment(nowruz) == "20 مارس 2026، 20:30"
    with timezone.override("UTC"):
        assert moment(nowruz) == "20 March 2026, 20:30"


def test_templates_say_dates_by_one_filter() -> None:
    page = Template('{{ at|when }}|{{ at|when:"time" }}|{{ none|when }}')

    at = datetime(2026, 11, 26, 14, 5, tzinfo=UTC)
    assert page.render(Context({"at": at, "none": None})) == "26 November 2026|26 November 2026, 14:05|"


@given(st.dates(), st.sampled_from(LANGUAGES), st.sampled_from(Calendar.values))
def test_every_date_can_be_said(value: date, language: str, calendar: str) -> None:
    words = shown(language, calendar, value)

    assert len(words.split(" ")) >= 3
    assert "_" not in words
