from modeltranslation.translator import TranslationOptions, register

from checkout.models import Offer, TaxRate


@register(Offer)
class OfferTranslation(TranslationOptions):
    fields = ["title"]


@register(TaxRate)
class TaxRateTranslation(TranslationOptions):
    fields = ["label"]
