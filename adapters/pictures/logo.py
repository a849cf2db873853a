"""A logo out of somebody's file: its bounds are read before its pixels, and only pixels are kept.

What stands beside them in the file (a place, a name, a program, another file) is not carried over.
"""

from hashlib import sha256
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

from application.ports.brands import MOST_LOGO_BYTES, MOST_PICTURE_BYTES, LogoRefused, MadeLogo
from domain.brand import Logo

TAKEN: Final = ("PNG", "JPEG", "WEBP")
WIDEST, HIGHEST = 1200, 400  # as it is kept; what is larger is drawn smaller
MOST_PIXELS: Final = 4_000_000  # 16 MB once it is decoded
LONGEST_SIDE: Final = 8_000
SMALLER: Final = (1.0, 0.75, 0.5, 0.35, 0.25)  # until it fits into its bytes
COLOURS: Final = 256


def read_logo(raw: bytes) -> MadeLogo:
    """Raises LogoRefused. Takes up to a second of a processor: not for the event loop."""
    if len(raw) > MOST_LOGO_BYTES:
        raise LogoRefused("too_large")
    return _small_enough(_pixels(raw))


def _pixels(raw: bytes) -> Image.Image:
    try:
        with Image.open(BytesIO(raw), formats=TAKEN) as opened:  # reads the head alone
            if opened.width * opened.height > MOST_PIXELS or max(opened.size) > LONGEST_SIDE:
                raise LogoRefused("too_many_pixels")
            upright = ImageOps.exif_transpose(opened)
            drawn = upright.convert("RGBA")
    except LogoRefused:
        raise
    except Image.DecompressionBombError as error:
        raise LogoRefused("too_many_pixels") from error
    except Exception as error:  # a decoder raises whatever it stumbles over
        raise LogoRefused("not_a_picture") from error
    clean = Image.new("RGBA", drawn.size)
    clean.paste(drawn)
    clean.thumbnail((WIDEST, HIGHEST), Image.Resampling.LANCZOS)
    return clean


def _small_enough(pixels: Image.Image) -> MadeLogo:
    for scale in SMALLER:
        size = (max(round(pixels.width * scale), 1), max(round(pixels.height * scale), 1))
        sized = pixels if scale == 1.0 else pixels.resize(size, Image.Resampling.LANCZOS)
        few = sized.quantize(COLOURS, method=Image.Quantize.FASTOCTREE)
        for drawn in (sized, few):
            written = _png(drawn)
            if len(written) <= MOST_PICTURE_BYTES:
                digest = sha256(written).hexdigest()
                logo = Logo(digest=digest, width=sized.width, height=sized.height)
                return MadeLogo(logo=logo, picture=written)
    raise LogoRefused("too_large")


def _png(drawn: Image.Image) -> bytes:
    written = BytesIO()
    drawn.save(written, "PNG", optimize=True)
    return written.getvalue()
