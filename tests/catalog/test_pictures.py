import io
import struct
import zlib
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from catalog.models import Picture
from catalog.pictures import store_picture
from storefront.pictures import PictureRefused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def encoded(image: Image.Image, kind: str, **options) -> SimpleUploadedFile:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return SimpleUploadedFile(f"cover.{kind.lower()}", content.getvalue())


def stored(media: Path, picture: Picture, width: int, extension: str) -> Image.Image:
    return Image.open(media / picture.path(width, extension))


def files(media: Path) -> list[str]:
    return sorted(str(path.relative_to(media)) for path in media.rglob("*") if path.is_file())


def png(width: int, height: int) -> bytes:
    """A few bytes that say they are a picture of this size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
def test_each_format_becomes_webp_and_jpeg_in_three_widths(media, kind):
    picture = store_picture(encoded(Image.new("RGB", (1200, 1600), "teal"), kind))

    assert (picture.width, picture.height) == (960, 1280)
    assert len(files(media)) == 6
    for width, height in [(320, 427), (640, 853), (960, 1280)]:
        for extension, name in [("webp", "WEBP"), ("jpg", "JPEG")]:
            image = stored(media, picture, width, extension)
            assert (image.format, image.size) == (name, (width, height))


def test_a_small_picture_is_not_enlarged(media):
    picture = store_picture(Image.new("RGB", (500, 300), "teal"))

    assert [stored(media, picture, width, "jpg").width for width in (320, 640, 960)] == [320, 500, 500]


def test_a_very_tall_picture_fits(media):
    picture = store_picture(Image.new("RGB", (100, 9000), "teal"))

    assert (picture.width, picture.height) == (21, 1920)


def test_a_turned_photo_is_upright_and_tells_nothing_about_its_camera(media):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    exif[0x010F] = "A camera"
    exif[0x8825] = {1: "N", 2: (31.9, 0.0, 0.0)}
    picture = store_picture(encoded(Image.new("RGB", (800, 400), "teal"), "JPEG", exif=exif))

    assert (picture.width, picture.height) == (400, 800)
    for extension in ("webp", "jpg"):
        image = stored(media, picture, 320, extension)
        assert not image.getexif()
        assert "exif" not in image.info


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white(media, mode):
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0)).convert(mode)
    picture = store_picture(encoded(image, "PNG", **({"transparency": 0} if mode == "P" else {})))

    assert stored(media, picture, 320, "jpg").getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "CMYK", "I;16"])
def test_unusual_colours_are_taken(media, mode):
    picture = store_picture(encoded(Image.new(mode, (400, 400)), "JPEG" if mode == "CMYK" else "PNG"))

    assert stored(media, picture, 320, "jpg").mode == "RGB"


def test_the_same_picture_is_one_row(media):
    first = store_picture(encoded(Image.new("RGB", (900, 900), "teal"), "PNG"))
    before = files(media)

    assert store_picture(encoded(Image.new("RGB", (900, 900), "teal"), "PNG")) == first
    assert Picture.objects.count() == 1
    assert files(media) == before


def test_files_that_went_missing_come_back(media):
    picture = store_picture(Image.new("RGB", (900, 900), "teal"))
    (media / picture.path(640, "webp")).unlink()

    store_picture(Image.new("RGB", (900, 900), "teal"))

    assert len(files(media)) == 6


def test_the_picture_that_was_given_stays_as_it_was():
    image = Image.new("RGB", (2000, 2000), "teal")

    store_picture(image)

    assert image.size == (2000, 2000)


REFUSED = {
    "a script": (b"<?php system($_GET['x']); ?>", "can't be read"),
    "an SVG": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "can't be read"),
    "a TIFF": (b"II*\x00" + b"\x00" * 100, "can't be read"),
    "nothing": (b"", "is empty"),
    "a bomb": (png(60_000, 60_000), "more than 40 million pixels"),
    "a large one": (png(9_000, 9_000), "more than 40 million pixels"),
    "a beginning alone": (png(100, 100), "can't be read"),
    "a PNG in name": (b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", "can't be read"),
}


@pytest.mark.parametrize(("content", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_picture_is_refused_and_leaves_nothing(media, content, why):
    with pytest.raises(PictureRefused, match=why):
        store_picture(SimpleUploadedFile("cover.png", content))

    assert files(media) == []
    assert not Picture.objects.exists()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
def test_a_truncated_picture_is_refused(media, kind):
    noise = Image.effect_noise((300, 300), 90).convert("RGB")
    content = encoded(noise, kind).read()

    with pytest.raises(PictureRefused, match="can't be read"):
        store_picture(SimpleUploadedFile("cover.png", content[: len(content) // 2]))

    assert files(media) == []


def test_a_heavy_upload_is_refused_unread(media, settings):
    settings.PICTURE_MAX_BYTES = 1_000_000

    with pytest.raises(PictureRefused, match="larger than 1 MB"):
        store_picture(SimpleUploadedFile("cover.png", b"x" * 1_000_001))


def test_a_script_behind_a_picture_does_not_come_through(media):
    content = encoded(Image.new("RGB", (400, 400), "teal"), "PNG").read() + b"<script>alert(1)</script>"

    picture = store_picture(SimpleUploadedFile("cover.png", content))

    assert all(b"script" not in path.read_bytes() for path in media.rglob("*") if path.is_file())
    assert picture.width == 400
