from typing import Any, Self

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models.text import TextModel
from storefront.text import fold_code, fold_mailbox


class AffiliateQuerySet(models.QuerySet["Affiliate"]):
    def active(self) -> Self:
        """Those whose links count, and who earn."""
        return self.filter(status=Affiliate.Status.ACTIVE)

    def with_code(self, code: str) -> Self:
        """Whoever has this code, in whatever spelling; nobody for what can't be a code."""
        folded = fold_code(code[:200])
        return self.filter(code_folded=folded) if folded else self.none()


class Affiliate(TextModel):
    """A partner who brings buyers, with the code of their links and where their money goes."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Applied")
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        REJECTED = "rejected", _("Rejected")

    class Kind(models.TextChoices):
        AFFILIATE = "affiliate", _("Affiliate")
        FRIEND = "friend", _("Buyer who refers friends")

    class Method(models.TextChoices):
        BANK = "bank", _("Bank transfer (IBAN)")
        PAYPAL = "paypal", _("PayPal")
        PAYONEER = "payoneer", _("Payoneer")
        SKRILL = "skrill", _("Skrill")
        WISE = "wise", _("Wise")
        MANUAL = "manual", _("Another way, as agreed")
        CREDIT = "credit", _("A coupon of the shop")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="affiliate", verbose_name=_("account")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.AFFILIATE, editable=False)
    name = models.CharField(_("name"), max_length=120, help_text=_("Yours, or that of your site or channel."))
    code = models.CharField(_("code"), max_length=40, help_text=_("It stands in every link."))
    code_folded = models.CharField(max_length=40, unique=True, editable=False)
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.PENDING, editable=False
    )
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    website = models.URLField(_("web page"), max_length=300, blank=True)
    plan = models.TextField(_("how you will tell people about the shop"), blank=True, max_length=2000)
    terms = models.TextField(_("terms agreed to"), blank=True, editable=False)

    method = models.CharField(_("way to be paid"), max_length=10, choices=Method, blank=True)
    payee = models.CharField(_("name of the account's owner"), max_length=120, blank=True)
    iban = models.CharField(_("IBAN"), max_length=34, blank=True)
    payout_email = models.EmailField(_("e-mail address of that account"), max_length=254, blank=True)
    payout_note = models.CharField(_("what else we need to pay you"), max_length=300, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    tax_name = models.CharField(_("name for taxes"), max_length=200, blank=True)
    tax_id = models.CharField(_("tax number"), max_length=60, blank=True)
    address = models.TextField(_("postal address"), blank=True, max_length=500)
    wants_digest = models.BooleanField(_("a mail on days with new commissions"), default=True)

    applied_at = models.DateTimeField(_("applied"), auto_now_add=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("decided by"),
    )
    answer = models.TextField(_("answer"), blank=True, max_length=2000, editable=False)

    objects = AffiliateQuerySet.as_manager()

    class Meta:
        verbose_name = _("affiliate")
        verbose_name_plural = _("affiliates")
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=~Q(code_folded=""), name="affiliate_has_a_code")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.code_folded = fold_code(self.code)
        super().save(*args, **kwargs)

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE

    @property
    def is_friend(self) -> bool:
        return self.kind == self.Kind.FRIEND

    @property
    def destination(self) -> str:
        """Where the money goes, as it stands in files and on statements; empty while it is not known."""
        if self.method == self.Method.BANK:
            return self.iban
        if self.method == self.Method.CREDIT:
            return self.user.email
        return self.payout_note if self.method == self.Method.MANUAL else self.payout_email

    def owns(self, email: str) -> bool:
        """Whether an address is this affiliate's own, or an alias of it: amal+books@ is amal@."""
        mine = [self.user.email, self.payout_email]
        mine += EmailAddress.objects.filter(user=self.user_id).values_list("email", flat=True)
        return fold_mailbox(email) in {fold_mailbox(each) for each in mine if each}

    def approve(self, *, by: Any = None) -> bool:
        """pending, paused or rejected -> active. False, and nothing done, when active already."""
        return self._move({self.Status.PENDING, self.Status.PAUSED, self.Status.REJECTED}, "active", by)

    def pause(self, *, by: Any = None) -> bool:
        """active -> paused: links lead on, and earn nothing more; what is owed stays owed."""
        return self._move({self.Status.ACTIVE}, "paused", by)

    def reject(self, *, by: Any = None, answer: str = "") -> bool:
        """Any state -> rejected. What was earned before stays in the ledger."""
        states = {self.Status.PENDING, self.Status.ACTIVE, self.Status.PAUSED}
        return self._move(states, "rejected", by, answer)

    def _move(self, sources: set["Affiliate.Status"], target: str, by: Any, answer: str = "") -> bool:
        change = {"status": target, "decided_at": timezone.now(), "decided_by": by, "answer": answer}
        moved = Affiliate.objects.filter(pk=self.pk, status__in=sources).update(**change)
        for name, value in change.items() if moved else ():
            setattr(self, name, value)
        return bool(moved)
