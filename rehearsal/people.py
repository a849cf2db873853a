"""The rehearsal's customers: who they are, why their cards fail, and how they take a reminder.

Deterministic from a seed. All addresses are on reserved domains, so no mail can reach anybody.
"""

from collections.abc import Mapping
from random import Random
from typing import Any, Final, Literal

from msgspec import Struct

from domain.money import exponent

HOUR_S: Final = 3_600
DAY_S: Final = 86_400
AGREED_ON: Final = "2026-01-15"
_AREAS: Final = (202, 206, 212, 213, 303, 305, 312, 404, 415, 503, 512, 602, 617, 702, 713, 720)

Temperament = Literal[
    "pay_day", "issuer_trouble", "lost_card", "expired_card", "authentication", "cancels",
    "never_pays", "reliable",
]  # fmt: skip
Reaction = Literal["new_card", "pays_by_page", "cancels", "never"]

# How often each kind appears where a scene does not say otherwise.
USUAL_MIX: Final[Mapping[Temperament, float]] = {
    "pay_day": 0.36,
    "issuer_trouble": 0.22,
    "expired_card": 0.12,
    "lost_card": 0.10,
    "authentication": 0.05,
    "cancels": 0.05,
    "never_pays": 0.10,
}


class Person(Struct, frozen=True, kw_only=True):
    """A customer of the merchant with the one card on file; `rules` script its charges.

    `opens_mail_after_s` counts virtual seconds from a mail's arrival until it is opened.
    """

    name: str
    email: str
    country: str
    timezone: str
    locale: str
    currency: str
    product: str
    amount_minor: int
    interval: Literal["week", "month", "year"]
    brand: str
    last4: str
    funding: str
    exp_month: int
    exp_year: int
    temperament: Temperament
    reacts: Reaction
    opens_mail_after_s: int
    rules: tuple[dict[str, Any], ...]
    phone: str | None = None
    agreed_to_texts: str | None = None  # since which day, as the merchant says


class _Land(Struct, frozen=True):
    """Where people live, what they pay in, and what they are called."""

    country: str
    timezone: str
    locale: str
    currency: str
    weight: float
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]


