from modeltranslation.translator import TranslationOptions, register

from storefront.models import Shop


@register(Shop)
class ShopTranslation(TranslationOptions):
    fields = ["name"]
