"""What has been learned: counts and weights that can be read, and that start from priors.

A scorecard: the log-odds of a success are the sum of the means of the buckets that a case and an
instant fall into. Each bucket knows how sure it is (its variance), and how many tries and successes
it saw. One outcome moves its buckets by the extended Kalman step with a diagonal covariance: the
surprise is shared out by how unsure each bucket is, so that twenty buckets do not each claim it
whole. Old evidence fades: a bucket drifts back to its prior with `HALF_LIFE_DAYS`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import exp
from typing import Final

import msgspec
from msgspec import Struct

from domain.timing.features import Key, charge_keys, message_keys, quiet_keys, week_of
from domain.timing.lessons import ChargeLesson, Lesson, MessageLesson, QuietLesson, Reaction
from domain.timing.priors import SPREADS, prior
from domain.timing.situation import Situation

HALF_LIFE_DAYS: Final = 90.0
# No chance is believed to be nearer to certainty than this when it learns.
SUREST: Final = 0.002
WEEK_DAYS: Final = 7
# What a merchant's own key marks is that merchant's alone and never shared with others.
OWN_KINDS: Final = frozenset({"merchant", "act_merchant", "quit_merchant"})


class Bucket(Struct, gc=False):
    """One weight in log-odds, its variance, and the counts behind it, as of `day`."""

    mean: float
    variance: float
    tries: float
    successes: float
    day: int  # ordinal of the day up to which it is decayed


Row = tuple[str, str, str | int, float, float, float, float, int]
_rows = msgspec.json.Decoder(list[Row])


class Knowledge:
    """A running, readable model. `decide` only reads it; `learn` is called between decisions."""

    __slots__ = ("_buckets",)

    def __init__(self, buckets: dict[Key, Bucket] | None = None) -> None:
        self._buckets: dict[Key, Bucket] = {} if buckets is None else buckets

    def learn(self, lesson: Lesson) -> None:
        """Take one outcome in."""
        day = lesson.at.toordinal()
        if isinstance(lesson, ChargeLesson):
            keys = charge_keys(lesson.situation, lesson.at)
            self._observe(keys, lesson.succeeded, 1.0, day)
        elif isinstance(lesson, MessageLesson):
            self._learn_message(lesson, day)
        else:
            self._learn_quiet(lesson, day)

    def reading(self, key: Key) -> tuple[float, float]:
        """Mean and variance of a bucket; the prior's where nothing was learned."""
        bucket = self._buckets.get(key)
        return prior(key) if bucket is None else (bucket.mean, bucket.variance)

    def counts(self, key: Key) -> tuple[int, int]:
        """Tries and successes of a bucket, as far as they have not faded, rounded."""
        bucket = self._buckets.get(key)
        return (0, 0) if bucket is None else (round(bucket.tries), round(bucket.successes))

    def chance(self, keys: Iterable[Key]) -> float:
        """The probability of a success in all of these buckets together."""
        return chance_of(sum(self.reading(key)[0] for key in keys))

    def charge_chance(self, situation: Situation, at: datetime) -> float:
        """The probability that a charge at `at` goes through."""
        return self.chance(charge_keys(situation, at))

    def encode(self) -> bytes:
        """All of it as JSON, deterministic."""
        rows = [
            (*key, b.mean, b.variance, b.tries, b.successes, b.day)
            for key, b in sorted(self._buckets.items(), key=_by_name)
        ]
        return msgspec.json.encode(rows)

    @classmethod
    def decode(cls, raw: bytes) -> "Knowledge":
        """What `encode` wrote."""
        return cls({row[:3]: Bucket(*row[3:]) for row in _rows.decode(raw)})

    @classmethod
    def pooled(cls, parts: tuple["Knowledge", ...], own: "Knowledge | None" = None) -> "Knowledge":
        """What everybody who agreed has taught, and a merchant's own experience above it.

        The evidence of all adds up; before the merchant's own is added, the others' counts as less
        sure, by half the prior's spread, for one merchant differs from the next. Give `own` as one
        object among `parts` too, or leave it out there: it counts once. What is kept by merchant
        stays with its merchant.
        """
        shared: dict[Key, Bucket] = {}
        for part in parts:
            if part is not own:
                _add(shared, part, OWN_KINDS)
        if own is not None:
            for key, bucket in shared.items():
                bucket.variance = min(prior(key)[1], bucket.variance + SPREADS[key[0]] ** 2 / 4)
            _add(shared, own, frozenset())
        return cls(shared)

    def decayed(self, to: datetime) -> "Knowledge":
        """The same with old evidence counting less."""
        day = to.toordinal()
        copies = {key: Bucket(*_fields(bucket)) for key, bucket in self._buckets.items()}
        for key, bucket in copies.items():
            _decay(bucket, prior(key), day)
        return Knowledge(copies)

    def _learn_message(self, lesson: MessageLesson, day: int) -> None:
        """Only what goes beyond a week without a message is the message's doing."""
        acting, leaving = message_keys(lesson.situation, lesson.template, lesson.channel)
        quiet_acting, quiet_leaving = quiet_keys(
            lesson.situation, week_of(lesson.situation, lesson.at)
        )
        acted, left = (lesson.reaction is each for each in (Reaction.ACTED, Reaction.CANCELLED))
        self._observe(acting, acted, 1.0, day, self.chance(quiet_acting))
        self._observe(leaving, left, 1.0, day, self.chance(quiet_leaving))

    def _learn_quiet(self, lesson: QuietLesson, day: int) -> None:
        """An event counts whole; days on which nothing happened are a part of a week without.

        A long stretch is shared out evenly over the weeks that it touches.
        """
        first, last = (
            week_of(lesson.situation, lesson.at + timedelta(days=days))
            for days in (0, max(0, lesson.days - 1))
        )
        share = lesson.days / WEEK_DAYS / (last - first + 1)
        for week in range(first, last + 1):
            ended = week == last
            for keys, event in zip(
                quiet_keys(lesson.situation, week),
                (Reaction.ACTED, Reaction.CANCELLED),
                strict=True,
            ):
                happened = ended and lesson.reaction is event
                self._observe(keys, happened, 1.0 if happened else share, day)

    def _observe(
        self, keys: list[Key], succeeded: bool, weight: float, day: int, anyway: float = 0.0
    ) -> None:
        """Move the buckets by one outcome, which has the chance `anyway` without their doing."""
        buckets = [self._touched(key, day) for key in keys]
        total = sum([bucket.variance for bucket in buckets])
        chance = chance_of(sum([bucket.mean for bucket in buckets]))
        chance = min(1 - SUREST, max(SUREST, chance))
        seen = chance + anyway - chance * anyway
        # How much one unit of log-odds moves what is seen, in its own variances.
        slope = chance * (1 - chance) * (1 - anyway) / (seen * (1 - seen))
        information = weight * slope * slope * seen * (1 - seen)
        share = 1 / (1 + information * total)
        push = weight * (succeeded - seen) * slope * share
        shrink = information * share
        won = weight if succeeded else 0.0
        for bucket in buckets:
            variance = bucket.variance
            bucket.mean += variance * push
            bucket.variance = variance - variance * variance * shrink
            bucket.tries += weight
            bucket.successes += won

    def _touched(self, key: Key, day: int) -> Bucket:
        """The bucket to be changed, its evidence faded up to `day`."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(*prior(key), 0.0, 0.0, day)
        elif bucket.day < day:
            _decay(bucket, prior(key), day)
        return bucket


def chance_of(log_odds: float) -> float:
    """The probability that these log-odds stand for."""
    return 1 / (1 + exp(-max(-30.0, min(30.0, log_odds))))


def _decay(bucket: Bucket, prior_of: tuple[float, float], day: int) -> None:
    """Fade the evidence up to `day`; a day before the bucket's own changes nothing."""
    if day <= bucket.day:
        return
    kept = 0.5 ** ((day - bucket.day) / HALF_LIFE_DAYS)
    mean, variance = prior_of
    bucket.mean = mean + (bucket.mean - mean) * kept
    bucket.variance = variance + (bucket.variance - variance) * kept
    bucket.tries *= kept
    bucket.successes *= kept
    bucket.day = day


