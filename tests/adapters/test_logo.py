"""A logo is what we drew from somebody's file: small, and with nothing else of the file in it."""

import contextlib
import struct
import zlib
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from adapters.pictures.logo import HIGHEST, MOST_PIXELS, WIDEST, read_logo
from application.ports.brands import MOST_LOGO_BYTES, MOST_PICTURE_BYTES, LogoRefused, MadeLogo

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PAYLOAD = b"<script>alert(document.cookie)</script><?php system('id') ?>"


def drawn(width: int = 480, height: int = 120, mode: str = "RGBA") -> Image.Image:
    picture = Image.new(mode, (width, height), "white" if mode != "RGBA" else (0, 0, 0, 0))
    ImageDraw.Draw(picture).ellipse((4, 4, height - 4, height - 4), fill="black")
    return picture


def written(picture: Image.Image, form: str = "PNG", **more: Any) -> bytes:
    file = BytesIO()
    picture.save(file, form, **more)
    return file.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of(width: int, height: int, *more: bytes) -> bytes:
    """A PNG that says it is so large; its pixels are a few bytes of zeros, packed."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    pixels = zlib.compress(b"\0" * min(width * 4 + 1, 1_000_000), 9)
    body = chunk(b"IDAT", pixels)
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + body + chunk(b"IEND", b"")


def shown(made: MadeLogo) -> Image.Image:
    return Image.open(BytesIO(made.picture))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_drawn_anew_as_a_png(form: str) -> None:
    mode = "RGB" if form == "JPEG" else "RGBA"
    made = read_logo(written(drawn(mode=mode), form))
    again = shown(made)
    assert (again.format, again.size) == ("PNG", (480, 120))
    assert (made.logo.width, made.logo.height) == (480, 120)
    assert made.logo.digest == sha256(made.picture).hexdigest()
    assert len(made.picture) <= MOST_PICTURE_BYTES


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
def test_every_kind_of_pixel_is_taken(mode: str) -> None:
    made = read_logo(written(drawn(mode="RGB").convert("L").convert(mode)))
    assert made.logo.width == 480


def test_the_same_picture_is_the_same_logo() -> None:
    assert read_logo(written(drawn())) == read_logo(written(drawn()))


def test_what_is_larger_is_drawn_smaller() -> None:
    made = read_logo(written(drawn(2400, 1200)))
    assert (made.logo.width, made.logo.height) == (800, 400)
    assert read_logo(written(drawn(3000, 300))).logo.width == WIDEST
    assert read_logo(written(drawn(100, 2000))).logo.height == HIGHEST


def test_a_photograph_is_made_to_fit_into_its_bytes() -> None:
    noise = Image.effect_noise((600, 300), 90).convert("RGB")
    made = read_logo(written(noise, "JPEG", quality=70))
    assert len(made.picture) <= MOST_PICTURE_BYTES


def test_nothing_beside_the_pixels_is_carried_over() -> None:
    told = PngInfo()
    told.add_text("Author", "Mara of Acme")
    told.add_itxt("XML:com.adobe.xmp", PAYLOAD.decode())
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 0.0)}
    files = (
        written(drawn(), pnginfo=told, exif=exif) + PAYLOAD,
        written(drawn(mode="RGB"), "JPEG", exif=exif, comment=PAYLOAD) + b"PK\x03\x04" + PAYLOAD,
        written(drawn(), "WEBP", exif=exif, xmp=PAYLOAD),
    )
    for raw in files:
        made = read_logo(raw)
        assert b"script" not in made.picture
        assert b"Mara" not in made.picture
        assert b"at home" not in made.picture
        again = shown(made)
        again.load()
        assert not again.info
        assert not again.getexif()


def test_a_picture_that_lies_on_its_side_is_put_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = read_logo(written(drawn(200, 100, "RGB"), "JPEG", exif=exif))
    assert (made.logo.width, made.logo.height) == (100, 200)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"x", b"\x89PNG\r\n\x1a\n", SVG, b"<?xml?>" + SVG, b"GIF89a" + b"\0" * 64,
        b"%PDF-1.7", b"PK\x03\x04" + b"\0" * 64, b"BM" + b"\0" * 64, b"\0\0\1\0" + b"\0" * 64,
        b"8BPS" + b"\0" * 64, b"II*\0" + b"\0" * 64, b"%!PS-Adobe-3.0 EPSF-3.0\n" + b"\0" * 64,
        b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\0" * 64, b"\xff\xd8\xff\xe0" + b"\0" * 64,
        b"#define x_width 16\n" * 9, b"\0" * 1000, PAYLOAD,
    ],
)  # fmt: skip
def test_what_is_no_picture_of_these_kinds_is_refused(raw: bytes) -> None:
    with pytest.raises(LogoRefused, match="not_a_picture"):
        read_logo(raw)


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "ICO", "PPM"])
def test_good_pictures_of_other_kinds_are_refused(form: str) -> None:
    with pytest.raises(LogoRefused, match="not_a_picture"):
        read_logo(written(drawn(64, 64, "RGB"), form))


@pytest.mark.parametrize(
    ("width", "height"),
    [(50_000, 50_000), (2_000, 2_001), (1, 8_001), (100_000, 1), (2**31 - 1, 2**31 - 1)],
)
def test_a_bomb_is_refused_by_what_its_head_says(width: int, height: int) -> None:
    with pytest.raises(LogoRefused, match="too_many_pixels"):
        read_logo(png_of(width, height))


def test_a_bomb_in_the_words_of_a_picture_does_not_go_off() -> None:
    bomb = zlib.compress(b"a" * 100_000_000, 9)
    for words in (
        chunk(b"zTXt", b"Comment\0\0" + bomb),
        chunk(b"iTXt", b"Comment\0\1\0\0\0" + bomb),
        chunk(b"iCCP", b"profile\0\0" + bomb),
    ):
        raw = png_of(4, 1, words)
        assert len(raw) < MOST_LOGO_BYTES
        with contextlib.suppress(LogoRefused):
            assert len(read_logo(raw).picture) < 1_000


def test_too_many_bytes_are_not_even_opened() -> None:
    with pytest.raises(LogoRefused, match="too_large"):
        read_logo(written(drawn()) + b"\0" * MOST_LOGO_BYTES)


def test_a_picture_that_was_cut_short_is_refused() -> None:
    for form in ("PNG", "JPEG", "WEBP"):
        raw = written(Image.effect_noise((300, 100), 90).convert("RGB"), form)
        with pytest.raises(LogoRefused, match="not_a_picture"):
            read_logo(raw[: len(raw) // 2])


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_file_with_wrong_bytes_is_a_logo_or_is_refused(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP"]))
    raw = bytearray(written(drawn(96, 32, "RGB"), form))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        made = read_logo(bytes(raw))
    except LogoRefused:
        return
    assert made.logo.width * made.logo.height <= MOST_PIXELS
    assert shown(made).format == "PNG"
