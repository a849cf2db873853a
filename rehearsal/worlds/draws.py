"""Draws that depend on nothing but their key: what a policy does cannot change what is drawn."""

from typing import Final

_MASK: Final = (1 << 64) - 1
_STEP: Final = 0x9E3779B97F4A7C15


def draw(key: int, number: int) -> float:
    """A number in [0, 1) for a 64-bit key and a counter: splitmix64, the upper 53 bits."""
    mixed = (key + number * _STEP) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return float((mixed ^ (mixed >> 31)) >> 11) * 2.0**-53


def pick(key: int, number: int, choices: tuple[str, ...]) -> str:
    """One of some equally likely things."""
    return choices[int(draw(key, number) * len(choices))]
