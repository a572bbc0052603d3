from modeltranslation.translator import TranslationOptions, register

from catalog.models import Category, Faq, Product, ProductFile, ProductImage, Release, Variant


@register(Category)
class CategoryTranslation(TranslationOptions):
    fields = ["title", "description"]


@register(Product)
class ProductTranslation(TranslationOptions):
    fields = ["title", "tagline", "description", "author", "license_summary", "requirements"]


@register(Faq)
class FaqTranslation(TranslationOptions):
    fields = ["question", "answer"]


@register(ProductImage)
class ProductImageTranslation(TranslationOptions):
    fields = ["alt"]


@register(Variant)
class VariantTranslation(TranslationOptions):
    fields = ["title"]


@register(ProductFile)
class ProductFileTranslation(TranslationOptions):
    fields = ["title"]


@register(Release)
class ReleaseTranslation(TranslationOptions):
    fields = ["changelog"]
