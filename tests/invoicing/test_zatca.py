import base64
import logging
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from invoicing.zatca import is_too_long, qr_text
from tests.invoicing.sales import SAUDI


def snapshot(name: str, total: int, tax: int, currency: str = "SAR") -> dict[str, Any]:
    return {
        "seller": {**SAUDI, "legal_name": name},
        "totals": {"total": total, "tax": tax},
        "issued_at": "2026-11-26T18:35:19Z",
        "currency": currency,
    }


def fields_of(text: str) -> dict[int, str]:
    """Reads the code as the authority's own program does: tag, length in bytes, value."""
    data, fields = base64.b64decode(text, validate=True), {}
    while data:
        tag, length = data[0], data[1]
        fields[tag] = data[2 : 2 + length].decode()
        data = data[2 + length :]
    return fields


@given(st.text(min_size=1, max_size=300), st.integers(0, 10**12), st.sampled_from(["SAR", "KWD", "JPY"]))
def test_the_code_says_what_the_document_says(name: str, total: int, currency: str) -> None:
    name = name.encode(errors="ignore").decode() or "x"
    fields = fields_of(qr_text(snapshot(name, total, total // 8, currency)))

    assert list(fields) == [1, 2, 3, 4, 5]
    assert (fields[2], fields[3]) == (SAUDI["vat_id"], "2026-11-26T18:35:19Z")
    assert int(fields[4].replace(".", "")) == total
    assert int(fields[5].replace(".", "")) == total // 8
    assert name.startswith(fields[1])
    assert (fields[1] == name) is not is_too_long(name)


def test_a_name_of_two_bytes_a_letter_is_counted_in_bytes() -> None:
    fields = fields_of(qr_text(snapshot("ش" * 127, 11500, 1500)))

    assert fields == {1: "ش" * 127, 2: SAUDI["vat_id"], 3: "2026-11-26T18:35:19Z", 4: "115.00", 5: "15.00"}


def test_a_name_that_does_not_fit_is_cut_between_letters(caplog: Any) -> None:
    with caplog.at_level(logging.WARNING):
        assert fields_of(qr_text(snapshot("ش" * 128, 100, 0)))[1] == "ش" * 127
    assert "is cut" in caplog.text
