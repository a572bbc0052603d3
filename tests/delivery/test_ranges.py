import pytest
from django.test import RequestFactory

from delivery.ranges import Part, RangeNotSatisfiable, wanted_part

ETAG = '"abc"'


def part(header: str, size: int = 100, method: str = "GET", **headers: str) -> Part:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    request = RequestFactory().generic(method, "/", headers={"Range": header, **headers})
    return wanted_part(request, size=size, etag=ETAG)


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, 99),
        ("bytes=10-19", 10, 19),
        ("BYTES= 10-19 ", 10, 19),
        ("bytes=99-", 99, 99),
        ("bytes=90-999999999999999999", 90, 99),
        ("bytes=-1", 99, 99),
        ("bytes=-10", 90, 99),
        ("bytes=-1000", 0, 99),
    ],
)
def test_one_range_is_a_part(header: str, first: int, last: int) -> None:
    assert part(header) == Part(first, last, 100, is_whole=False)


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=1.5-2", "items=0-5"),
        *("bytes=0-1,5-6", "bytes=0-1, -5", "bytes=--5", "bytes=+1-5", "bytes=٣-٥", f"bytes={'9' * 50}-"),
    ],
)
def test_what_is_not_understood_and_several_ranges_are_answered_whole(header: str) -> None:
    assert part(header) == Part(0, 99, 100, is_whole=True)


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0)])
def test_bytes_behind_the_end_cannot_be_given(header: str, size: int) -> None:
    with pytest.raises(RangeNotSatisfiable):
        part(header, size)


@pytest.mark.parametrize("validator", ['"other"', 'W/"abc"', "abc", "Sun, 22 Nov 2026 06:15:19 GMT", "*"])
def test_other_bytes_than_those_one_has_begin_again(validator: str) -> None:
    assert part("bytes=5-", If_Range=validator).is_whole
    assert part("bytes=5-", If_Range=ETAG) == Part(5, 99, 100, is_whole=False)


def test_only_get_has_ranges() -> None:
    assert part("bytes=5-", method="HEAD").is_whole
