"""How a duration is written in a policy: "3 d", "20 h", "90 min", "45 s"."""

import re
from datetime import timedelta
from typing import Final

UNITS: Final = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "min": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_WRITTEN: Final = re.compile(r"(\d{1,12}) ?(d|h|min|s)", re.ASCII)
_HOW: Final = 'Write a duration such as "3 d", "20 h" or "90 min".'


def written(duration: timedelta) -> str:
    """`duration`, whole seconds and not negative, in the largest unit that divides it."""
    unit = next((name for name, one in UNITS.items() if duration and not duration % one), "s")
    return f"{duration // UNITS[unit]} {unit}"


def read(text: str) -> timedelta:
    """What `written` wrote; ValueError for anything else."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(_HOW)
    try:
        return int(found[1]) * UNITS[found[2]]
    except OverflowError:  # longer than anything can last
        raise ValueError(_HOW) from None
