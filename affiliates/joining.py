"""Becoming an affiliate: somebody applies, and staff, or the programme by itself, decides."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from affiliates.errors import CodeTaken, NotNow
from affiliates.mails import mail_approved, mail_rejected, mail_staff_of_application
from affiliates.models import Affiliate, Program
from storefront.text import fold_code


@dataclass(frozen=True)
class Application:
    """What somebody says who wants to be an affiliate."""

    name: str
    code: str
    language: str
    website: str = ""
    plan: str = ""


def apply(user: User, application: Application) -> Affiliate:
    """Take an application; where the programme approves at once, its links work from then on.

    Sent twice, it gives the affiliate that is there. Raises CodeTaken, and NotNow while the programme takes
    nobody.
    """
    known = Affiliate.objects.filter(user=user).first()
    if known and not known.is_friend:
        return known
    program = Program.load()
    if not program.is_open:
        raise NotNow(_("We take no new affiliates at this time."))
    try:
        with transaction.atomic():
            return _write(known or Affiliate(user=user), application, program)
    except IntegrityError:
        known = Affiliate.objects.filter(user=user, kind=Affiliate.Kind.AFFILIATE).first()
        if known:  # a second click was quicker
            return known
        raise CodeTaken(_("This code belongs to somebody. Please choose another.")) from None


def _write(affiliate: Affiliate, application: Application, program: Program) -> Affiliate:
    """A buyer who has referred friends so far keeps what they have earned, and gets the new code."""
    if affiliate.is_friend:
        affiliate.method = ""
    affiliate.kind, affiliate.status = Affiliate.Kind.AFFILIATE, Affiliate.Status.PENDING
    affiliate.name, affiliate.code = application.name, application.code
    affiliate.language, affiliate.website = application.language, application.website
    affiliate.plan, affiliate.terms, affiliate.wants_digest = application.plan, program.terms, True
    affiliate.save()
    if program.is_automatic:
        approve(affiliate)
    else:
        mail_staff_of_application(affiliate)
    return affiliate


def is_free(code: str, *, but_for: Affiliate | None = None) -> bool:
    """Whether nobody else has the code, in any spelling."""
    others = Affiliate.objects.filter(code_folded=fold_code(code))
    return not (others.exclude(pk=but_for.pk) if but_for else others).exists()


@transaction.atomic
def approve(affiliate: Affiliate, *, by: User | None = None) -> bool:
    """Let an affiliate earn, and tell them. False, and nothing done, when they may already."""
    moved = affiliate.approve(by=by)
    if moved:
        mail_approved(affiliate)
    return moved


@transaction.atomic
def reject(affiliate: Affiliate, *, by: User, answer: str = "") -> bool:
    """Let an affiliate earn nothing more, and tell them why. False, and nothing done, when that is so."""
    moved = affiliate.reject(by=by, answer=answer)
    if moved:
        mail_rejected(affiliate)
    return moved
