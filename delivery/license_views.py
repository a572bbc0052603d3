"""What buyers do with their licences on the page of the order and in the library."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from delivery.activating import activate, release
from delivery.errors import LicenseRefused
from delivery.finding import Question
from delivery.licence_files import licence_file
from delivery.models import Activation, License


@login_not_required
@require_POST
def free_place(request: HttpRequest, token: str, uid: uuid.UUID) -> HttpResponse:
    """Free the place of a site or machine. A second click finds it free."""
    activation = get_object_or_404(
        Activation.objects.select_related("license__line__order"), uid=uid, license__line__order__token=token
    )
    release(activation.uid)
    messages.success(request, _("That place is free again."))
    return _back(request, activation.license)


@login_not_required
@require_POST
def license_file(request: HttpRequest, token: str, uid: uuid.UUID) -> HttpResponse:
    """A licence file for a site or machine without a net of its own; it takes a place there."""
    licenses = License.objects.select_related("line__order")
    license_ = get_object_or_404(licenses, uid=uid, line__order__token=token)
    instance = request.POST.get("instance", "").replace("\0", "")[:500]
    try:
        facts = activate(Question(key=license_.key, instance=instance))
    except LicenseRefused as refusal:
        messages.error(request, str(refusal))
        return _back(request, license_)
    headers = {
        "Content-Disposition": 'attachment; filename="license.txt"',
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(licence_file(facts, instance) + "\n", content_type="text/plain", headers=headers)


def _back(request: HttpRequest, license_: License) -> HttpResponse:
    page = license_.line.order.get_absolute_url()
    if request.POST.get("back") == "library" and request.user.is_authenticated:
        page = reverse("library")
    return HttpResponseRedirect(f"{page}#license-{license_.pk}")
