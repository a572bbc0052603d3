"""Dates as a reader writes them: in the calendar of their language, by the shop's clock.

They are stored in UTC. The Hijri calendar is that of Umm al-Qura, which is settled for 1924 to 2077; beyond
what a calendar knows, a date is Gregorian.
"""

from collections.abc import Callable
from datetime import date, datetime

import jdatetime
from django.utils import timezone
from django.utils.dateformat import format as format_gregorian
from django.utils.translation import get_language
from hijridate import Gregorian

from storefront.models.shop import Calendar
from storefront.money import digits
from storefront.shop import shop

# Months by calendar and language, and what tells the year from one of another calendar where that is needed.
_MONTHS = {
    Calendar.JALALI: {
        "en": "Farvardin Ordibehesht Khordad Tir Mordad Shahrivar Mehr Aban Azar Dey Bahman Esfand",
        "ar": "فروردين أرديبهشت خرداد تير مرداد شهريور مهر آبان آذر دي بهمن إسفند",
        "fa": "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند",
    },
    Calendar.HIJRI: {
        "en": "Muharram Safar Rabi_I Rabi_II Jumada_I Jumada_II Rajab Sha‘ban Ramadan Shawwal"
        " Dhu_al-Qa‘dah Dhu_al-Hijjah",
        "ar": "محرم صفر ربيع_الأول ربيع_الآخر جمادى_الأولى جمادى_الآخرة رجب شعبان رمضان شوال"
        " ذو_القعدة ذو_الحجة",
        "fa": "محرم صفر ربیع‌الاول ربیع‌الثانی جمادی‌الاول جمادی‌الثانی رجب شعبان رمضان شوال ذی‌القعده ذی‌الحجه",
    },
}
_ERAS = {
    Calendar.JALALI: {"en": "SH", "ar": "هـ.ش"},
    Calendar.HIJRI: {"en": "AH", "ar": "هـ", "fa": "ه‍.ق"},
}
_COMMA = {"en": ", ", "ar": "، ", "fa": "، ساعت "}


def day(value: datetime | date) -> str:
    """Such as 26 November 2026 or ۵ آذر ۱۴۰۵, in the language of now."""
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    language = get_language() or "en"
    calendar = shop().calendars.get(language, Calendar.GREGORIAN)
    return digits(_said(value, calendar, language) or format_gregorian(value, "j F Y"))


def moment(value: datetime) -> str:
    """As day(), with the time."""
    return (
        day(value) + _COMMA.get(get_language() or "en", ", ") + digits(f"{timezone.localtime(value):%H:%M}")
    )


def _said(value: date, calendar: Calendar, language: str) -> str:
    """The date in a calendar that is not the Gregorian; nothing beyond what that knows."""
    if calendar not in _PARTS:
        return ""
    try:
        year, month, number = _PARTS[calendar](value)
    except (ValueError, OverflowError):
        return ""
    name = _MONTHS[calendar][language].split(" ")[month - 1].replace("_", " ")
    era = _ERAS[calendar].get(language, "")
    return f"{number} {name} {year} {era}".strip()


def _jalali(value: date) -> tuple[int, int, int]:
    found = jdatetime.date.fromgregorian(date=value)
    return found.year, found.month, found.day


def _hijri(value: date) -> tuple[int, int, int]:
    found = Gregorian.fromdate(value).to_hijri()
    return found.year, found.month, found.day


_PARTS: dict[Calendar, Callable[[date], tuple[int, int, int]]] = {
    Calendar.JALALI: _jalali,
    Calendar.HIJRI: _hijri,
}
