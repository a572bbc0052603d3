from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from storefront.text import clean_line, clean_text

THE_ROW = 1


class Calendar(models.TextChoices):
    GREGORIAN = "gregorian", _("Gregorian")
    JALALI = "jalali", _("Solar Hijri (Jalali)")
    HIJRI = "hijri", _("Hijri (Umm al-Qura)")


class Numerals(models.TextChoices):
    LATIN = "latin", _("0 1 2 3, as in the west of the Arab world")
    ARABIC = "arabic", _("٠ ١ ٢ ٣, as in the east of it")


class Shop(models.Model):
    """What staff says of the shop itself: one row. Read by storefront.shop.shop(), saved by save_shop()."""

    name = models.CharField(_("name"), max_length=80)
    legal_name = models.CharField(_("legal name"), max_length=200, blank=True)
    address = models.TextField(_("address"), max_length=500, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    vat_id = models.CharField(_("VAT id"), max_length=32, blank=True)
    registration_number = models.CharField(_("registration number"), max_length=64, blank=True)
    logo = models.CharField(max_length=80, blank=True, editable=False)
    logo_width = models.PositiveSmallIntegerField(default=0, editable=False)
    logo_height = models.PositiveSmallIntegerField(default=0, editable=False)
    brand_colour = models.CharField(_("brand colour"), max_length=7, blank=True)
    accent_colour = models.CharField(_("accent colour"), max_length=7, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    # Those that buyers may choose, the shop's own among them; empty is every one that has prices.
    currencies = models.JSONField(_("currencies offered"), default=list, blank=True)
    languages = models.JSONField(_("languages offered"), default=list)
    charges_tax = models.BooleanField(_("charges tax"), default=False)
    prices_include_tax = models.BooleanField(_("prices contain the tax"), default=True)
    refund_window_days = models.PositiveSmallIntegerField(_("days for a refund"), default=30)
    refunds_auto_approve = models.BooleanField(_("grants refunds by itself"), default=False)
    invoice_prefix = models.CharField(_("invoice numbers begin with"), max_length=12, default="INV-")
    credit_note_prefix = models.CharField(_("credit note numbers begin with"), max_length=12, default="CN-")
    arabic_numerals = models.CharField(
        _("digits on Arabic pages"), max_length=10, choices=Numerals, default=Numerals.LATIN
    )
    calendar_en = models.CharField(
        _("calendar on English pages"), max_length=10, choices=Calendar, default=Calendar.GREGORIAN
    )
    calendar_ar = models.CharField(
        _("calendar on Arabic pages"), max_length=10, choices=Calendar, default=Calendar.GREGORIAN
    )
    calendar_fa = models.CharField(
        _("calendar on Persian pages"), max_length=10, choices=Calendar, default=Calendar.JALALI
    )
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("shop settings")
        verbose_name_plural = _("shop settings")
        constraints = [models.CheckConstraint(condition=Q(pk=THE_ROW), name="one_shop")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = THE_ROW
        for field in self._meta.concrete_fields:
            value = self.__dict__.get(field.attname)
            if isinstance(value, str):
                clean = clean_text if isinstance(field, models.TextField) else clean_line
                self.__dict__[field.attname] = clean(value)
        super().save(*args, **kwargs)
