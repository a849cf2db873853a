"""The names of the buckets, as a merchant reads them in an explanation."""

from collections.abc import Callable, Mapping
from typing import Final

from domain.timing import features as f

EVERY: Final = "all"
UNKNOWN: Final = "?"
WEEKDAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
PARTS_OF_DAY: Final = (
    "at night",
    "early in the morning",
    "in the morning",
    "in the afternoon",
    "in the evening",
)
_DOLLARS: Final = tuple(cents // 100 for cents in f.AMOUNT_CENTS)
_PERCENT: Final = tuple(5 * twentieths for twentieths in f.PAID_SHARES)
# kind -> (exclusive upper bounds of its bands, sentence)
_BANDS: Final[Mapping[str, tuple[tuple[int, ...], str]]] = {
    "since": (f.SINCE_DAYS, "{} days after the first refusal"),
    "gap": (f.GAP_HOURS, "{} hours after the last try"),
    "pace": (f.PACE_HOURS, "a charge every {} hours"),
    "paid": (_PERCENT, "{} % of people paid since the last try"),
    "pay_day": (f.PAY_DAY_AGES, "{} days after a pay day"),
    "amount": (_DOLLARS, "{} dollars, roughly"),
    "tenure": (f.TENURE_DAYS, "customer for {} days"),
    "declines": (f.MONTH_DECLINES, "{} refusals of the card in 30 days"),
}
_WORDS: Final[Mapping[str, str]] = {
    "base": "every charge",
    "code": "decline code {}",
    "funding": "{} card",
    "brand": "{}",
    "country": "customer in {}",
    "interval": "paid by the {}",
    "merchant": "this merchant",
    "hour": "{}:00 local time",
    "retries": "{} retries before",
    "messages": "{} messages before",
    "act": "acted after a message",
    "act_number": "acted, {} messages before",
    "act_template": "acted after {}",
    "act_channel": "acted, sent by {}",
    "act_interval": "acted, paid by the {}",
    "act_merchant": "acted, this merchant",
    "quit": "cancelled after a message",
    "quit_number": "cancelled, {} messages before",
    "quit_template": "cancelled after {}",
    "quit_channel": "cancelled, sent by {}",
    "quit_interval": "cancelled, paid by the {}",
    "quit_merchant": "cancelled, this merchant",
}
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "hours": PARTS_OF_DAY,
    "weekday": tuple(WEEKDAYS),
    "abroad": ("card of the customer's country", "card of another country"),
    "asked": ("customer not asked for help", "customer asked for help"),
    "act_asked": ("acted, not asked for help", "acted, asked for help"),
}


def phrase(key: f.Key) -> tuple[str, str]:
    """(family, what the bucket is) in plain words; "all" where it is about every family."""
    kind, family, value = key
    if kind in _WITHIN:
        return EVERY, f"{_WITHIN[kind](value)}, customers in {family}"
    return family or EVERY, _words(kind, value)


def _words(kind: str, value: str | int) -> str:
    if kind == "month_day":
        return _month_day(value)
    if not isinstance(value, int) or kind in _WORDS:
        return _WORDS.get(kind, kind + " {}").format(value)
    if kind in _CHOICES:
        return _CHOICES[kind][value]
    bounds, sentence = _BANDS[kind]
    return sentence.format(_band(bounds, value))


def _band(bounds: tuple[int, ...], band: int) -> str:
    """A band as a reader takes it: "2", "4 to 5", "31 or more"."""
    low = bounds[band - 1] if band else 0
    if band == len(bounds):
        return f"{low} or more"
    high = bounds[band] - 1
    return str(low) if low == high else f"{low} to {high}"


def _weekday(value: str | int) -> str:
    return WEEKDAYS[int(value)]


def _month_day(value: str | int) -> str:
    day = int(value)
    if day > 0:
        return f"day {day} of the month"
    return f"{-day} days before the month ends" if day else "last day of the month"


_WITHIN: Final[Mapping[str, Callable[[str | int], str]]] = {
    "weekday_in": _weekday,
    "month_day_in": _month_day,
}
