from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import Affiliate
from affiliates.models.program import Program
from catalog.models import Product
from checkout.models import Order, OrderLine


class Referral(models.Model):
    """An order credited to an affiliate, or refused to them, with all that says why."""

    class Way(models.TextChoices):
        LINK = "link", _("Link, by a cookie")
        CARRIED = "carried", _("Link, carried along")
        COUPON = "coupon", _("Coupon")
        LIFETIME = "lifetime", _("Earlier purchase")

    class Status(models.TextChoices):
        CREDITED = "credited", _("Credited")
        REFUSED = "refused", _("Refused")

    class Refusal(models.TextChoices):
        OWN_ACCOUNT = "own_account", _("The affiliate's own account")
        OWN_EMAIL = "own_email", _("The affiliate's own e-mail address")
        OWN_PAYMENT = "own_payment", _("The affiliate's own means of payment")
        NOT_ACTIVE = "not_active", _("The affiliate was not active when it was paid")

    order = models.OneToOneField(
        Order, models.PROTECT, related_name="credited_referral", verbose_name=_("order")
    )
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="referrals", verbose_name=_("affiliate")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status)
    refusal = models.CharField(_("why it is refused"), max_length=20, choices=Refusal, blank=True)
    way = models.CharField(_("how the buyer came"), max_length=10, choices=Way)
    credit = models.CharField(_("who is credited"), max_length=10, choices=Program.Credit, blank=True)
    clicked_at = models.DateTimeField(_("link followed"), null=True, blank=True)
    path = models.CharField(_("page"), max_length=200, blank=True)
    sub_id = models.CharField(_("sub-id"), max_length=60, blank=True)
    utm = models.CharField(_("campaign"), max_length=200, blank=True)
    coupon = models.CharField(_("coupon"), max_length=100, blank=True)
    hints = models.CharField(_("what looks odd"), max_length=100, blank=True)
    reviewed_at = models.DateTimeField(_("looked at"), null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("looked at by"),
    )
    created_at = models.DateTimeField(_("credited"), default=timezone.now)

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["affiliate", "-id"], name="referral_of_affiliate"),
            models.Index(
                fields=["-id"], condition=~Q(hints="") & Q(reviewed_at=None), name="referral_to_review"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="credited", refusal="") | (Q(status="refused") & ~Q(refusal="")),
                name="refused_referral_says_why",
            )
        ]

    def __str__(self) -> str:
        return str(self.order)

    @property
    def is_credited(self) -> bool:
        return self.status == self.Status.CREDITED

    def mark_reviewed(self, *, by: object) -> bool:
        """Staff has looked at what is odd here. Doing it twice changes nothing."""
        fresh = Referral.objects.filter(pk=self.pk, reviewed_at=None)
        return bool(fresh.update(reviewed_at=timezone.now(), reviewed_by=by))


class ReferralLine(models.Model):
    """What one line of a credited order earns, with the rate of that day."""

    referral = models.ForeignKey(Referral, models.PROTECT, related_name="lines")
    line = models.OneToOneField(OrderLine, models.PROTECT, related_name="credited_referral_line")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    base = models.PositiveBigIntegerField(_("price after discounts and without tax"))
    percent_bps = models.PositiveIntegerField(_("share"), null=True, blank=True)
    fixed = models.PositiveBigIntegerField(_("fixed sum for each piece"), null=True, blank=True)
    rule = models.CharField(_("rate of"), max_length=60)
    commission = models.PositiveBigIntegerField(_("commission"))

    class Meta:
        verbose_name = _("credited line")
        verbose_name_plural = _("credited lines")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(commission__lte=F("base")), name="commission_is_not_more_than_its_base"
            )
        ]

    def __str__(self) -> str:
        return str(self.line)
