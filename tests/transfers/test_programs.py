"""The programs that buyers use fetch a big file, break off, and resume: equal bytes, one download."""

import hashlib
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from checkout.models import Order
from delivery.models import Download, DownloadGrant
from tests.processes import wait_until
from tests.transfers.conftest import MEGABYTES, Site

RATE = max(4, MEGABYTES // 4)  # megabytes a second, while it is to be broken
PROGRAMS = {
    "curl": ["curl", "-sSfL", "-C", "-", "--retry", "3", "-o", "{path}"],
    "wget": ["wget", "-q", "-c", "-O", "{path}"],
    "aria2c": [
        *("aria2c", "-q", "-c", "-x4", "-s4", "-k1M", "--file-allocation=none", "--max-file-not-found=0"),
        *("-d", "{folder}", "-o", "{name}"),
    ],
}
SLOWLY = {
    "curl": ["--limit-rate", f"{RATE}M"],
    "wget": [f"--limit-rate={RATE}m"],
    "aria2c": [f"--max-overall-download-limit={RATE}M"],
}
PACKAGES = {"curl": "curl", "wget": "wget", "aria2c": "aria2"}


def command(program: str, path: Path, *more: str) -> list[str]:
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed (on Debian: apt install {PACKAGES[program]})")
    words = {"path": str(path), "folder": str(path.parent), "name": path.name}
    return [each.format(**words) for each in PROGRAMS[program]] + list(more)


def digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def on_disk(path: Path) -> int:
    return path.stat().st_blocks * 512 if path.exists() else 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_fetches_breaks_off_and_resumes_as_one_download(site: Site, program: str, tmp_path: Path) -> None:
    path, link = tmp_path / "got.bin", site.link()
    slow = subprocess.Popen(command(program, path, *SLOWLY[program], link))
    wait_until(lambda: on_disk(path) > 2 * 1024 * 1024)
    slow.send_signal(signal.SIGTERM)
    slow.wait(30)
    assert digest(path) != site.sha256

    done = subprocess.run(command(program, path, link), capture_output=True, text=True, timeout=300)

    assert done.returncode == 0, done.stdout + done.stderr
    assert (path.stat().st_size, digest(path)) == (site.size, site.sha256)
    path.unlink()
    assert (Download.objects.count(), DownloadGrant.objects.get().used_count) == (1, 1)
    if program != "aria2c":  # its parts may end in any order, and what seems broken is forgiven
        assert requests.get(site.link(), timeout=30).status_code == 403


def test_a_transfer_under_way_ends_within_seconds_of_a_refund_and_the_link_says_why(embedded: Site) -> None:
    link = embedded.link()
    with requests.get(link, stream=True, timeout=30) as answer:
        assert answer.status_code == 200
        pieces = answer.iter_content(64 * 1024)
        got = len(next(pieces))
        Order.objects.update(status=Order.Status.REFUNDED)

        def ends() -> bool:
            nonlocal got
            try:
                got += len(next(pieces))
            except (StopIteration, requests.RequestException):
                return True
            return False

        wait_until(ends)

    assert got < embedded.size
    after = requests.get(link, timeout=30)
    assert after.status_code == 403
    assert "refunded" in after.text


def test_slow_readers_leave_room_for_pages_and_further_ones_are_sent_away(embedded: Site) -> None:
    link = embedded.link()
    running: list[Any] = []
    try:
        for _each in range(50):
            answer = requests.get(link, stream=True, timeout=30)
            running.append(answer)
        codes = [answer.status_code for answer in running]
        assert codes == [200] * 20 + [503] * 30
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in running[20:])

        page = requests.get(f"{embedded.url}/health/live/", timeout=5)
        assert page.status_code == 200
        assert page.elapsed.total_seconds() < 2
    finally:
        for answer in running:
            answer.close()
    wait_until(lambda: requests.head(link, timeout=30).status_code == 200)
    wait_until(lambda: requests.get(link, stream=True, timeout=30).status_code == 200)
    assert Download.objects.count() == 1
