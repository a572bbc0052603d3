from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.shop import Shop


@pytest.fixture
def shop(transactional_db: None, tmp_path: Path) -> Iterator[Shop]:
    """No process runs yet. At the end all are killed, whatever became of the test."""
    shop = Shop(tmp_path)
    shop.wipe_queue()
    yield shop
    shop.kill_all()
