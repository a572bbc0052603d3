"""One site or machine under one name, however a program spells it; and which sites take no place."""

import ipaddress
import posixpath
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

import idna
from django.utils.translation import gettext as _

from delivery.errors import InstanceNotUsable
from delivery.models import LicensePlan
from storefront.text import clean_line

MAX_LENGTH = 250
# Names that lead nowhere on the public net (RFC 2606, 6761, 6762, 8375) or are customary on desks. Not .dev
# and not .app: those are sold.
_LOCAL_ENDS = {
    *(
        "localhost",
        "localdomain",
        "local",
        "test",
        "example",
        "invalid",
        "internal",
        "intranet",
        "lan",
        "home",
    ),
    *("home.arpa", "ddev.site", "lndo.site", "docksal.site", "localsite.io", "docker"),
}
# Where hosts of web sites put their copies for trying things out.
_STAGING_ENDS = {
    *("wpengine.com", "wpenginepowered.com", "kinsta.cloud", "pantheonsite.io", "flywheelsites.com"),
    *("flywheelstaging.com", "cloudwaysapps.com", "wpcomstaging.com", "myftpupload.com", "sg-host.com"),
    *("instawp.xyz", "instawp.link", "instawp.co", "tastewp.com", "wpsandbox.pro", "updraftclone.com"),
    *("bigscoots-staging.com", "onrocket.site", "runcloud.link", "closte.com", "dreamhosters.com"),
    *(
        "ngrok.io",
        "ngrok.app",
        "ngrok.dev",
        "ngrok-free.app",
        "ngrok-free.dev",
        "trycloudflare.com",
        "loca.lt",
    ),
}
_STAGING_LABEL = re.compile(
    r"(?:staging|stage|stg|dev|develop|development|test|testing|uat|qa|preprod|preview|sandbox|local)\d*"
)


@dataclass(frozen=True)
class Instance:
    """`value` is what is compared, `name` how it was called; a free one is not counted by any limit."""

    value: str
    name: str
    is_free: bool = False


def read_instance(text: str, place: str) -> Instance:
    """The instance that a program means, for a plan of that place. Raises InstanceNotUsable."""
    return read_site(text) if place == LicensePlan.Place.SITE else read_machine(text)


def read_machine(text: str) -> Instance:
    """A machine's fingerprint or name, without regard to case and space."""
    name = clean_line(text)
    folded = unicodedata.normalize("NFKC", name).casefold()
    value = clean_line(unicodedata.normalize("NFKC", folded))
    if not value or len(value) > MAX_LENGTH:
        raise InstanceNotUsable(_("Say which machine this is for."))
    return Instance(value, name[:MAX_LENGTH])


def read_site(text: str) -> Instance:
    """A site by its address: without scheme, www, port, query; the name in punycode; the folder as it is.

    A WordPress in a folder is a site of its own; its address in another case or with index.php is not.
    """
    name = clean_line(text)
    try:
        parts = urlsplit(name if "://" in name else f"//{name.removeprefix('//')}")
        host = _host(parts.hostname or "")
    except ValueError:
        host = ""
    if not host:
        raise InstanceNotUsable(_("Say which site this is for, by its address."))
    value = host + _folder(parts)
    if len(value) > MAX_LENGTH:
        raise InstanceNotUsable(_("This address is too long."))
    return Instance(value, name[:MAX_LENGTH], _is_free(host))


def _host(host: str) -> str:
    """In lower case and punycode, without www; empty where it is no name of a host."""
    host = host.rstrip(".")
    if address := _address(host.partition("%")[0]):
        return address.compressed
    host = _in_ascii(host)
    return host.removeprefix("www.") if host.count(".") > 1 else host


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Of a host that goes by its address: such has a colon, or ends with a number."""
    if ":" in host or host[-1:].isdigit():
        with suppress(ValueError):
            return ipaddress.ip_address(host)
    return None


def _in_ascii(host: str) -> str:
    """Names of plain letters, which come most often, are what they are; others must make good punycode."""
    if not host.isascii() or "xn--" in host.lower():
        with suppress(idna.IDNAError):
            return idna.encode(host, uts46=True).decode()
    host = host.lower()
    is_name = re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", host) and ".." not in host
    return host if is_name else ""


def _folder(parts: SplitResult) -> str:
    path = unicodedata.normalize("NFC", unquote(parts.path)).casefold()
    path = posixpath.normpath("/" + clean_line(path).replace("\\", "/").lstrip("/"))
    return path.removesuffix("/index.php").removesuffix("/index.html").rstrip("/")


def _is_free(host: str) -> bool:
    if address := _address(host):
        return not address.is_global
    labels = host.split(".")
    ends = {".".join(labels[start:]) for start in range(len(labels))}
    if len(labels) == 1 or ends & _LOCAL_ENDS or ends & _STAGING_ENDS:
        return True
    first = labels[0]
    words = {first, first.partition("-")[0], first.rpartition("-")[2]}
    return len(labels) > 2 and any(_STAGING_LABEL.fullmatch(word) for word in words)
