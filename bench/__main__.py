"""Measures the shop against a bare Django view and django-oscar, in one run: see bench/README.md."""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

from bench import buying, fetching, load, shops
from bench.browsing import Reader
from bench.database import Cluster, postgresql
from bench.needs import DEFAULTS, Need, ratio
from bench.processes import HOST, NotReady, memory_mib, run, started
from bench.weight import weigh

PARTS = [
    *(
        "pages",
        "purchase",
        "orders",
        "pricing",
        "fulfil",
        "reconcile",
        "ledger",
        "delivery",
        "invoices",
        "weight",
    ),
    "memory",
]
DATABASES = ["postgresql", "sqlite"]
BIG = 1000  # megabytes
DOWNLOADS_AT_ONCE = 20  # as the shop is set up


class Bench:
    """One run: what is measured, where, and what came out."""

    def __init__(self, options: argparse.Namespace, stack: ExitStack) -> None:
        self.options, self.stack, self.work = options, stack, Path(options.work)
        self.work.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.figures: load.Figures = {}
        self.floors: dict[str, str] = {}  # beside which bare view a page was loaded
        self.cluster: Cluster = stack.enter_context(postgresql(self.work / "pg", self.port(9)))
        self._ours: dict[tuple[str, int], shops.Served] = {}

    def port(self, offset: int) -> int:
        return int(self.options.ports) + offset

    def ours(self, database: str, products: int) -> shops.Served:
        """Our shop on this database and of this size, started when it is first asked for."""
        if (database, products) not in self._ours:
            say(f"Making ready our shop on {database} with {products} products ...")
            served = shops.ours(self.work, self.cluster, self.port(2 + len(self._ours)), products, database)
            self._ours[database, products] = self.stack.enter_context(served)
        return self._ours[database, products]

    def main_shop(self) -> shops.Served:
        return self.ours(self.options.database, self.options.products)

    @cached_property
    def hello(self) -> load.Page:
        floor = self.stack.enter_context(shops.hello(self.work, self.port(0)))
        return load.Page("hello", floor.base, floor.products, "Hello", floor.processes)

    @cached_property
    def oscar(self) -> shops.Served | None:
        if self.options.no_oscar:
            return None
        served = shops.oscar(self.work, self.cluster, self.port(1), self.options.small, say)
        return self.stack.enter_context(served)

    def measure(self) -> None:
        for part in PARTS:
            if part in self.options.parts:
                getattr(self, part)()

    def load_beside(self, name: str, pages: Sequence[load.Page]) -> None:
        """Load the pages, and the bare view by this name."""
        pages = [replace(self.hello, name=name), *pages]
        self.figures |= load.measure(pages, rounds=self.options.rounds, seconds=self.options.seconds, say=say)
        self.floors |= {page.name: name for page in pages}

    def pages(self) -> None:
        pages = shops.oscar_pages(self.oscar) if self.oscar else []
        pages += shops.public_pages(self.main_shop()) + shops.pages_with_cart(self.main_shop())
        pages += shops.public_pages(self.ours(self.options.database, self.options.small), "-small")
        if self.options.only:
            pages = [page for page in pages if page.name in self.options.only.split(",")]
        self.load_beside("hello", pages)

    def purchase(self) -> None:
        if self.oscar is None:
            return
        say("Guests buy ...")
        ours, oscar = self.main_shop(), self.oscar
        for shop, buy in ((ours, buying.buy_ours), (oscar, buying.buy_oscar)):
            buying.cpu_of_purchases(shop, buy, 10)  # warms both workers
        for _round in range(self.options.rounds):
            self.note("cpu", "purchase", buying.cpu_of_purchases(ours, buying.buy_ours, 20))
            self.note("cpu", "oscar-purchase", buying.cpu_of_purchases(oscar, buying.buy_oscar, 10))

    def orders(self) -> None:
        for database in DATABASES:
            say(f"Guests buy at the same time, on {database} ...")
            shop = self.ours(database, self.options.small)
            buying.orders_a_second(shop, 20)
            for _round in range(3):
                self.note("orders", database, buying.orders_a_second(shop, 150))

    def fulfil(self) -> None:
        say("Paid webhooks come ...")
        settings = self.shop_for_money("ours-fulfil")
        run([sys.executable, "-m", "bench.seed", 2], settings)
        for row in self.money("fulfil", self.options.rounds, settings):
            self.note("queries", "fulfil", row["queries"])
            for name in ("fulfil", "fulfil-and-mail", "six-rows"):
                self.note("cpu", name, row[name])

    def pricing(self) -> None:
        say("Carts are priced ...")
        settings = self.shop_for_money("ours-pricing")
        run([sys.executable, "-m", "bench.seed", 50], settings)
        for row in self.money("pricing", self.options.rounds, settings):
            for name, value in row.items():
                self.note("cpu", name, value)

    def reconcile(self) -> None:
        """Ten times as many orders: the time that each takes, and the memory, stay as they are."""
        sizes = {"reconcile-small": self.options.orders // 10, "reconcile": self.options.orders}
        for name, orders in sizes.items():
            say(f"Making ready {orders} orders and reconciling them ...")
            settings = self.shop_for_money(f"ours-{name}-{orders}")
            self.money("reconcile", orders, settings)  # seeds them, if need be, and warms the database
            for _round in range(2):
                (row,) = self.money("reconcile", orders, settings)
                for figure, value in row.items():
                    self.note(figure, name, value)

    def ledger(self) -> None:
        """Affiliates and their ledger; the proof over all rows, and over a tenth of them."""
        say("Affiliates look at their pages ...")
        settings = self.shop_for_money("ours-affiliates")
        run([sys.executable, "-m", "bench.seed", 10], settings)
        self.told("ledger", "pages", 1, settings=settings)  # seeds them, if need be
        self.cluster.settle("ours-affiliates")
        self.note_all(self.told("ledger", "pages", self.options.rounds, settings=settings))
        for suffix, rows in (("-small", self.options.rows // 10), ("", self.options.rows)):
            say(f"Making ready a ledger of {rows} rows and proving it ...")
            name = f"ours-ledger-{rows}"
            settings = self.shop_for_money(name)
            run([sys.executable, "-m", "bench.seed", 10], settings)
            self.told("ledger", "check", 1, rows, settings=settings)
            self.cluster.settle(name)
            self.note_all(self.told("ledger", "check", 3, rows, settings=settings), suffix)

    def note_all(self, rows: Sequence[Mapping[str, float]], suffix: str = "") -> None:
        for row in rows:
            for name, value in row.items():
                figure, _colon, of = name.partition(":")
                self.note(figure, of + suffix, value)

    def invoices(self) -> None:
        """One PDF beside WeasyPrint alone; then an export of many beside one of a fifth."""
        say("Printing invoices ...")
        settings = self.shop_for_money("ours-invoices")
        run([sys.executable, "-m", "bench.seed", 2], settings)
        for row in self.told("invoices", "print", self.options.rounds, settings=settings):
            for name, value in row.items():
                self.note("cpu", name, value)
        sizes = {"export-small": self.options.documents // 5, "export": self.options.documents}
        for name, documents in sizes.items():
            say(f"Exporting {documents} invoices ...")
            settings = self.shop_for_money(f"ours-{name}-{documents}")
            run([sys.executable, "-m", "bench.seed", 2], settings)
            (row,) = self.told("invoices", "export", documents, settings=settings)
            for figure, value in row.items():
                self.note(figure, name, value)

    def shop_for_money(self, name: str) -> dict[str, str]:
        settings = shops.made_ready(self.work, self.cluster, self.port(8), name)
        return settings | {"EMAIL_URL": "dummymail://"}

    def money(self, part: str, number: int, settings: dict[str, str]) -> Any:
        return self.told("money", part, number, settings=settings)

    def told(self, module: str, *words: object, settings: dict[str, str]) -> Any:
        """What one of our programs says in the shop's own process, a line of JSON each."""
        said = run([sys.executable, "-m", f"bench.{module}", *words], settings)
        return [json.loads(line) for line in said.splitlines()]

    def delivery(self) -> None:
        say("Buyers and programs fetch, through nginx ...")
        with fetching.behind_nginx(self.work, self.cluster, self.port(5)) as shop:
            self.load_beside("bare", [*shop.licence_pages(), *shop.link_pages()])
            for _round in range(self.options.rounds):
                for name, speed in shop.speeds(BIG).items():
                    self.note("mbs", name, speed)
            self.disturb(shop, "nginx", room=fetching.READERS)
        say("The shop sends by itself ...")
        with fetching.by_itself(self.work, self.port(5)) as shop:
            for size, megabytes in (("small", 10), ("large", BIG)):
                self.note("mib", f"sent-{size}", shop.peak_after(megabytes))
            self.disturb(shop, "embedded", room=DOWNLOADS_AT_ONCE)
        self.stamps()

    def disturb(self, shop: fetching.Shop, name: str, *, room: int) -> None:
        """How long other pages take, at the most, without and with slow readers in turn."""
        shop.page.check()  # warms it, too
        for _round in range(self.options.rounds):
            self.note("p99", name, shop.page.load(self.options.seconds)["p99"])
            with shop.disturbed(room):
                self.note("p99", f"{name}-disturbed", shop.page.load(self.options.seconds)["p99"])

    def stamps(self) -> None:
        say("Books are marked ...")
        settings = shops.ours_settings(self.work / "stamps", self.port(8))
        for row in self.told("stamps", "time", self.options.rounds, settings=settings):
            for name, milliseconds in row.items():
                self.note("ms", name, milliseconds)
        for kind in ("pdf", "epub"):
            for size, megabytes in (("small", 10), ("large", 300)):
                for peak in self.told("stamps", "peak", kind, megabytes, settings=settings):
                    self.note("mib", f"{kind}-{size}", peak)

    def weight(self) -> None:
        say("A browser loads a product page in three languages ...")
        shop = self.main_shop()
        product = shop.products[1]
        paths = {"page-en": product, "page-ar": f"/ar{product}", "page-fa": f"/fa{product}"}
        for name, weight in weigh(shop.base, paths).items():
            for figure, value in weight.figures.items():
                self.note(figure, name, value)

    def memory(self) -> None:
        """All processes of the demo on SQLite, after its pages were looked at."""
        say("Starting the demo ...")
        port, data = self.port(8), self.work / "up"
        settings = shops.ours_settings(data, port)
        with started(
            [sys.executable, "manage.py", "up"], port=port, log=self.work / "up.log", environment=settings
        ) as pid:
            reader = Reader(f"http://{HOST}:{port}")
            for path in ("/", "/products/", "/ar/", "/fa/products/", "/cart/", "/accounts/login/"):
                for _each in range(20):
                    reader.get(path)
            self.note("mib", "up", memory_mib(pid))

    def note(self, figure: str, name: str, value: float) -> None:
        self.figures.setdefault((figure, name), []).append(value)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def report(figures: load.Figures, floors: Mapping[str, str]) -> None:
    names = list(floors)
    rows = [["page", "req/s", "p50 ms", "p99 ms", "cpu ms", "of the bare view's", "least", "most"]]
    for name in names:
        shown = [f"{median(figures[figure, name]):.3g}" for figure in ("p50", "p99", "cpu")]
        least, middle, most = ratio(figures["rps", name], figures["rps", floors[name]])
        rows.append([name, f"{median(figures['rps', name]):.0f}", *shown])
        rows[-1] += [f"{middle:.4f}", f"{least:.4f}", f"{most:.4f}"]
    table(rows)
    others = [(figure, name) for figure, name in figures if name not in names]
    rows = [["figure", "of", "median", "least", "most"]]
    for figure, name in others:
        values = figures[figure, name]
        rows.append([figure, name, *(f"{value:.4g}" for value in (median(values), min(values), max(values)))])
    table(rows)


def table(rows: Sequence[Sequence[str]]) -> None:
    if len(rows) < 2:
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print()


def judge(needs: Sequence[Need], figures: load.Figures) -> bool:
    """Say how each need stands; whether all that were measured hold."""
    measured = [need for need in needs if need.is_measured(figures)]
    table(
        [["need", "measured", ""]]
        + [
            [str(need), f"{need.value(figures):.4g}", "holds" if need.holds(figures) else "FALLS SHORT"]
            for need in measured
        ]
    )
    return all(need.holds(figures) for need in measured)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add(
        "parts",
        nargs="*",
        default=PARTS,
        metavar="PART",
        help=f"of {', '.join(PARTS)}; all when none is given",
    )
    add("--database", choices=DATABASES, default="postgresql", help="for our pages and purchases")
    add("--products", type=int, default=10_000, help="in our shop")
    add("--small", type=int, default=1_000, help="in the small shop, and in django-oscar")
    add("--orders", type=int, default=100_000, help="to reconcile, and a tenth of it beside")
    add("--rows", type=int, default=1_000_000, help="of the ledger, and a tenth of it beside")
    add("--documents", type=int, default=500, help="to export, and a fifth of it beside")
    add("--rounds", type=int, default=5)
    add("--seconds", type=int, default=2, help="of load, a page and round")
    add("--only", help="names of pages with commas between, such as product,cart")
    add("--no-oscar", action="store_true", help="leave django-oscar out")
    add(
        "--need",
        action="append",
        default=[],
        type=Need.parse,
        help="a goal to check instead of the usual ones",
    )
    add("--ports", type=int, default=8120, help="the first of ten ports to use")
    add(
        "--work",
        default=str(Path(tempfile.gettempdir()) / "dukkan-bench"),
        help="folder that is kept between runs",
    )
    add("--json", help="file for all figures of all rounds")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(unknown)}")
    return options


def main() -> int:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended as well
    with ExitStack() as stack:
        bench = Bench(options, stack)
        bench.measure()
    report(bench.figures, bench.floors)
    if options.json:
        Path(options.json).write_text(
            json.dumps(
                {f"{figure}:{name}": values for (figure, name), values in bench.figures.items()}, indent=1
            )
        )
    needs = options.need or [Need.parse(text) for text in DEFAULTS]
    return 0 if judge(needs, bench.figures) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NotReady as problem:
        sys.exit(f"bench: {problem}")
