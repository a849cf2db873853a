"""Who fails in a world: merchants, people, cards, and what will become of each, drawn by a seed."""

import hashlib
from datetime import UTC, datetime
from random import Random
from typing import Final

from msgspec import Struct

from rehearsal.worlds import issuer
from rehearsal.worlds.rates import cents, minor
from rehearsal.worlds.shapes import Answer, Card, Cause, Fix, Land, Truth, Weights, World
from rehearsal.worlds.spans import CHASE_S, Home, windows
from rehearsal.worlds.zones import DAY_S, HOUR_S

BEGINS_AT: Final = int(datetime(2025, 2, 17, tzinfo=UTC).timestamp())
LASTS_S: Final = 120 * DAY_S
ANSWERED: Final = 6  # messages that can still move somebody
PER_MONTH: Final = {"week": 52 / 12, "month": 1.0, "year": 1 / 12}

# Share of customers who see to it themselves, and of these who pay rather than change the card.
_FIXES: Final = {
    Cause.FUNDS: (0.1, 0.7), Cause.TROUBLE: (0.05, 0.7), Cause.LIMIT: (0.06, 0.6),
    Cause.EXPIRED: (0.2, 0.3), Cause.DEAD: (0.22, 0.25), Cause.REFUSED: (0.12, 0.4),
    Cause.AUTHENTICATION: (0.25, 0.9), Cause.RISK: (0.08, 0.5), Cause.NOTHING: (0.0, 0.0),
}  # fmt: skip
_UPDATED: Final = {Cause.EXPIRED: 1.0, Cause.DEAD: 0.35}  # times the world's `updater`
_PAYS: Final = {Cause.AUTHENTICATION: 0.85, Cause.FUNDS: 0.7, Cause.LIMIT: 0.7}


class _Merchant(Struct, frozen=True):
    name: str
    land: Land
    size: float
    price: float
    tilt: tuple[float, ...]  # of the causes
    patience: float
    warmth: float


def population(world: World, seed: int, cases: int) -> tuple[Truth, ...]:
    """The failed invoices of a run in the order of their opening; the same for the same seed."""
    random = Random(f"{world.name}:{seed}")
    merchants = [_merchant(world, random, number) for number in range(world.merchants)]
    sizes = [merchant.size for merchant in merchants]
    openings = sorted(BEGINS_AT + random.randrange(LASTS_S) for _ in range(cases))
    return tuple(
        _truth(world, Random(f"{world.name}:{seed}:{number}"), number, merchant, at)
        for number, (at, merchant) in enumerate(
            zip(openings, random.choices(merchants, sizes, k=cases), strict=True)
        )
    )


def _merchant(world: World, random: Random, number: int) -> _Merchant:
    lands, weights = zip(*world.lands, strict=True)
    return _Merchant(
        name=f"acct_{random.getrandbits(40):010x}{number:02d}",
        land=random.choices(lands, weights)[0],
        size=random.lognormvariate(0.0, 1.0),
        price=random.lognormvariate(0.0, 0.4),
        tilt=tuple(random.lognormvariate(0.0, 0.35) for _ in world.causes),
        patience=random.lognormvariate(0.0, 0.25),
        warmth=random.lognormvariate(0.0, 0.25),
    )


def _truth(world: World, random: Random, number: int, merchant: _Merchant, at: int) -> Truth:
    land = merchant.land if random.random() < 0.8 else _land(world, random)
    cause = _cause(world, random, merchant)
    home = _home(world, random, land)
    card = _card(world, random, cause, home, at)
    interval = _weighted(random, world.intervals)
    amount = minor(_price(world, random, interval) * merchant.price, land.currency)
    rough = cents(amount, land.currency)
    wrong_zone = random.random() < world.zone_wrong
    named = hashlib.sha256(f"{world.name}:{number}:{random.random()}".encode()).hexdigest()
    return Truth(
        number=number,
        id=f"case_{named[:16]}",
        merchant=merchant.name,
        merchant_country=merchant.land.country,
        amount_minor=amount,
        currency=land.currency.upper() if world.upper_currency else land.currency,
        amount_cents=rough,
        monthly_cents=rough * PER_MONTH[interval],
        country=land.country,
        zone=home.zone,
        shown_zone=_shown_zone(random, land) if wrong_zone else home.zone,
        started_at=at - int(random.expovariate(1 / 330) * DAY_S) - 8 * DAY_S,
        interval=interval,
        billing_reason=_weighted(random, {"subscription_cycle": 0.94, "subscription_update": 0.06}),
        opened_at=at,
        card=card,
        first=issuer.decline(world, card, at),
        updater=_updater(world, random, cause, home, at),
        fix=_fix(world, random, cause, home, at),
        leaves_at=_leaves(world, random, at),
        answers=tuple(_answer(world, random, cause, home, at) for _ in range(ANSWERED)),
        willing=_willing(world, random) * merchant.warmth,
        tolerance=merchant.patience * world.manners.tolerance
        * random.lognormvariate(0.0, world.manners.tolerance_spread),
    )  # fmt: skip


