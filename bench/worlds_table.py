"""Our policy against the schedules of others, in several worlds, with intervals over seeds."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Final

from msgspec import Struct

from bench.opponents import OPPONENTS, SCHEDULES
from bench.table import Row, unmeasured
from rehearsal.worlds import WORLDS, Score, play

AT_ONCE: Final = 2
SEEDS, CASES = 10, 5_000
QUICK_CASES: Final = 40
CHARGECHASE: Final = str(Path(sys.executable).with_name("chargechase"))
OURS: Final[dict[str, tuple[str, ...]]] = {
    "ours": (CHARGECHASE, "policy", "decide"),
    "no-learning": (CHARGECHASE, "policy", "decide", "--no-learning"),
}
# 97.5 % quantiles of Student's t for 1, 2, ... degrees of freedom; beyond: the normal one.
_T: Final = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179,
             2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086)  # fmt: skip
HEADINGS: Final = ("net %", "recovered %", "of oracle %", "tries/rec.", "messages/case",
                   "cancels %", "violations", "faults", "days", "ms/dec.")  # fmt: skip


class Played(Struct, frozen=True):
    """One game to play, as it is handed to another process."""

    world: str
    seed: int
    cases: int
    player: str


class Interval(Struct, frozen=True):
    """A mean and half of its 95 % interval over seeds; 0 where one seed tells no interval."""

    mean: float
    half: float

    def __str__(self) -> str:
        return f"{self.mean:.2f} ± {self.half:.2f}"


Scores = dict[tuple[str, str], list[Score]]  # (world, player) -> a score a seed, seeds in order


def measure(
    _: object,
    *,
    quick: bool,
    seeds: int = SEEDS,
    cases: int = CASES,
    ours: Sequence[str] = tuple(OURS),
    worlds: Sequence[str] = tuple(WORLDS),
) -> list[Row]:
    """Play every world, seed and player; print the table; the rows say how ours stands."""
    if quick:
        seeds, cases, worlds, ours = 1, QUICK_CASES, worlds[:1], ours[:1]
    games = [
        Played(world, 1 + seed, cases, player)
        for world in worlds
        for seed in range(seeds)
        for player in (*OPPONENTS, *ours)
    ]
    scores = _gathered(games, _play_all(games))
    print(f"\n{table(scores)}")
    return rows(scores, ours)


def interval(values: Sequence[float]) -> Interval:
    """Student's interval of the mean."""
    if len(values) < 2:
        return Interval(fmean(values), 0.0)
    quantile = _T[len(values) - 2] if len(values) - 2 < len(_T) else 1.96
    return Interval(fmean(values), quantile * stdev(values) / sqrt(len(values)))


def best_schedule(scores: Scores, world: str) -> str:
    """The schedule with the highest mean net value in a world."""
    names = [schedule.name for schedule in SCHEDULES if (world, schedule.name) in scores]
    return max(names, key=lambda name: fmean(each.net_share for each in scores[world, name]))


def gain(scores: Scores, world: str, player: str) -> Interval:
    """Points of net value over the best schedule, paired by seed."""
    best = scores[world, best_schedule(scores, world)]
    pairs = zip(scores[world, player], best, strict=True)
    return interval([100 * (mine.net_share - other.net_share) for mine, other in pairs])


def table(scores: Scores) -> str:
    """Worlds and players with every measure; the best schedule is marked."""
    lines = ["".join([f"{'':34}", *(f"{heading:>16}" for heading in HEADINGS)])]
    for world in dict.fromkeys(world for world, _ in scores):
        lines.append(f"{world}: {WORLDS[world].about}")
        best = best_schedule(scores, world)
        for player in [player for each, player in scores if each == world]:
            found = measures(scores[world, player])
            mark = "*" if player == best else " "
            cells = "".join(f"{found[heading]!s:>16}" for heading in HEADINGS)
            over = f"  {gain(scores, world, player)} over *" if player in OURS else ""
            lines.append(f"  {mark} {player:30}{cells}{over}")
    return "\n".join(lines)


def measures(runs: Sequence[Score]) -> dict[str, Interval]:
    """Every measure of the table over the seeds of one player in one world."""
    return {
        "net %": interval([100 * run.net_share for run in runs]),
        "recovered %": interval([100 * run.recovered_share for run in runs]),
        "of oracle %": interval([100 * run.oracle_share for run in runs]),
        "tries/rec.": interval([run.retries_per_recovery for run in runs]),
        "messages/case": interval([run.messages / run.cases for run in runs]),
        "cancels %": interval([100 * run.cancellations_caused / run.cases for run in runs]),
        "violations": interval([float(run.violations) for run in runs]),
        "faults": interval([float(run.faults) for run in runs]),
        "days": interval([run.median_days for run in runs]),
        "ms/dec.": interval([run.ms_per_decision for run in runs]),
    }


