import pytest
from PIL import Image, ImageChops

from catalog.drawing import draw_cover, girih_svg
from catalog.drawing.girih import Fold, weave
from catalog.drawing.lettering import can_shape, fit, is_right_to_left, printable
from catalog.drawing.palette import PALETTES, palette_for
from storefront.colours import Colour, contrast

KINDS = ("ebook", "plugin", "theme", "template", "codes", "bundle", "other")
needs_raqm = pytest.mark.skipif(
    not can_shape(), reason="this Pillow has no raqm and cannot join Arabic letters"
)


@pytest.mark.parametrize("kind", KINDS)
def test_sizes_by_kind(kind: str) -> None:
    cover = draw_cover(kind, "Letters that flow", "Yusuf Haddad", "en", "letters")

    assert cover.size == ((960, 1280) if kind in ("ebook", "bundle") else (960, 600))
    assert cover.mode == "RGB"


@pytest.mark.parametrize("kind", KINDS)
def test_same_words_same_picture(kind: str) -> None:
    first = draw_cover(kind, "سفرهٔ چهار فصل", "پروانه", "fa", "table")
    again = draw_cover(kind, "سفرهٔ چهار فصل", "پروانه", "fa", "table")

    assert first.tobytes() == again.tobytes()


def test_another_seed_another_picture() -> None:
    assert draw_cover("ebook", "A", seed="one").tobytes() != draw_cover("ebook", "A", seed="two").tobytes()


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
def test_palettes_can_be_read(palette: object) -> None:
    chosen = palette_for(getattr(palette, "name", ""))

    assert chosen is palette
    assert contrast(chosen.text, chosen.ground) >= 4.5
    assert contrast(chosen.text, chosen.deep) >= 4.5
    assert contrast(chosen.soft_text, chosen.ground) >= 4.5
    assert contrast(chosen.soft_text, chosen.deep) >= 4.5


@needs_raqm
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *((KINDS[index % len(KINDS)], palette.name) for index, palette in enumerate(PALETTES)),
        *(("ebook", f"saffron:{seed}") for seed in range(4)),
    ],
)
def test_title_stands_out_from_what_lies_behind_it(kind: str, name: str) -> None:
    titled = draw_cover(kind, "دليل النشر الرقمي", "", "ar", name)
    blank = draw_cover(kind, "\u200f", "", "ar", name)

    lowest = min(contrast(letter, behind) for letter, behind in _changed_pixels(titled, blank))

    assert lowest >= 4.5


def _changed_pixels(titled: Image.Image, blank: Image.Image) -> set[tuple[Colour, Colour]]:
    """Pairs of colours where the letters are solid: not their soft edges, which lie between both colours."""
    change = ImageChops.difference(titled, blank).convert("L")
    strongest = change.getextrema()[1]
    assert isinstance(strongest, int | float)
    solid = change.point([255 if value > strongest * 0.9 else 0 for value in range(256)])
    box = solid.getbbox()
    crops = (picture.crop(box).convert("RGB").tobytes() for picture in (titled, blank, solid))
    letters, grounds, chosen = (list(zip(data[::3], data[1::3], data[2::3], strict=True)) for data in crops)
    return {(letters[i], grounds[i]) for i in range(len(chosen)) if chosen[i] == (255, 255, 255)}


def test_every_strap_piece_meets_its_neighbours() -> None:
    box = (-200.0, -200.0, 200.0, 200.0)
    folds: tuple[Fold, ...] = (8, 10)
    for fold in folds:
        pattern = weave(fold, edge=60, strap=10, box=(-600.0, -600.0, 600.0, 600.0))
        starts = {_rounded(strap.near[0]) for strap in pattern.straps} | {
            _rounded(strap.far[0]) for strap in pattern.straps
        }
        inner = [
            strap
            for strap in pattern.straps
            if all(box[0] < x < box[2] and box[1] < y < box[3] for x, y in strap.near)
        ]

        assert len(inner) > 20
        # Half a turn maps the weave onto itself, so the far side of every edge must be there.
        assert all(_rounded((-x, -y)) in starts for strap in inner for x, y in (strap.near[0], strap.far[0]))


def _rounded(point: tuple[float, float]) -> tuple[int, int]:
    return round(point[0] * 10), round(point[1] * 10)


def test_star_has_two_points_for_each_fold() -> None:
    eight = weave(8, edge=50, strap=8, box=(-10, -10, 10, 10)).stars[0]
    ten = weave(10, edge=50, strap=8, box=(-10, -10, 10, 10)).stars[0]

    assert (len(eight), len(ten)) == (16, 20)


def test_svg_is_small_and_has_no_style() -> None:
    picture = girih_svg("a name", width=800, height=200)

    assert picture.startswith('<svg xmlns="http://www.w3.org/2000/svg" width="800" height="200" ')
    assert 'aria-hidden="true"' in picture
    assert "style" not in picture
    assert len(picture) < 6000
    assert picture == girih_svg("a name", width=800, height=200)
    assert picture != girih_svg("another name", width=800, height=200)


def test_odd_titles_are_drawn() -> None:
    for title in ("", "😀", "\x00\x07\u202e", "م" * 300, "word " * 200, "A\u0301 مرحبا 12"):
        assert draw_cover("ebook", title, title, "ar").size == (960, 1280)


def test_printable_drops_what_has_no_glyph() -> None:
    assert printable("A\x07b\u202e 😀\n c") == "Ab c"
    assert printable("می\u200cروم") == ("می\u200cروم" if can_shape() else "\u200c")


def test_direction_of_first_letter() -> None:
    assert is_right_to_left("12 دليل PDF")
    assert not is_right_to_left("12 PDF دليل")
    assert not is_right_to_left("12")


def test_long_text_ends_in_ellipsis_inside_its_box() -> None:
    block = fit("word " * 100, width=300, height=120, largest=60, smallest=30)

    assert block.size == 30
    assert block.height <= 120
    assert block.lines[-1].endswith("…")


def test_lines_are_balanced() -> None:
    block = fit("one two three four five six", width=300, height=400, largest=50, smallest=48)
    lengths = [len(line) for line in block.lines]

    assert max(lengths) - min(lengths) <= 5