def _land(world: World, random: Random) -> Land:
    lands, weights = zip(*world.lands, strict=True)
    found: Land = random.choices(lands, weights)[0]
    return found


def _cause(world: World, random: Random, merchant: _Merchant) -> Cause:
    weights = [
        share * tilt for share, tilt in zip(world.causes.values(), merchant.tilt, strict=True)
    ]
    return Cause(random.choices(list(world.causes), weights)[0])


def _home(world: World, random: Random, land: Land) -> Home:
    return Home(
        land,
        _weighted(random, land.pay),
        _weighted(random, world.wealth),
        random.choice(land.posting),
        random.choice(land.zones),
    )


def _card(world: World, random: Random, cause: Cause, home: Home, at: int) -> Card:
    expired = cause is Cause.EXPIRED and random.random() < 0.7
    opened = datetime.fromtimestamp(at, UTC)
    months = opened.year * 12 + opened.month - 1
    months += -random.randrange(1, 4) if expired else random.randrange(48)
    return Card(
        cause=cause,
        windows=windows(world, random, cause, home, at),
        approval=random.uniform(*world.temper.approval),
        temper=random.lognormvariate(0.0, 0.3),
        key=random.getrandbits(64),
        habit=_habit(world, random, cause),
        brand=_weighted(random, world.brands),
        funding=_weighted(random, world.funding),
        country=home.land.country if random.random() < 0.96 else "US",
        exp_month=months % 12 + 1,
        exp_year=months // 12,
    )


def _habit(world: World, random: Random, cause: Cause) -> tuple[str | None, ...]:
    """Most cards name their reason, some hide it, a few name another."""
    kind = random.random()
    if kind < world.vague:
        return (random.choice(issuer.VAGUE), random.choice((*issuer.VAGUE, None)))
    if kind < world.vague + world.wrong:
        return (random.choice(issuer.WRONG),)
    return (random.choice(issuer.CODES[cause]),)


def _new_card(world: World, random: Random, cause: Cause, home: Home, at: int) -> Card:
    """Most replacements work; somebody without money has none on another card either, often."""
    short = random.random() < (0.35 if cause is Cause.FUNDS else 0.06)
    return _card(world, random, Cause.FUNDS if short else Cause.NOTHING, home, at)


def _updater(world: World, random: Random, cause: Cause, home: Home, at: int) -> Fix | None:
    if random.random() >= world.updater * _UPDATED.get(cause, 0.0):
        return None
    when = at + int(random.lognormvariate(1.1, 1.0) * DAY_S)
    return Fix(when, _new_card(world, random, cause, home, at))


def _fix(world: World, random: Random, cause: Cause, home: Home, at: int) -> Fix | None:
    share, pays = _FIXES[cause]
    if random.random() >= share * world.manners.fixes:
        return None
    when = at + HOUR_S + int(random.expovariate(1 / world.manners.fix_days) * DAY_S)
    return Fix(when, None if random.random() < pays else _new_card(world, random, cause, home, at))


def _leaves(world: World, random: Random, at: int) -> int | None:
    leaves = random.random() < world.manners.leaves
    return at + int(random.uniform(0.2, 1.0) * CHASE_S) if leaves else None


def _answer(world: World, random: Random, cause: Cause, home: Home, at: int) -> Answer:
    pays = random.random() < _PAYS.get(cause, 0.4)
    return Answer(
        need=random.random(),
        opened_after_s=120 + int(random.lognormvariate(1.6, 1.1) * HOUR_S),
        card=None if pays else _new_card(world, random, cause, home, at),
    )


def _willing(world: World, random: Random) -> float:
    return 0.0 if random.random() < world.manners.deaf else random.betavariate(1.6, 1.2)


def _shown_zone(random: Random, land: Land) -> str:
    return land.zones[0] if len(land.zones) > 1 else random.choice((land.zones[0], "UTC"))


def _price(world: World, random: Random, interval: str) -> float:
    return world.median_cents[interval] * random.lognormvariate(0.0, world.amount_spread)


def _weighted(random: Random, weights: Weights) -> str:
    return random.choices(list(weights), list(weights.values()))[0]
