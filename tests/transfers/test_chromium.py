"""A browser whose wire breaks goes on where it was, and that is one download."""

import shutil
from pathlib import Path

import pytest
import requests
from playwright.sync_api import sync_playwright

from delivery.models import Download, DownloadGrant
from tests.transfers.conftest import MEGABYTES, Site
from tests.transfers.test_programs import digest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (on Debian: apt install chromium)")
def test_chromium_goes_on_where_the_wire_broke_as_one_download(site: Site, tmp_path: Path) -> None:
    link = site.link()
    site.wire.breaks_after = MEGABYTES * 1024 * 1024 // 3

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        page.set_content(f'<a href="{link}">Download</a>')
        with page.expect_download(timeout=60_000) as started:
            page.click("a")
        path = started.value.path()
        assert (started.value.suggested_filename, path.stat().st_size) == ("big.bin", site.size)
        assert digest(path) == site.sha256
        browser.close()

    first, again = site.wire.starts
    assert first == 0 < again < site.size
    assert (Download.objects.count(), DownloadGrant.objects.get().used_count) == (1, 1)
    assert is_only_saved(requests.get(link, headers={"Range": "bytes=0-0"}, timeout=30))


def is_only_saved(answer: requests.Response) -> bool:
    """Whether no browser would run what it holds. S3 can be told no more than name and type."""
    told = [answer.headers["Content-Disposition"], answer.headers["Content-Type"]]
    if "X-Amz-Signature" not in answer.url:
        told += [answer.headers["X-Content-Type-Options"], answer.headers["Content-Security-Policy"]]
    safe = ['attachment; filename="big.bin"', "application/octet-stream"]
    return told == [*safe, "nosniff", "default-src 'none'; sandbox"][: len(told)]
