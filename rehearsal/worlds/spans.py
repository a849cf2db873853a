"""From why a charge failed to when it could go through: the spans of each cause."""

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Final

from msgspec import Struct

from rehearsal.worlds.incomes import Earner, funded, merged
from rehearsal.worlds.shapes import Cause, Land, Windows, World
from rehearsal.worlds.zones import DAY_S, HOUR_S, at_local_hour, local_day

CHASE_S: Final = 45 * DAY_S


class Home(Struct, frozen=True):
    """What a person's spans depend on beside the cause."""

    land: Land
    pay: str
    wealth: str
    posting: float
    zone: str


def windows(world: World, random: Random, cause: Cause, home: Home, opened_at: int) -> Windows:
    """When the cause lets a charge through; never at the instant of the first failure itself."""
    return _OF[cause](world, random, home, opened_at)


def _funds(world: World, random: Random, home: Home, opened_at: int) -> Windows:
    earner = Earner(home.pay, home.wealth, home.zone, home.posting, world.side_incomes)
    return funded(random, earner, opened_at, opened_at + CHASE_S)


def _trouble(world: World, random: Random, _: Home, opened_at: int) -> Windows:
    lasts = max(0.1, random.lognormvariate(0.0, 1.3) * world.trouble_hours)
    return ((opened_at + int(lasts * HOUR_S), opened_at + 2 * CHASE_S),)


def _limit(_: World, random: Random, home: Home, opened_at: int) -> Windows:
    """A day's limit comes back each midnight and is soon used up; a month's on the first."""
    today = local_day(home.zone, opened_at)
    if random.random() < 0.6:
        room = random.uniform(2.0, 14.0)
        mornings = [at_local_hour(home.zone, today + day, 0.1) for day in range(1, 47)]
        return tuple((at, at + int(room * HOUR_S)) for at in mornings if random.random() < 0.8)
    firsts = [day for day in range(today + 1, today + 47) if _first_of_month(day)]
    begins = [at_local_hour(home.zone, day, 0.1) for day in firsts]
    return merged([(at, at + int(random.uniform(2.0, 16.0) * DAY_S)) for at in begins])


def _expired(world: World, random: Random, _: Home, opened_at: int) -> Windows:
    if random.random() >= world.lenient:
        return ()
    return ((opened_at + int(random.expovariate(1 / (3 * DAY_S))), opened_at + 2 * CHASE_S),)


def _risk(_: World, random: Random, home: Home, opened_at: int) -> Windows:
    """Some models forget after days, some say yes in the hours the person usually buys in."""
    if random.random() < 0.45:
        return ()
    ends = opened_at + int(random.lognormvariate(1.2, 0.9) * DAY_S)
    if random.random() < 0.5:
        return ((ends, opened_at + 2 * CHASE_S),)
    first = random.choice((6, 8, 9, 10, 12, 17))
    today = local_day(home.zone, opened_at)
    mornings = [at_local_hour(home.zone, today + day, first) for day in range(1, 47)]
    return tuple((at, at + 6 * HOUR_S) for at in mornings if at > ends)


def _not_this_card(_: World, _random: Random, _home: Home, _opened_at: int) -> Windows:
    return ()


def _works(_: World, _random: Random, _home: Home, opened_at: int) -> Windows:
    return ((opened_at, opened_at + 2 * CHASE_S),)


def _first_of_month(day: int) -> bool:
    return datetime.fromtimestamp(day * DAY_S, UTC).day == 1


_OF: Final[dict[Cause, Callable[[World, Random, Home, int], Windows]]] = {
    Cause.FUNDS: _funds,
    Cause.TROUBLE: _trouble,
    Cause.LIMIT: _limit,
    Cause.EXPIRED: _expired,
    Cause.DEAD: _not_this_card,
    Cause.REFUSED: _not_this_card,
    Cause.AUTHENTICATION: _not_this_card,
    Cause.RISK: _risk,
    Cause.NOTHING: _works,
}
