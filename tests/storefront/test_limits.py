from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from django.utils import timezone

from storefront.limits import within_limit
from storefront.models import LimitCount
from storefront.tasks import clear_old_rows

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_allows_so_many_and_no_more() -> None:
    assert [within_limit("a", "key", limit=3, per=HOUR) for _each in range(5)] == [True] * 3 + [False] * 2
    assert LimitCount.objects.get().count == 3


def test_keys_and_names_are_counted_apart() -> None:
    assert within_limit("a", "one", limit=1, per=HOUR)
    assert within_limit("a", "two", limit=1, per=HOUR)
    assert within_limit("b", "one", limit=1, per=HOUR)
    assert not within_limit("b", "one", limit=1, per=HOUR)


def test_the_next_window_begins_anew_and_old_ones_are_cleared() -> None:
    now = datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC)  # clocks go back in this hour in much of Europe
    with patch.object(timezone, "now", return_value=now):
        assert within_limit("a", "key", limit=1, per=HOUR)
        assert not within_limit("a", "key", limit=1, per=HOUR)
    with patch.object(timezone, "now", return_value=now + timedelta(seconds=1)):
        assert within_limit("a", "key", limit=1, per=HOUR)
    assert LimitCount.objects.count() == 2

    LimitCount.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    clear_old_rows()

    assert not LimitCount.objects.exists()


def test_keeps_no_address_in_clear() -> None:
    within_limit("free.address", "mona@example.com", limit=1, per=HOUR)

    assert "mona" not in LimitCount.objects.get().key
