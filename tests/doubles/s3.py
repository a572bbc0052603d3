"""A real HTTP server that speaks S3: moto's. It takes any signature, so it proves none."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from moto.server import ThreadedMotoServer

from catalog.storage import S3Storage
from tests.processes import free_port

BUCKET = "books"


@contextmanager
def s3_server() -> Iterator[str]:
    """Its address, with an empty bucket there."""
    port = free_port()
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    try:
        url = f"http://127.0.0.1:{port}"
        requests.post(f"{url}/moto-api/reset", timeout=10)
        storage_at(url).client.create_bucket(Bucket=BUCKET)
        yield url
    finally:
        server.stop()


def storage_at(url: str) -> S3Storage:
    return S3Storage(
        bucket=BUCKET, endpoint_url=url, region="us-east-1", access_key_id="key", secret_access_key="secret"
    )


def use_s3(settings: Any, url: str) -> None:
    """Set the shop up as S3_BUCKET and its neighbours do."""
    options = {"bucket": BUCKET, "endpoint_url": url, "region": "us-east-1"}
    options |= {"access_key_id": "key", "secret_access_key": "secret"}
    private = {"BACKEND": "catalog.storage.S3Storage", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"private": private}
    settings.S3_BUCKET, settings.S3_ENDPOINT_URL = BUCKET, url
    settings.S3_ACCESS_KEY_ID, settings.S3_SECRET_ACCESS_KEY = "key", "secret"
