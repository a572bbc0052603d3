import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.sheets import csv_sheet, safe_cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-EID", "@SUM(A1)", "\t=1", "  =1", "\r=1", "＝1"])
def test_what_looks_like_a_formula_is_shown_as_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_letters_of_all_scripts_and_numbers_stay_as_they_are() -> None:
    sheet = csv_sheet(["code", "uses"], [["رمضان ۲۰۲۷", -3], ['a "b", c', 5], ["", 0]])

    assert sheet == '\ufeffcode,uses\r\nرمضان ۲۰۲۷,-3\r\n"a ""b"", c",5\r\n,0\r\n'


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_any_text_comes_back_and_is_no_formula(texts: list[str]) -> None:
    sheet = csv_sheet(["a"] * len(texts), [texts]).removeprefix("\ufeff")

    row = list(csv.reader(io.StringIO(sheet, newline="")))[1]

    assert row == [safe_cell(text) for text in texts]
    assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@")) for cell in row)
