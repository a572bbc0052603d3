"""Lays out what buyers have: for each line of an order the files of today, with fresh links."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet

from catalog.models import Product, ProductFile
from catalog.releases import available_at, is_replaced
from checkout.models import Order, OrderLine
from delivery.fulfilment import brought_files, grant_files
from delivery.links import download_url
from delivery.models import DownloadGrant, License, Stamp
from delivery.stamping import ask_for_stamps, needs_stamp, stamp_of


@dataclass(frozen=True)
class Offer:
    """A file that a buyer has, with a fresh link to it; without one while it can't be fetched."""

    file: ProductFile
    grant: DownloadGrant
    is_new: bool
    is_replaced: bool = False  # by a newer release

    @property
    def url(self) -> str:
        is_closed = self.is_used_up or self.grant.is_over or self.is_being_made or self.is_refused
        return "" if is_closed else download_url(self.grant)

    @property
    def is_part(self) -> bool:
        """Whether it belongs to another product, which came in a bundle."""
        return self.file.product_id != self.grant.line.variant.product_id

    @property
    def stamp(self) -> Stamp | None:
        return stamp_of(self.grant) if needs_stamp(self.file) else None

    @property
    def is_being_made(self) -> bool:
        return needs_stamp(self.file) and (self.stamp is None or self.stamp.status == Stamp.Status.PENDING)

    @property
    def is_refused(self) -> bool:
        """Whether no copy can be made of it, and the seller wants none delivered without the mark."""
        is_strict = self.file.product.stamping == Product.Stamping.STRICT
        return is_strict and self.stamp is not None and self.stamp.status == Stamp.Status.REFUSED

    @property
    def bytes(self) -> ProductFile | Stamp:
        """What size and checksum are told of: the buyer's own copy, where there is one."""
        return self.stamp if self.stamp and self.stamp.status == Stamp.Status.READY else self.file

    @property
    def changed_at(self) -> datetime:
        return available_at(self.file)

    @property
    def is_used_up(self) -> bool:
        return self.grant.remaining == 0


@dataclass(frozen=True)
class Key:
    """A licence under the line that its owner finds it at: the one that brought it, or that moved it."""

    license: License
    line: OrderLine

    @property
    def page_url(self) -> str:
        return self.line.order.get_owner_url()


@dataclass(frozen=True)
class Shelf:
    """What one line of an order brought, with the files that it brings today."""

    line: OrderLine
    offers: list[Offer]
    keys: list[Key]

    @property
    def downloads(self) -> list[Offer]:
        return [offer for offer in self.offers if not offer.is_replaced]

    @property
    def older(self) -> list[Offer]:
        """Of former releases, which the seller leaves within reach."""
        return [offer for offer in self.offers if offer.is_replaced]

    @property
    def licenses(self) -> list[Key]:
        return [key for key in self.keys if not key.license.plan.gives_codes]

    @property
    def codes(self) -> list[License]:
        """Licences whose keys are codes that the seller loaded: the shop knows no more of them."""
        return [key.license for key in self.keys if key.license.plan.gives_codes]

    @property
    def product(self) -> Product:
        return self.line.variant.product

    @property
    def order(self) -> Order:
        return self.line.order

    @property
    def is_closed(self) -> bool:
        """Whether there were rights to its files, and all of them were taken back."""
        rights = self.line.grants.all()
        return bool(rights) and all(grant.revoked_at for grant in rights)

    @property
    def has_news(self) -> bool:
        return any(offer.is_new for offer in self.offers)


def lay_out(lines: QuerySet[OrderLine]) -> list[Shelf]:
    """A shelf for each line. Whatever came to the products since the purchase is granted on the way."""
    loaded = _with_rights(lines)
    files = brought_files(loaded)
    lacking = {line.order_id for line in loaded if _is_open(line) and _lacks(line, files[line.pk])}
    if lacking:
        for order_id in sorted(lacking):
            grant_files(order_id)
        loaded = _with_rights(lines)
    keys = _keys(loaded)
    shelves = [Shelf(line, _offers(line, files[line.pk]), keys[line.pk]) for line in loaded]
    offers = [offer for shelf in shelves for offer in shelf.offers if _is_open(shelf.line)]
    ask_for_stamps(offer.grant for offer in offers)
    return shelves


def _with_rights(lines: QuerySet[OrderLine]) -> list[OrderLine]:
    grants = Prefetch("grants", queryset=DownloadGrant.objects.select_related("stamp").order_by("pk"))
    loaded = lines.with_upgrades().select_related("order__gift", "variant__product__cover")  # type: ignore[attr-defined]
    return list(loaded.prefetch_related(grants))


def _is_open(line: OrderLine) -> bool:
    return line.order.is_deliverable and line.order.has_owner


def _keys(lines: Iterable[OrderLine]) -> dict[int, list[Key]]:
    """The licences of these lines, each where an upgrade moved it, as far as that is among them."""
    by_pk = {line.pk: line for line in lines}
    found: dict[int, list[Key]] = {pk: [] for pk in by_pk}
    licenses = License.objects.with_uses().filter(Q(line__in=by_pk) | Q(upgraded_by__in=by_pk))
    for license_ in licenses:
        at = license_.upgraded_by_id if license_.upgraded_by_id in by_pk else license_.line_id
        found[at].append(Key(license_, by_pk[at]))
    return found


def _lacks(line: OrderLine, files: Iterable[ProductFile]) -> bool:
    return not {file.pk for file in files} <= {grant.file_id for grant in line.grants.all()}


def _offers(line: OrderLine, files: Iterable[ProductFile]) -> list[Offer]:
    grants = {grant.file_id: grant for grant in line.grants.all() if not grant.revoked_at}
    fetched_at = max((at for grant in grants.values() if (at := grant.last_download_at)), default=None)
    files, offers = list(files), []
    for file in files:
        if grant := grants.get(file.pk):
            grant.file = file
            own = [each for each in files if each.product_id == file.product_id]
            is_new, replaced = _is_new(file, grant, fetched_at), is_replaced(file, own)
            offers.append(Offer(file, grant, is_new and not replaced, replaced))
    return offers


def _is_new(file: ProductFile, grant: DownloadGrant, fetched_at: datetime | None) -> bool:
    """Whether it came, or was changed, after the buyer had fetched what there was of this product."""
    known_at = grant.last_download_at or grant.line.order.paid_at
    return fetched_at is not None and known_at is not None and available_at(file) > known_at
