"""Learning is the textbook's: an extended Kalman step for each outcome, precisions that add up."""

from collections.abc import Iterable
from datetime import timedelta
from math import exp

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.policy.shapes import Channel, Template
from domain.timing.features import Key, charge_keys, message_keys, quiet_keys, week_of
from domain.timing.knowledge import Knowledge, chance_of
from domain.timing.lessons import ChargeLesson, Lesson, MessageLesson, QuietLesson, Reaction
from domain.timing.priors import BANDS, MEANS, SPREADS, prior
from tests.domain.timing_cases import DAY, HOUR, MONDAY, situation

BASE = ("base", "funds", "")


class Textbook:
    """The same lessons taken in by the filter as it is written down everywhere.

    What is seen, s = 1 - (1 - p)(1 - a), is observed with the noise s (1 - s) / weight, where p is
    the chance by the buckets and a that of what happens anyway.
    """

    def __init__(self) -> None:
        self.states: dict[Key, tuple[float, float]] = {}
        self.seen: dict[Key, tuple[float, float]] = {}

    def state(self, key: Key) -> tuple[float, float]:
        return self.states.get(key, prior(key))

    def chance(self, keys: Iterable[Key]) -> float:
        return 1 / (1 + exp(-sum(self.state(key)[0] for key in keys)))

    def observe(self, keys: list[Key], came: bool, weight: float, anyway: float = 0.0) -> None:
        chance = min(0.998, max(0.002, self.chance(keys)))
        expected = 1 - (1 - chance) * (1 - anyway)
        slope = chance * (1 - chance) * (1 - anyway)
        noise = expected * (1 - expected) / weight if weight else float("inf")
        doubt = slope * slope * sum(self.state(key)[1] for key in keys) + noise
        for key in keys:
            mean, variance = self.state(key)
            gain = variance * slope / doubt
            moved = mean + gain * (came - expected)
            self.states[key] = (moved, variance - gain * slope * variance)
            tries, won = self.seen.get(key, (0.0, 0.0))
            self.seen[key] = (tries + weight, won + weight * came)

    def learn(self, lesson: Lesson) -> None:
        match lesson:
            case ChargeLesson():
                self.observe(charge_keys(lesson.situation, lesson.at), lesson.succeeded, 1.0)
            case MessageLesson():
                case_, week = lesson.situation, week_of(lesson.situation, lesson.at)
                told = message_keys(case_, lesson.template, lesson.channel)
                ends = (Reaction.ACTED, Reaction.CANCELLED)
                for keys, quiet, end in zip(told, quiet_keys(case_, week), ends, strict=True):
                    self.observe(keys, lesson.reaction is end, 1.0, self.chance(quiet))
            case QuietLesson():
                self.learn_quiet(lesson)

    def learn_quiet(self, lesson: QuietLesson) -> None:
        """Each day lies in a week; the stretch is spread over the weeks, its end is an event."""
        days = range(max(1, lesson.days))
        weeks = sorted({week_of(lesson.situation, lesson.at + n * DAY) for n in days})
        for week in weeks:
            act, leave = quiet_keys(lesson.situation, week)
            for keys, end in ((act, Reaction.ACTED), (leave, Reaction.CANCELLED)):
                came = week == weeks[-1] and lesson.reaction is end
                self.observe(keys, came, 1.0 if came else lesson.days / 7 / len(weeks))


def charge(hours: int, succeeded: bool, **facts: object) -> ChargeLesson:
    case = situation(failed_at=MONDAY - 3 * DAY, last_try_at=MONDAY - 2 * DAY, **facts)
    return ChargeLesson(situation=case, at=MONDAY + hours * HOUR, succeeded=succeeded)


AT = MONDAY + 8 * HOUR  # one day for all: fading is another matter
charges = st.builds(charge, st.integers(0, 8), st.booleans(), month_tries=st.integers(0, 12))
messages = st.builds(
    MessageLesson,
    situation=st.builds(situation, messages=st.integers(0, 5), asked=st.booleans()),
    at=st.just(AT),
    template=st.sampled_from(Template),
    channel=st.sampled_from(Channel),
    reaction=st.sampled_from(Reaction),
)
quiets = st.builds(
    QuietLesson,
    situation=st.builds(
        situation, failed_at=st.integers(0, 20).map(lambda days: AT - timedelta(days=days))
    ),
    at=st.just(AT),
    days=st.integers(0, 30),
    reaction=st.sampled_from(Reaction),
)


