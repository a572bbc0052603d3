from modeltranslation.translator import TranslationOptions, register

from checkout.models import TaxRate


@register(TaxRate)
class TaxRateTranslation(TranslationOptions):
    fields = ["label"]
