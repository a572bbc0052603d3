"""A browser whose wire breaks goes on where it was, and that is one download."""

import pytest
import requests
from playwright.sync_api import Browser

from delivery.models import Download, DownloadGrant
from tests.browser import CHROMIUM, WHY_NOT
from tests.transfers.conftest import MEGABYTES, Site
from tests.transfers.test_programs import digest


@pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)
def test_chromium_goes_on_where_the_wire_broke_as_one_download(site: Site, chromium: Browser) -> None:
    link = site.link()
    site.wire.breaks_after = MEGABYTES * 1024 * 1024 // 3

    with chromium.new_page() as page:
        page.set_content(f'<a href="{link}">Download</a>')
        with page.expect_download(timeout=60_000) as started:
            page.click("a")
        path = started.value.path()
        assert (started.value.suggested_filename, path.stat().st_size) == ("big.bin", site.size)
        assert digest(path) == site.sha256

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
