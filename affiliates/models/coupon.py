from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import Affiliate
from checkout.models import Coupon


class AffiliateCoupon(models.Model):
    """A coupon for an affiliate's readers: whoever uses it is their buyer, whatever link was followed."""

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="coupons", verbose_name=_("affiliate")
    )
    coupon = models.OneToOneField(
        Coupon, models.PROTECT, related_name="credited_coupon", verbose_name=_("coupon")
    )
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("coupon of an affiliate")
        verbose_name_plural = _("coupons of affiliates")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return str(self.coupon)
