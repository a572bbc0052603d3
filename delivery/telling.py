"""What delivery adds to the timeline of an order."""

from collections.abc import Iterator

from django.utils.html import format_html
from django.utils.translation import gettext as _

from checkout.models import Order
from checkout.timeline import Entry
from checkout.wording import sentence
from delivery.models import Download
from storefront.templatetags.shop import isolate, ltr


def tell_downloads(order: Order, limit: int) -> Iterator[Entry]:
    downloads = Download.objects.filter(grant__line__order=order).select_related("grant__file")
    for download in downloads.order_by("-pk")[:limit]:
        said = (
            _("The recipient downloaded %(file)s.") if order.is_given else _("The buyer downloaded %(file)s.")
        )
        words = sentence(said, file=isolate(download.grant.file.filename))
        note = format_html("{} {}", ltr(download.client_address or ""), ltr(download.user_agent))
        yield Entry(download.started_at, "download", words, "", note)
