"""How a merchant looks to customers: name, colour, logo, and the foot of a letter."""

from domain.brand.brand import (
    BRAND_TEXTS,
    Brand,
    BrandFault,
    Logo,
    brand_faults,
    is_wanted_in,
    tidied,
)
from domain.brand.colour import Colour, Look, Shade, contrast, look_of, parse

__all__ = [
    "BRAND_TEXTS",
    "Brand",
    "BrandFault",
    "Colour",
    "Logo",
    "Look",
    "Shade",
    "brand_faults",
    "contrast",
    "is_wanted_in",
    "look_of",
    "parse",
    "tidied",
]