def rows(knowledge: Knowledge) -> dict[Key, list[float]]:
    """All that is written down: mean, variance, tries and successes of each bucket."""
    written = msgspec.json.decode(knowledge.encode())
    return {(row[0], row[1], row[2]): row[3:7] for row in written}


@settings(max_examples=80)
@given(st.lists(st.one_of(charges, messages, quiets), min_size=1, max_size=8))
def test_every_lesson_is_the_textbooks_step(told: list[Lesson]) -> None:
    knowledge, textbook = Knowledge(), Textbook()
    for lesson in told:
        knowledge.learn(lesson)
        textbook.learn(lesson)
    learned = rows(knowledge)
    assert set(learned) == set(textbook.states)
    for key, row in learned.items():
        assert row[:2] == pytest.approx(textbook.states[key], rel=1e-9, abs=1e-12)
        assert row[2:] == pytest.approx(textbook.seen[key])


def test_what_is_all_but_certain_is_still_learned_from() -> None:
    certain = ChargeLesson(situation=situation(new_card=True), at=AT, succeeded=True)
    knowledge, textbook = Knowledge(), Textbook()
    for number in range(1500):
        lesson = msgspec.structs.replace(certain, succeeded=number < 1490)
        knowledge.learn(lesson)
        textbook.learn(lesson)
    key = ("base", "new_card", "")
    assert knowledge.reading(key) == pytest.approx(textbook.states[key])


def test_no_sum_of_buckets_is_beyond_thirty_either_way() -> None:
    assert chance_of(31.0) == chance_of(30.0) == 1 / (1 + exp(-30.0))
    assert chance_of(-31.0) == chance_of(-30.0) == 1 / (1 + exp(30.0))
    assert 0 < chance_of(-1000.0) < chance_of(0.0) == 0.5


def test_pooled_evidence_adds_up_in_precision() -> None:
    one, other = Knowledge(), Knowledge()
    for number in range(40):
        one.learn(charge(number % 8, number % 3 == 0))
        other.learn(charge(number % 7, number % 2 == 0, brand="amex", merchant="florist"))
    pooled = Knowledge.pooled((one, other))
    shared = [key for key in rows(one) if key in rows(other)]
    assert len(shared) > 10
    for key in shared:
        (mean, variance), (first, doubt), (second, unsure) = (
            prior(key), one.reading(key), other.reading(key)
        )  # fmt: skip
        precision = 1 / doubt + 1 / unsure - 1 / variance
        weighted = first / doubt + second / unsure - mean / variance
        assert pooled.reading(key) == pytest.approx((weighted / precision, 1 / precision))


def test_all_but_what_is_a_merchants_own_is_shared() -> None:
    one = Knowledge()
    one.learn(charge(1, True))
    kept = {key for key in rows(one) if key[0] != "merchant"}
    assert set(rows(Knowledge.pooled((one,)))) == kept < set(rows(one))


def test_others_count_as_less_sure_by_half_the_spread_but_never_as_less_than_the_prior() -> None:
    others, own = Knowledge(), Knowledge()
    for number in range(400):
        others.learn(charge(number % 8, number % 3 == 0, merchant="florist"))
    others.learn(charge(1, True, brand="amex"))
    pooled = Knowledge.pooled((others,), own)
    widened = 0
    for key in rows(pooled):
        variance = others.reading(key)[1] + SPREADS[key[0]] ** 2 / 4
        assert pooled.reading(key)[1] == pytest.approx(min(prior(key)[1], variance))
        widened += variance < prior(key)[1]
    assert 0 < widened < len(rows(pooled))


def test_rows_are_written_in_the_order_of_their_names_whatever_was_learned_first() -> None:
    known, unknown = charge(1, True), charge(2, True, tenure_days=None, brand="amex")
    for order in ((known, unknown), (unknown, known)):
        knowledge = Knowledge()
        for lesson in order:
            knowledge.learn(lesson)
        names = [(row[0], row[1], str(row[2])) for row in msgspec.json.decode(knowledge.encode())]
        assert names == sorted(names)
        assert {("tenure", "", "?"), ("tenure", "", "2")} <= set(names)


def test_before_anything_was_seen_the_tables_are_believed() -> None:
    for (kind, family), bands in BANDS.items():
        for band, mean in enumerate(bands):
            assert prior((kind, family, band)) == (mean, SPREADS[kind] ** 2)
    for (kind, family, value), mean in MEANS.items():
        assert prior((kind, family, value)) == (mean, SPREADS[kind] ** 2)
    assert prior(("brand", "", "no such brand"))[0] == 0.0
    assert Knowledge().counts(BASE) == (0, 0)
