"""Links of affiliates: built for any public page of the shop, and leading nowhere else."""

from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import segno
from django.conf import settings
from django.urls import Resolver404, resolve
from django.utils.encoding import iri_to_uri
from django.utils.translation import get_language_from_path, override
from django.utils.translation import gettext as _

from affiliates.errors import LinkNotOurs
from affiliates.models import Affiliate
from storefront.text import clean_line

LONGEST = 600  # characters
# Pages of one person, and addresses that are no pages: nobody is led there.
PRIVATE = {"admin", "accounts", "affiliates", "api", "cart", "checkout", "demo", "downloads", "health"}
PRIVATE |= {"library", "orders", "r", "updates", "webhooks"}


def link_to(affiliate: Affiliate, address: str, *, sub_id: str = "") -> str:
    """The affiliate's link to a page of the shop, given as its address or path; empty is the front.

    What else stands in the address, such as utm_source, stays. Raises LinkNotOurs for anything but a page
    that every reader may see.
    """
    parts = urlsplit(settings.SITE_URL + safe_path(address))
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in ("ref", "sub")]
    query.append(("ref", affiliate.code))
    if sub_id := clean_line(sub_id)[:60]:
        query.append(("sub", sub_id))
    return urlunsplit(parts._replace(query=urlencode(query)))


def short_link(affiliate: Affiliate) -> str:
    """The link to read out, to the front of the shop."""
    return settings.SITE_URL + iri_to_uri(f"/r/{affiliate.code}/")


def safe_path(address: str) -> str:
    """Path, query and fragment of a public page of this shop. Raises LinkNotOurs for any other place.

    Browsers take /\\host and //host for other sites, so neither is a path here.
    """
    text = clean_line(address)
    parts = _split(text)
    own = urlsplit(settings.SITE_URL)
    is_ours = parts.netloc == own.netloc if parts.netloc else not parts.scheme
    path = parts.path or "/"
    if "\\" in text or len(text) > LONGEST or not is_ours or parts.scheme not in ("", "http", "https"):
        raise _not_ours()
    if not path.startswith("/") or path.startswith("//"):
        raise _not_ours()
    _check_public(unquote(path))
    return iri_to_uri(urlunsplit(("", "", path, parts.query, parts.fragment)))


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError:
        raise _not_ours() from None


def _not_ours() -> LinkNotOurs:
    return LinkNotOurs(_("This is no address of our shop. Copy one from your browser's address bar."))


def _check_public(path: str) -> None:
    language = get_language_from_path(path)
    bare = path.removeprefix(f"/{language}") if language else path
    try:
        with override(language or settings.LANGUAGE_CODE):
            view = resolve(path).func
    except Resolver404:
        raise LinkNotOurs(_("Our shop has no such page.")) from None
    if getattr(view, "login_required", True) or bare.split("/")[1] in PRIVATE:
        raise LinkNotOurs(_("Only pages that everybody can see may be linked to."))


def qr(link: str) -> str:
    """The link as a QR code: an SVG picture in a data address."""
    return str(segno.make(link, error="m").svg_data_uri(scale=4, border=2, dark="#1d2326", light="#ffffff"))
