"""The three that are measured: our shop, django-oscar, and a bare Django view, each made ready and served."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bench.browsing import Reader
from bench.database import Cluster
from bench.load import Page
from bench.processes import HOST, ROOT, run, serve, started

ROTATED = 50  # products that a page's load goes round, so that no single row is hot
SEARCHES = ["craft", "winter harbour", "notebook", "كتاب", "دليل الخط", "راهنمای"]


@dataclass
class Served:
    """A running site: where it is, and the processes whose time and memory it costs."""

    base: str
    processes: list[int]
    products: list[str]


def environment(**more: object) -> dict[str, str]:
    """Ours for the programs that are measured: nothing of the caller's settings comes along."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT)} | {name: str(value) for name, value in more.items()}


@contextlib.contextmanager
def hello(work: Path, port: int) -> Iterator[Served]:
    command = serve(sys.executable, "bench.peers.hello:application", port)
    with started(command, port=port, log=work / "hello.log", environment=environment()) as pid:
        yield Served(f"http://{HOST}:{port}", [pid], ["/"])


@contextlib.contextmanager
def oscar(
    work: Path, cluster: Cluster, port: int, products: int, say: Callable[[str], None]
) -> Iterator[Served]:
    """django-oscar from PyPI, in an environment and a database of its own."""
    requirements = ROOT / "bench/peers/requirements.txt"
    python, stamp = work / "oscar/bin/python", work / "oscar/installed"
    if not stamp.is_file() or stamp.read_text() != requirements.read_text():
        say("Installing django-oscar (once) ...")
        run([sys.executable, "-m", "venv", work / "oscar"])
        run([python, "-m", "pip", "install", "--quiet", "-r", requirements])
        stamp.write_text(requirements.read_text())
    cluster.url("oscar")
    settings = environment(
        DJANGO_SETTINGS_MODULE="bench.peers.oscar",
        BENCH_FOLDER=work / "oscar-data",
        BENCH_DATABASE="oscar",
        BENCH_DATABASE_AT=f"{HOST}:{cluster.port}",
    )
    run([python, "-m", "django", "migrate", "-v0"], settings)
    paths = run([python, "-m", "bench.peers.oscar_seed", products], settings).split()
    cluster.settle("oscar")
    command = serve(python, "bench.peers.oscar_wsgi:application", port)
    with started(command, port=port, log=work / "oscar.log", environment=settings) as pid:
        yield Served(f"http://{HOST}:{port}", [pid, cluster.pid], paths)


@contextlib.contextmanager
def ours(work: Path, cluster: Cluster, port: int, products: int, database: str) -> Iterator[Served]:
    """Our shop in demo mode, for its payment provider, on a database (postgresql or sqlite) of this size."""
    name = f"ours-{database}-{products}"
    settings = made_ready(work, cluster if database == "postgresql" else None, port, name)
    run([sys.executable, "-m", "bench.seed", products], settings)
    if database == "postgresql":
        cluster.settle(name)
    paths = [f"/products/product-{number}/" for number in range(0, products, max(1, products // ROTATED))]
    command = serve(sys.executable, "storefront.wsgi:application", port)
    with started(command, port=port, log=work / f"{name}.log", environment=settings) as pid:
        yield Served(f"http://{HOST}:{port}", [pid, cluster.pid], paths[:ROTATED])


def made_ready(work: Path, cluster: Cluster | None, port: int, name: str) -> dict[str, str]:
    """The settings of a shop of ours that nobody serves yet, with a database of that name, or on SQLite."""
    settings = ours_settings(work / name, port)
    (work / name).mkdir(exist_ok=True)
    if cluster:
        settings["DATABASE_URL"] = cluster.url(name)
    setup = ["migrate -v0", "createcachetable", "collectstatic --noinput -v0", "compile_catalogs"]
    for command in setup:
        run([sys.executable, "manage.py", *command.split()], settings)
    return settings


def ours_settings(data: Path, port: int) -> dict[str, str]:
    """As behind one proxy, so that each buyer can come from an address of their own."""
    return environment(DEMO=1, DATA_DIR=data, PORT=port, SITE_URL=f"http://{HOST}:{port}", TRUSTED_PROXIES=1)


def public_pages(shop: Served, suffix: str = "") -> list[Page]:
    """The pages of our shop as a reader without a cookie gets them."""
    searches = [f"/products/?q={quote(words)}" for words in SEARCHES]
    return [
        Page(f"product-anonymous{suffix}", shop.base, shop.products, 'id="buy"', shop.processes),
        Page(f"list{suffix}", shop.base, ["/products/"], "book-card", shop.processes),
        Page(f"search{suffix}", shop.base, searches, "book-card", shop.processes),
    ]


def pages_with_cart(shop: Served) -> list[Page]:
    """The pages of our shop as a reader gets them who has put one product into the cart."""
    reader = Reader(shop.base)
    reader.submit(reader.get(shop.products[0]), "/cart/lines/")
    return [
        Page("product", shop.base, shop.products, 'id="buy"', shop.processes, reader.cookie),
        Page("cart", shop.base, ["/cart/"], "quantity-", shop.processes, reader.cookie),
        Page("checkout", shop.base, ["/checkout/"], 'name="email"', shop.processes, reader.cookie),
    ]


def oscar_pages(shop: Served) -> list[Page]:
    return [Page("oscar-product", shop.base, shop.products, "/basket/add/", shop.processes)]
