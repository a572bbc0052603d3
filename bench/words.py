"""Titles and texts for seeded products: the same for a number at every run, with common and rare words."""

from random import Random

ENGLISH = (
    "the craft of quiet design for small shops and long evenings a practical guide to type colour paper "
    "light garden sketch letter atlas pattern winter harbour bread coffee travel memory machine language "
    "music river stone window market lantern compass thread orchard ceramic ink notebook weather"
)
ARABIC = (
    "كتاب دليل فن الخط العربي والتصميم للمبتدئين حكايات المدينة القديمة ورق ضوء حديقة رسالة أطلس نقش شتاء "
    "مرفأ خبز قهوة سفر ذاكرة آلة لغة موسيقى نهر حجر نافذة سوق قنديل بوصلة خيط بستان خزف حبر دفتر"
)
PERSIAN = (
    "کتاب راهنمای هنر خوشنویسی و طراحی برای فروشگاه‌های کوچک قصه‌های شهر قدیم کاغذ نور باغ نامه اطلس نقش "
    "زمستان بندر نان قهوه سفر خاطره ماشین زبان موسیقی رود سنگ پنجره بازار فانوس نخ سفال جوهر دفتر"
)
WORDS = {"en": ENGLISH, "ar": ARABIC, "fa": PERSIAN}
SITE = "example.org"  # where licences are in use
# Few words are common and most are rare, as in any language.
_WEIGHTS = [1 / (place + 1) for place in range(200)]


def title(number: int, language: str = "en") -> str:
    """Four words and the number, which makes it the only one."""
    return f"{_some(Random(f'title {number}'), 4, language)} {number}"


def sentence(number: int, language: str = "en") -> str:
    return f"{_some(Random(f'sentence {number}'), 12, language)}."


def paragraphs(number: int, language: str = "en") -> list[str]:
    """About 1.5 KB of text in five paragraphs."""
    random = Random(f"text {number}")
    return [f"{_some(random, 50, language)}." for _each in range(5)]


def _some(random: Random, count: int, language: str) -> str:
    words = WORDS[language].split()
    return " ".join(random.choices(words, _WEIGHTS[: len(words)], k=count)).capitalize()
