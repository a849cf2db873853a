"""How merchants look to their customers: what is kept of it."""

from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct

from domain.brand import Brand, Logo

MOST_LOGO_BYTES: Final = 200_000  # as it is given
MOST_PICTURE_BYTES: Final = 60 * 1024  # as it is kept, and goes with each letter
MOST_LOGOS: Final = 5  # of one merchant: pages that are open just now show an older one


class MadeLogo(Struct, frozen=True, kw_only=True):
    """A picture that we drew anew from somebody's file: a PNG with pixels and nothing else."""

    logo: Logo
    picture: bytes


class LogoRefused(Exception):
    """Not a picture that we take; its text is a reason: "too_large", "not_a_picture",
    "too_many_pixels"."""


class BrandStore(Protocol):
    """The brand of one merchant, inside one unit of work."""

    async def current(self) -> Brand:
        """`Brand()` if nothing was ever said."""
        ...

    async def put(self, brand: Brand, at: datetime) -> None:
        """From now on it is this one. Its logo must have been kept."""
        ...

    async def keep_logo(self, made: MadeLogo, at: datetime) -> None:
        """Keep a picture beside the others; the oldest go once there are MOST_LOGOS, and never the
        one that is shown."""
        ...

    async def picture(self, digest: str) -> bytes | None:
        """None if there is no such picture of this merchant's."""
        ...