def rows(scores: Scores, ours: Sequence[str]) -> list[Row]:
    """The goals. Nothing of ours played: nothing measured."""
    if "ours" not in ours:
        return [unmeasured("W1", "the policy in worlds", "-", "ours did not play")]
    worlds = list(dict.fromkeys(world for world, _ in scores))
    gains = {world: gain(scores, world, "ours") for world in worlds}
    mine = {world: scores[world, "ours"] for world in worlds}
    least = min(worlds, key=lambda world: gains[world].mean)
    shares = {world: interval([100 * run.oracle_share for run in mine[world]]) for world in worlds}
    lowest = min(worlds, key=lambda world: shares[world].mean)
    more = [world for world in worlds if _messages(scores, world, "ours") >= _others(scores, world)]
    runs = [run for world in worlds for run in mine[world]]
    violations, faults = sum(run.violations for run in runs), sum(run.faults for run in runs)
    slowest = max(run.ms_per_decision for run in runs)
    return [
        Row(
            name="W1",
            work="points of net value over the best schedule",
            goal=">= 10",
            figure=f"{gains[least].mean:+.1f}",
            met=gains[least].mean >= 10,
            bound=f"The least of {len(worlds)} worlds, {least}: {gains[least]}. Where the calendar "
            "or the codes say little, there is less to win.",
            readings=_readings(scores, gains),
        ),
        Row(
            name="W2",
            work="share of what an oracle gets, %",
            goal=">= 80",
            figure=f"{shares[lowest].mean:.1f}",
            met=shares[lowest].mean >= 80,
            bound=f"The least, {lowest}: {shares[lowest]}. The oracle sees the hidden truth and is "
            "a bound: it never waits, never annoys and never fails.",
        ),
        Row(
            name="W3",
            work="violations of the networks' rules",
            goal="0",
            figure=str(violations),
            met=violations == 0,
            bound="Counted per card over all worlds and seeds; the stricter of two Visa editions.",
        ),
        Row(
            name="W4",
            work="faults of the protocol",
            goal="0",
            figure=str(faults),
            met=faults == 0,
            bound="Over all worlds and seeds.",
        ),
        Row(
            name="W5",
            work="worlds with more messages than the best schedule",
            goal="0",
            figure=str(len(more)),
            met=not more,
            bound="Messages are sent where they pay, and each has its risk."
            + (f" More in: {', '.join(more)}." if more else ""),
        ),
        Row(
            name="D2",
            work="a decision by `policy decide`, CPU ms",
            goal="<= 1",
            figure=f"{slowest:.2f}",
            met=slowest <= 1,
            bound="The slowest run, with start-up and learning in it.",
        ),
    ]


def _messages(scores: Scores, world: str, player: str) -> float:
    return fmean(run.messages / run.cases for run in scores[world, player])


def _others(scores: Scores, world: str) -> float:
    return _messages(scores, world, best_schedule(scores, world))


def _readings(scores: Scores, gains: Mapping[str, Interval]) -> dict[str, Any]:
    found: dict[str, Any] = {
        world: {
            "best_schedule": best_schedule(scores, world),
            "gain": [gains[world].mean, gains[world].half],
            "players": {},
        }
        for world in gains
    }
    for (world, player), runs in scores.items():
        found[world]["players"][player] = {
            name: [each.mean, each.half] for name, each in measures(runs).items()
        } | {"digests": [run.digest for run in runs]}
    return found


def _play_all(games: Sequence[Played]) -> Iterable[Score]:
    """Two at a time, in processes of their own; how far it is goes to stderr."""
    found: list[Score] = []
    with get_context("spawn").Pool(AT_ONCE) as pool:
        for done, each in enumerate(pool.imap(_play_one, games, chunksize=1), start=1):
            found.append(each)
            game = games[done - 1]
            print(f"\r{done}/{len(games)} {game.world} {game.seed} {game.player:20}", end="",
                  file=sys.stderr, flush=True)  # fmt: skip
    print(file=sys.stderr)
    return found


def _play_one(game: Played) -> Score:
    policy = OURS[game.player] if game.player in OURS else OPPONENTS[game.player]
    return play(game.world, game.seed, game.cases, policy)


def _gathered(games: Sequence[Played], played: Iterable[Score]) -> Scores:
    scores: Scores = {}
    for game, each in zip(games, played, strict=True):
        scores.setdefault((game.world, game.player), []).append(each)
    return scores
