"""What buyers do with their licences on the page of the order and in the library."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from checkout.models import OrderLine
from delivery.activating import activate, release
from delivery.errors import LicenseRefused
from delivery.finding import Question
from delivery.licence_files import licence_file
from delivery.models import Activation, License
from delivery.owners import lines_of_buyer, lines_of_recipient


@login_not_required
@require_POST
def free_place(request: HttpRequest, token: str, uid: uuid.UUID) -> HttpResponse:
    """Free the place of a site or machine, on the page of an order. A second click finds it free."""
    return _free(request, lines_of_buyer(token), uid)


@login_not_required
@require_POST
def free_given_place(request: HttpRequest, token: str, uid: uuid.UUID) -> HttpResponse:
    """As free_place(), on the page of a gift."""
    return _free(request, lines_of_recipient(token, request.user.pk), uid)


@login_not_required
@require_POST
def license_file(request: HttpRequest, token: str, uid: uuid.UUID) -> HttpResponse:
    """A licence file for a site or machine without a net of its own; it takes a place there."""
    return _file(request, lines_of_buyer(token), uid)


@login_not_required
@require_POST
def given_license_file(request: HttpRequest, token: str, uid: uuid.UUID) -> HttpResponse:
    """As license_file(), on the page of a gift."""
    return _file(request, lines_of_recipient(token, request.user.pk), uid)


def _free(request: HttpRequest, lines: QuerySet[OrderLine], uid: uuid.UUID) -> HttpResponse:
    licenses = _licenses(lines)
    activation = get_object_or_404(Activation, uid=uid, license__in=licenses)
    release(activation.uid)
    messages.success(request, _("That place is free again."))
    return _back(request, lines, activation.license_id)


def _file(request: HttpRequest, lines: QuerySet[OrderLine], uid: uuid.UUID) -> HttpResponse:
    license_ = get_object_or_404(_licenses(lines), uid=uid)
    instance = request.POST.get("instance", "").replace("\0", "")[:500]
    try:
        facts = activate(Question(key=license_.key, instance=instance))
    except LicenseRefused as refusal:
        messages.error(request, str(refusal))
        return _back(request, lines, license_.pk)
    headers = {
        "Content-Disposition": 'attachment; filename="license.txt"',
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(licence_file(facts, instance) + "\n", content_type="text/plain", headers=headers)


def _licenses(lines: QuerySet[OrderLine]) -> QuerySet[License]:
    """What these lines brought, or moved to another edition."""
    return License.objects.filter(Q(line__in=lines) | Q(upgraded_by__in=lines))


def _back(request: HttpRequest, lines: QuerySet[OrderLine], license_id: int) -> HttpResponse:
    page = lines[0].order.get_owner_url()
    if request.POST.get("back") == "library" and request.user.is_authenticated:
        page = reverse("library")
    return HttpResponseRedirect(f"{page}#license-{license_id}")
