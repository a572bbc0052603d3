from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StorefrontConfig(AppConfig):
    name = "storefront"
    verbose_name = _("Shop")

    def ready(self) -> None:
        from storefront import checks  # noqa: F401, PLC0415  the checks register themselves