def _add(into: dict[Key, Bucket], part: Knowledge, without: frozenset[str]) -> None:
    """Add the evidence of `part`: precisions beyond the prior's add up."""
    for key, bucket in part._buckets.items():
        if key[0] in without:
            continue
        prior_of = prior(key)
        there = into.get(key) or Bucket(*prior_of, 0.0, 0.0, bucket.day)
        into[key] = _sum(there, Bucket(*_fields(bucket)), prior_of)


def _sum(one: Bucket, other: Bucket, prior_of: tuple[float, float]) -> Bucket:
    """Both evidences in one bucket, faded to the later of the two days."""
    day = max(one.day, other.day)
    _decay(one, prior_of, day)
    _decay(other, prior_of, day)
    mean, variance = prior_of
    precision = 1 / one.variance + 1 / other.variance - 1 / variance
    weighted = one.mean / one.variance + other.mean / other.variance - mean / variance
    return Bucket(
        weighted / precision,
        1 / precision,
        one.tries + other.tries,
        one.successes + other.successes,
        day,
    )


def _fields(bucket: Bucket) -> tuple[float, float, float, float, int]:
    return bucket.mean, bucket.variance, bucket.tries, bucket.successes, bucket.day


def _by_name(item: tuple[Key, Bucket]) -> tuple[str, str, str]:
    (kind, family, value), _ = item
    return kind, family, str(value)
