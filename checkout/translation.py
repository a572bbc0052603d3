from modeltranslation.translator import TranslationOptions, register

from checkout.models import Offer


@register(Offer)
class OfferTranslation(TranslationOptions):
    fields = ["title"]
