"""A shop of real processes with one big file in it, sent by nginx, by the shop itself, or by S3."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files import File

from catalog.files import store_file
from catalog.models import ProductFile
from delivery.links import download_url
from delivery.models import DownloadGrant
from tests.doubles.s3 import BUCKET, s3_server, use_s3
from tests.factories import handle_events_of, make_product, paid_order
from tests.faults.shop import ROOT, Shop
from tests.processes import free_port, wait_until
from tests.transfers.wire import Wire

MEGABYTES = int(os.environ.get("TRANSFER_MEGABYTES", "24"))
NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log warn; {user} events {{}}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
server {{ listen 127.0.0.1:{port};
location / {{ proxy_pass http://127.0.0.1:{shop}; proxy_set_header Host $http_host; }}
{private} }} }}
"""


@dataclass
class Site:
    """Where buyers fetch the file, and what they should get."""

    url: str
    sha256: str
    size: int
    shop: Shop
    wire: Wire  # between readers and whoever sends the bytes

    def link(self) -> str:
        return self.url + download_url(DownloadGrant.objects.get())


@pytest.fixture
def shop(transactional_db: None, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    shop.wipe_queue()
    yield shop
    shop.kill_all()


@pytest.fixture(params=["embedded", "nginx", "s3"])
def site(request: Any, shop: Shop, settings: Any, tmp_path: Path) -> Iterator[Site]:
    yield from {"embedded": _embedded, "nginx": _nginx, "s3": _s3}[request.param](shop, settings, tmp_path)


@pytest.fixture
def embedded(shop: Shop, settings: Any, tmp_path: Path) -> Iterator[Site]:
    yield from _embedded(shop, settings, tmp_path)


def _embedded(shop: Shop, _settings: Any, tmp_path: Path) -> Iterator[Site]:
    file = stored_file(tmp_path)
    start_web(shop)
    with Wire(shop.port) as wire:
        yield Site(wire.url, file.sha256, file.size, shop, wire)
    file.file.delete(save=False)  # it may be big


def _nginx(shop: Shop, _settings: Any, tmp_path: Path) -> Iterator[Site]:
    nginx = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else None)
    if nginx is None:
        pytest.skip("nginx is not installed (on Debian: apt install nginx-light)")
    file = stored_file(tmp_path)
    start_web(shop, X_ACCEL_LOCATION="/private/")
    port = free_port()
    shipped = (ROOT / "deploy" / "nginx.conf").read_text()
    private = re.search(r"location /private/ \{.*?\n    \}", shipped, re.DOTALL)
    assert private
    block = private[0].replace("/data/private/", f"{django_settings.PRIVATE_ROOT}/")
    user = "user root;" if os.geteuid() == 0 else ""
    conf = tmp_path / "nginx.conf"
    conf.write_text(NGINX.format(folder=tmp_path, user=user, port=port, shop=shop.port, private=block))
    process = subprocess.Popen([nginx, "-e", str(tmp_path / "nginx.log"), "-c", str(conf)])
    try:
        wait_until(lambda: (tmp_path / "nginx.pid").exists())
        with Wire(port) as wire:
            yield Site(wire.url, file.sha256, file.size, shop, wire)
    finally:
        process.terminate()
        process.wait()
        file.file.delete(save=False)


def _s3(shop: Shop, settings: Any, tmp_path: Path) -> Iterator[Site]:
    with s3_server() as url, Wire(int(url.rpartition(":")[2])) as wire:
        use_s3(settings, url)
        file = stored_file(tmp_path)
        keys = {"S3_ACCESS_KEY_ID": "key", "S3_SECRET_ACCESS_KEY": "secret"}
        start_web(shop, S3_BUCKET=BUCKET, S3_ENDPOINT_URL=wire.url, **keys)
        yield Site(shop.url, file.sha256, file.size, shop, wire)


def start_web(shop: Shop, **other: str) -> None:
    """With as many threads as `manage.py up` gives it."""
    command = ["granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "32"]
    command += ["--host", "127.0.0.1", "--port", str(shop.port), "--log-level", "error"]
    shop._start([*command, "storefront.wsgi:application"], other)
    wait_until(shop._answers)


def stored_file(tmp_path: Path) -> ProductFile:
    """Mostly holes on the disk, with a mark at each megabyte, so that any piece out of place shows."""
    big = tmp_path / "big.bin"
    with big.open("wb") as made:
        for number in range(MEGABYTES):
            made.seek(number * 1024 * 1024)
            made.write(hashlib.sha256(str(number).encode()).digest() * 64)
        made.truncate(MEGABYTES * 1024 * 1024 + 12345)
    with big.open("rb") as content:
        file = store_file(make_product(files=0, download_limit=1), File(content, "big.bin"))
    big.unlink()
    handle_events_of(paid_order(file.product))
    return file
