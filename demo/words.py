"""The few words and digits that the builders print into books, by language."""

DIRECTIONS = {"en": "ltr", "ar": "rtl", "fa": "rtl"}

WORDS = {
    "en": {
        "contents": "Contents",
        "edition": "First edition",
        "rights": "Written for the Dukkan demo shop. You may read it, keep it and share it.",
        "set_in": "Set in Vazirmatn. Made with Dukkan’s own tools.",
        "sample": "A free sample",
        "sample_end": "You have reached the end of the sample. The whole book has {count} chapters.",
    },
    "ar": {
        "contents": "المحتويات",
        "edition": "الطبعة الأولى",
        "rights": "كُتب لمتجر دكان التجريبي. لك أن تقرأه وتحتفظ به وتشاركه.",
        "set_in": "صُفّ بخط وزيرمتن، وصُنع بأدوات دكان.",
        "sample": "عيّنة مجانية",
        "sample_end": "هنا تنتهي العيّنة. عدد فصول الكتاب الكامل: {count}.",
    },
    "fa": {
        "contents": "فهرست",
        "edition": "چاپ نخست",
        "rights": "برای فروشگاه نمایشی دکان نوشته شده است. بخوانید، نگه دارید و به دیگران بدهید.",
        "set_in": "با قلم وزیرمتن حروف‌چینی و با ابزارهای دکان ساخته شده است.",
        "sample": "نمونهٔ رایگان",
        "sample_end": "نمونه این‌جا تمام می‌شود. کتاب کامل {count} فصل دارد.",
    },
}

_DIGITS = {"ar": "٠١٢٣٤٥٦٧٨٩", "fa": "۰۱۲۳۴۵۶۷۸۹"}


def digits(text: str, language: str) -> str:
    """The text with European digits turned into those of the language."""
    return text.translate(str.maketrans("0123456789", _DIGITS[language])) if language in _DIGITS else text
