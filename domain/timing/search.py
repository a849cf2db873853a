"""The best set of charges for the rest of a case, of which the first is then planned.

Dynamic programming over (candidate just refused, charges left): what a charge is worth depends on
the one before, by the gap and the pay days in between, and each charge is only worth what the
refusal of those before leaves to it.
"""

from itertools import pairwise
from typing import Final, NamedTuple

from domain.timing.outlook import Instant, Outlook

# How many candidates can follow a charge: a pause of twelve days at most, where they are thinned.
REACH: Final = 6
# Money of tomorrow is worth a little less, 0.2 % a day: the customer may cancel meanwhile.
PATIENCE_HOUR: Final = 0.002 / 24

# One way on: what its charge is worth less its price, the chance of a refusal, the candidate.
Way = tuple[float, float, int]


class Plan(NamedTuple):
    """The charges chosen, as indexes of candidates, with the chance of each once it is reached."""

    path: tuple[int, ...]
    chances: tuple[float, ...]

    def brings(self) -> float:
        """The chance that one of them succeeds."""
        refused = 1.0
        for chance in self.chances:
            refused *= 1 - chance
        return 1 - refused


def best_plan(outlook: Outlook, gap_hours: int, tries: int, price: float) -> Plan:
    """The charges that are worth most; `price` is what one costs, as a share of the amount."""
    path = _best_path(_starts(outlook, price), _ways(outlook, gap_hours, tries, price), tries)
    return Plan(path, _chances(outlook, path))


def next_chance(outlook: Outlook, index: int) -> float:
    """The chance of a candidate as the next charge, by what is known."""
    odds = outlook.instants[index].odds * outlook.first[index]
    return odds / (1 + odds)


def _chances(outlook: Outlook, path: tuple[int, ...]) -> tuple[float, ...]:
    chances = [next_chance(outlook, index) for index in path[:1]]
    for retries, (before, index) in enumerate(pairwise(path), 1):
        earlier, later = outlook.instants[before], outlook.instants[index]
        odds = later.odds * outlook.by_retry[retries]
        odds *= outlook.by_gap[later.hours - earlier.hours]
        odds *= outlook.by_share[later.paid - earlier.paid]
        chances.append(odds / (1 + odds))
    return tuple(chances)


def _starts(outlook: Outlook, price: float) -> list[Way]:
    """Every candidate as the first charge; one that knowledge calls hopeless is none, however
    little is known of it."""
    ways = []
    for index, instant in enumerate(outlook.instants):
        if next_chance(outlook, index) > price:
            odds = instant.tried * outlook.first[index]
            ways.append((_worth(instant) * odds / (1 + odds) - price, 1 / (1 + odds), index))
    return ways


def _worth(instant: Instant) -> float:
    return 1 - PATIENCE_HOUR * instant.hours


def _ways(outlook: Outlook, gap_hours: int, tries: int, price: float) -> list[list[Way]]:
    """Where a case can go on from each candidate; a charge that is not worth it is no way.

    How many retries lie behind a candidate shows only later: as if they were spread evenly.
    """
    instants, by_gap, by_share = outlook.instants, outlook.by_gap, outlook.by_share
    count, by_retry = len(instants), outlook.by_retry
    later = [
        (i.tried * by_retry[n * tries // count], i.hours, i.paid, _worth(i), n)
        for n, i in enumerate(instants)
    ]
    ways = []
    first = 0
    for _, hours, paid, _, _ in later:
        while first < count and instants[first].hours < hours + gap_hours:
            first += 1
        ways.append(
            [
                (worth, 1 / (1 + odds), index)
                for tried, at, shares, value, index in later[first : first + REACH]
                if (odds := tried * by_gap[at - hours] * by_share[shares - paid])
                and (worth := value * odds / (1 + odds) - price) > 0
            ]
        )
    return ways


def _best_path(starts: list[Way], ways: list[list[Way]], tries: int) -> tuple[int, ...]:
    """The best path of at most `tries` charges."""
    worth = [0.0] * len(ways)  # of each candidate once it is refused, with 0, 1, 2 … charges left
    layers = [worth]
    for _ in range(tries - 1):
        worth = [max([g + q * worth[j] for g, q, j in way], default=0.0) for way in ways]
        layers.append(worth)
    path = []
    at = starts
    while at and layers:
        worth = layers.pop()
        _, index = max([(g + q * worth[j], j) for g, q, j in at])
        path.append(index)
        at = ways[index]
    return tuple(path)
