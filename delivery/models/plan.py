import re
import secrets
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Product, Variant

# 32 signs without I, L, O and U, which are misread or make words: 5 random bits each.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MIN_RANDOM = 26  # signs: 130 bits
_PATTERN = re.compile(r"[A-Z0-9#-]+")


def check_pattern(pattern: str) -> None:
    """Raises ValidationError for a pattern whose keys could be guessed, or hardly be read out."""
    if not _PATTERN.fullmatch(pattern):
        raise ValidationError(_("Use the letters A to Z, digits, dashes, and # for each random sign."))
    if pattern.count("#") < MIN_RANDOM:
        raise ValidationError(_("A key needs at least 26 random signs (#), or it could be guessed."))


class LicensePlan(models.Model):
    """What kind of licence a product brings, to every buyer or to those of one variant."""

    class Source(models.TextChoices):
        MADE = "made", _("Keys made by the shop")
        CODES = "codes", _("Codes from a list of yours")

    class Place(models.TextChoices):
        SITE = "site", _("Web sites")
        MACHINE = "machine", _("Machines")

    product = models.ForeignKey(
        Product, models.CASCADE, related_name="license_plans", verbose_name=_("product")
    )
    variant = models.ForeignKey(
        Variant,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="license_plans",
        verbose_name=_("variant"),
        help_text=_("Empty means each variant that has no plan of its own."),
    )
    source = models.CharField(_("where keys come from"), max_length=10, choices=Source, default=Source.MADE)
    key_pattern = models.CharField(
        _("pattern of keys"),
        max_length=60,
        default="#####-#####-#####-#####-######",
        validators=[check_pattern],
        help_text=_("# is a random sign; letters, digits and dashes stay as they are."),
    )
    place = models.CharField(_("used on"), max_length=10, choices=Place, default=Place.SITE)
    activation_limit = models.PositiveIntegerField(
        _("activations"), default=1, help_text=_("On how many at once. 0 is without limit.")
    )
    valid_days = models.PositiveIntegerField(
        _("days it is valid"), null=True, blank=True, help_text=_("365 for a year. Empty is for ever.")
    )
    offline_days = models.PositiveSmallIntegerField(
        _("days offline"),
        default=30,
        help_text=_("For how long a licence file is good before a program should ask for a fresh one."),
    )
    grace_days = models.PositiveSmallIntegerField(
        _("days of grace"),
        default=14,
        help_text=_("How much longer it works when the shop cannot be reached."),
    )
    low_stock = models.PositiveIntegerField(
        _("warn at"), default=10, help_text=_("Staff gets a mail when no more than this many codes are left.")
    )

    former_id = models.CharField(
        _("id in your former shop"),
        max_length=40,
        blank=True,
        help_text=_("Programs made for Easy Digital Downloads or Lemon Squeezy go on asking for that id."),
    )

    class Meta:
        verbose_name = _("licence plan")
        verbose_name_plural = _("licence plans")
        ordering = ["product", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["variant"], name="one_plan_a_variant"),
            models.UniqueConstraint(
                fields=["product"], condition=Q(variant=None), name="one_general_plan_a_product"
            ),
        ]

    def __str__(self) -> str:
        return str(self.variant or self.product)

    @property
    def gives_codes(self) -> bool:
        return self.source == self.Source.CODES

    def new_key(self) -> str:
        """A key by the pattern, with at least 130 random bits."""
        return "".join(secrets.choice(ALPHABET) if sign == "#" else sign for sign in self.key_pattern)

    def first_expiry(self) -> datetime | None:
        return None if self.valid_days is None else timezone.now() + timedelta(days=self.valid_days)

    def clean(self) -> None:
        if self.variant and self.variant.product_id != self.product_id:
            raise ValidationError({"variant": _("This variant belongs to another product.")})