def _names(first: str, last: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(first.split()), tuple(last.split())


_EN: Final = _names(
    "Olivia Noah Emma Liam Ava Mason Grace Ethan Chloe Lucas Ruby Henry Zoe Owen Isla",
    "Carter Bennett Hughes Foster Reed Walker Brooks Murray Price Coleman Shaw Ellis",
)
_DE: Final = _names(
    "Lena Jonas Mia Felix Klara Moritz Greta Paul Hanna Emil",
    "Becker Hoffmann Krüger Lehmann Schröder Vogel Winkler Braun",
)
_FR: Final = _names(
    "Camille Hugo Manon Louis Chloé Jules Inès Théo Jeanne Nathan",
    "Moreau Lefèvre Girard Fontaine Rousseau Blanc Mercier Dupuis",
)
_JP: Final = _names(
    "Haruka Ren Yui Sota Aoi Daiki Mei Kaito", "Tanaka Sato Kobayashi Yamamoto Ito Mori"
)
_KW: Final = _names("Fatima Yousef Noor Khalid Maryam", "AlSabah AlMutairi AlRashid AlEnezi")
_LANDS: Final = (
    _Land("US", "America/New_York", "en-US", "usd", 0.24, *_EN),
    _Land("US", "America/Chicago", "en-US", "usd", 0.12, *_EN),
    _Land("US", "America/Los_Angeles", "en-US", "usd", 0.16, *_EN),
    _Land("GB", "Europe/London", "en-GB", "gbp", 0.16, *_EN),
    _Land("DE", "Europe/Berlin", "de-DE", "eur", 0.12, *_DE),
    _Land("FR", "Europe/Paris", "fr-FR", "eur", 0.08, *_FR),
    _Land("JP", "Asia/Tokyo", "ja-JP", "jpy", 0.07, *_JP),
    _Land("KW", "Asia/Kuwait", "ar-KW", "kwd", 0.05, *_KW),
)
# In whole dollars; other currencies take the same shelf at their own scale.
_SHELF: Final = (
    ("Starter", 9, 0.25), ("Basic", 19, 0.25), ("Team", 49, 0.25), ("Studio", 79, 0.15),
    ("Business", 149, 0.07), ("Scale", 499, 0.03),
)  # fmt: skip
_SCALE: Final = {"usd": 1.0, "eur": 1.0, "gbp": 0.8, "jpy": 150.0, "kwd": 0.3}
_CARDS: Final = (("visa", 0.58), ("mastercard", 0.34), ("amex", 0.05), ("discover", 0.03))
_PAY_DAYS: Final = ("friday", "semi_monthly", "month_end")
_PAY_DAY_OF: Final = {"US": "semi_monthly", "GB": "month_end", "DE": "month_end"}
_TROUBLES: Final = ("processing_error", "issuer_not_available", "do_not_honor", "try_again_later")
_GONE: Final = ("lost_card", "stolen_card")


def populate(
    count: int, seed: int, mix: Mapping[Temperament, float] = USUAL_MIX, first: int = 0
) -> list[Person]:
    """`count` people from `seed`; person number n is the same whatever the count."""
    numbers = range(first, first + count)
    return [_person(Random(f"{seed}:{number}"), number, mix) for number in numbers]


def _person(random: Random, number: int, mix: Mapping[Temperament, float]) -> Person:
    land = _pick(random, [(land, land.weight) for land in _LANDS])
    first, last = random.choice(land.first_names), random.choice(land.last_names)
    product, dollars, _ = random.choices(_SHELF, [weight for *_, weight in _SHELF])[0]
    temperament = _pick(random, list(mix.items()))
    reacts, opens = _reaction(random, temperament)
    return Person(
        name=f"{first} {last}",
        email=f"{_ascii(first)}.{_ascii(last)}.{number}@example.com",
        country=land.country,
        timezone=land.timezone,
        locale=land.locale,
        currency=land.currency,
        product=product,
        amount_minor=_amount(dollars, land.currency),
        interval="week" if random.random() < 0.08 else "month",
        brand=_pick(random, list(_CARDS)),
        last4=f"{random.randrange(10_000):04d}",
        funding=_pick(random, [("credit", 0.5), ("debit", 0.42), ("prepaid", 0.08)]),
        exp_month=random.randint(1, 12),
        exp_year=random.randint(2028, 2031),
        temperament=temperament,
        reacts=reacts,
        opens_mail_after_s=opens,
        rules=_rules(random, temperament, land, number),
        phone=_phone(land.country, number),
        agreed_to_texts=AGREED_ON if number % 3 == 0 else None,
    )


def _phone(country: str, number: int) -> str | None:
    """A number kept for fiction, as long as there are any (NANPA's 555-01XX; in Germany those that
    its regulator set aside): everybody has their own, or none."""
    if country == "US" and number < 100 * len(_AREAS):
        return f"+1{_AREAS[number // 100]}55501{number % 100:02d}"
    return f"+4917139200{number:02d}" if country == "DE" and number < 100 else None


def _pick(random: Random, weighted: list[tuple[Any, float]]) -> Any:
    return random.choices([each for each, _ in weighted], [weight for _, weight in weighted])[0]


def _ascii(name: str) -> str:
    plain = name.lower().translate(str.maketrans("éèëïüöä", "eeeiuoa"))
    return "".join(letter for letter in plain if letter.isascii())


def _amount(dollars: int, currency: str) -> int:
    """A price people know: 19.00 usd, 15.20 gbp, 2850 jpy, 5.700 kwd (last digit 0 at Stripe)."""
    minor = round(dollars * _SCALE[currency] * float(10 ** exponent(currency)))
    return minor - minor % 10 if currency in {"kwd", "jpy"} else minor


def _reaction(random: Random, temperament: Temperament) -> tuple[Reaction, int]:
    """How this person answers a reminder, and how long until it is opened."""
    opens = int(random.lognormvariate(9.8, 1.1))  # the middle person after some five hours
    opens = max(300, min(opens, 6 * DAY_S))
    match temperament:
        case "lost_card" | "expired_card":
            reacts = _pick(random, [("new_card", 0.65), ("pays_by_page", 0.15), ("never", 0.2)])
        case "authentication":
            reacts = _pick(random, [("pays_by_page", 0.8), ("never", 0.2)])
        case "pay_day" | "issuer_trouble":
            reacts = _pick(random, [("never", 0.7), ("pays_by_page", 0.2), ("new_card", 0.1)])
        case "cancels":
            reacts = "cancels"
        case _:
            reacts = "never"
    return reacts, opens


def _rules(
    random: Random, temperament: Temperament, land: _Land, number: int
) -> tuple[dict[str, Any], ...]:
    """The script of this person's card: most invoices in trouble, some months without."""
    share = {"share": 0.75, "seed": number, "until": "pm_updated"}
    match temperament:
        case "pay_day":
            day = _PAY_DAY_OF.get(land.country, random.choice(_PAY_DAYS))
            return ({
                "decline": "insufficient_funds", "until": "payday", "payday": day,
                "timezone": land.timezone, "bound_to_card": True, "share": 0.75, "seed": number,
            },)  # fmt: skip
        case "issuer_trouble":
            lasts = random.choice((6, 12, 30, 60, 100)) * HOUR_S
            decline = random.choice(_TROUBLES)
            lasting = {"decline": decline, **share, "within_s": lasts}
            return (lasting, {"decline": decline, **share, "p": 0.25})
        case "lost_card":
            return ({"decline": random.choice(_GONE), "until": "pm_updated"},)
        case "expired_card":
            return ({"decline": "expired_card", "until": "pm_updated"},)
        case "authentication":
            return ({"decline": "authentication_required", "until": "pm_updated"},)
        case "cancels" | "never_pays":
            decline = random.choice(("insufficient_funds", "do_not_honor", "generic_decline"))
            return ({"decline": decline},)
        case "reliable":
            return ()
