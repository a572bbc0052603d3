import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.errors import VatIdRefused
from checkout.vat_ids import EU, clean_vat_id, is_checked


@pytest.mark.parametrize(
    ("typed", "country", "kept"),
    [
        ("DE136695976", "DE", "DE136695976"),
        (" de 136-695.976 ", "DE", "DE136695976"),
        ("136695976", "DE", "DE136695976"),
        ("١٣٦٦٩٥٩٧٦", "DE", "DE136695976"),
        ("\u202aDE۱۳۶۶۹۵۹۷۶\u202c", "DE", "DE136695976"),
        ("GR 094259216", "GR", "EL094259216"),
        ("EL094259216", "GR", "EL094259216"),
        ("ATU13585627", "AT", "ATU13585627"),
        ("NL004495445B01", "NL", "NL004495445B01"),
        ("IE6433435F", "IE", "IE6433435F"),
        ("980 780 684", "GB", "GB980780684"),
        ("NO 995 525 828 MVA", "NO", "995525828MVA"),
        ("995525828", "NO", "995525828MVA"),
        ("CHE-107.787.577 IVA", "CH", "CHE107787577IVA"),
        ("CHE-107.787.577", "CH", "CHE107787577MWST"),
        ("CHE-107.787.577 MWST", "LI", "CHE107787577MWST"),
        ("TR 4540536920", "TR", "4540536920"),
        ("100-531-385", "EG", "100531385"),
        ("٣١٠١٢٢٣٩٣٥٠٠٠٠٣", "SA", "310122393500003"),
        ("100 1234 5670 0003", "AE", "100123456700003"),
        ("AE100123456700003", "AE", "100123456700003"),
        ("OM1100006083", "OM", "OM1100006083"),
        ("1100006083", "OM", "OM1100006083"),
        ("", "DE", ""),
        (" \u200f ", "DE", ""),
        ("411 212 345", "JO", "411212345"),
    ],
)
def test_an_id_is_kept_in_one_form_however_it_was_typed(typed: str, country: str, kept: str) -> None:
    assert clean_vat_id(typed, country) == kept


@pytest.mark.parametrize(
    ("typed", "country", "words"),
    [
        ("DE136695978", "DE", "A digit of this VAT id is wrong: its check digit does not fit."),
        ("136695978", "DE", "A digit of this VAT id is wrong: its check digit does not fit."),
        ("DE12", "DE", "This is no VAT id of Germany. It looks like \u2066DE136695976\u2069."),
        ("DE136695976", "FR", "This is a VAT id of Germany, and you chose France."),
        ("EL094259216", "CY", "This is a VAT id of Greece, and you chose Cyprus."),
        ("CHE107787577IVA", "AT", "This is a VAT id of Switzerland, and you chose Austria."),
        ("310122393500003", "AE", "This is a VAT id of Saudi Arabia, and you chose United Arab Emirates."),
        ("OM12", "OM", "This is no VAT id of Oman. It looks like \u2066OM1100006083\u2069."),
        ("'; DROP TABLE", "HR", "This is no VAT id of Croatia."),
        ("a company", "JO", "A VAT id is of 4 to 20 letters and digits."),
        ("1" * 500, "JO", "A VAT id is of 4 to 20 letters and digits."),
        ("²²²²²²²²²", "DE", "This is no VAT id of Germany. It looks like \u2066DE136695976\u2069."),
    ],
)
def test_what_is_none_is_refused_with_a_reason(typed: str, country: str, words: str) -> None:
    with pytest.raises(VatIdRefused) as refusal:
        clean_vat_id(typed, country)

    assert str(refusal.value) == words


def test_only_an_id_whose_form_we_know_is_checked() -> None:
    assert is_checked("DE136695976", "DE")
    assert is_checked("310122393500003", "SA")
    assert not is_checked("411212345", "JO")  # kept for the invoice, and proof of nothing
    assert not is_checked("DE136695976", "FR")
    assert not is_checked("DE 136695976", "DE")
    assert not is_checked("", "DE")


@given(st.text(max_size=40), st.sampled_from([*sorted(EU), "GB", "NO", "CH", "TR", "SA", "AE", "JO", ""]))
def test_anything_may_be_typed(typed: str, country: str) -> None:
    try:
        kept = clean_vat_id(typed, country)
    except VatIdRefused:
        return
    assert clean_vat_id(kept, country) == kept
    assert kept.isascii()
