from modeltranslation.translator import TranslationOptions, register

from affiliates.models import Creative, Program


@register(Program)
class ProgramTranslation(TranslationOptions):
    fields = ["terms"]


@register(Creative)
class CreativeTranslation(TranslationOptions):
    fields = ["title", "text"]
