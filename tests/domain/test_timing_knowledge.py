"""Learning: towards the truth, with caution, readable, and forgetting what is old."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.decline import DeclineFamily
from domain.policy.shapes import Channel, Template
from domain.timing.choice import choose
from domain.timing.knowledge import Knowledge
from domain.timing.lessons import ChargeLesson, Lesson, MessageLesson, QuietLesson, Reaction
from tests.domain.timing_cases import DAY, ECONOMICS, HOUR, MONDAY, situation, span

BASE = ("base", "funds", "")


def charge(at_hours: int, succeeded: bool, merchant: str = "bakery") -> ChargeLesson:
    at = MONDAY + at_hours * HOUR
    case = situation(failed_at=at - 2 * DAY, last_try_at=at - 2 * DAY, merchant=merchant)
    return ChargeLesson(situation=case, at=at, succeeded=succeeded)


charges = st.builds(charge, st.integers(0, 2000), st.booleans(), st.sampled_from(["a", "b"]))
messages = st.builds(
    MessageLesson,
    situation=st.builds(situation, messages=st.integers(0, 5), asked=st.booleans()),
    at=st.just(MONDAY),
    template=st.sampled_from(Template),
    channel=st.sampled_from(Channel),
    reaction=st.sampled_from(Reaction),
)
quiets = st.builds(
    QuietLesson,
    situation=st.builds(situation, asked=st.booleans()),
    at=st.just(MONDAY),
    days=st.integers(0, 30),
    reaction=st.sampled_from(Reaction),
)
lessons = st.lists(st.one_of(charges, messages, quiets), max_size=25)


def taught(told: list[Lesson]) -> Knowledge:
    knowledge = Knowledge()
    for lesson in told:
        knowledge.learn(lesson)
    return knowledge


@pytest.mark.parametrize("truth", [0.05, 0.3, 0.7])
def test_it_converges_to_what_is_true(truth: float) -> None:
    random, knowledge = Random(7), Knowledge()
    for number in range(3000):
        knowledge.learn(charge(number % 300, random.random() < truth))
    case = charge(50, True)
    assert knowledge.charge_chance(case.situation, case.at) == pytest.approx(truth, abs=0.05)


def test_it_finds_the_hour_that_is_good_here_though_the_priors_say_otherwise() -> None:
    random, knowledge = Random(7), Knowledge()
    for number in range(4000):
        lesson = charge(number % 400, False)
        good = (lesson.at - 4 * HOUR).hour in range(19, 23)  # New York in summer
        knowledge.learn(charge(number % 400, random.random() < (0.5 if good else 0.05)))
    at = choose(situation(), span(), knowledge, ECONOMICS, 0.5).at
    assert at is not None
    assert (at - 4 * HOUR).hour in range(19, 23)


@settings(max_examples=50, deadline=None)
@given(lessons)
def test_what_is_written_is_read_again_to_the_byte(told: list[Lesson]) -> None:
    written = taught(told).encode()
    assert Knowledge.decode(written).encode() == written
    assert taught(told).encode() == written


@settings(max_examples=50, deadline=None)
@given(lessons)
def test_certainty_only_grows_while_learning_on_one_day_and_no_bucket_loses_its_mind(
    told: list[Lesson],
) -> None:
    knowledge = taught(told)
    mean, variance = knowledge.reading(BASE)
    assert 0 < variance <= Knowledge().reading(BASE)[1]
    assert abs(mean) < 10


def test_a_success_raises_and_a_refusal_lowers_every_bucket_it_touches() -> None:
    before = Knowledge().reading(BASE)[0]
    assert taught([charge(0, True)]).reading(BASE)[0] > before
    assert taught([charge(0, False)]).reading(BASE)[0] < before


def test_one_outcome_moves_a_merchant_little() -> None:
    own = ("merchant", "", "bakery")
    assert 0 < taught([charge(0, True)]).reading(own)[0] < 0.05


def test_a_merchant_who_differs_is_known_in_time_without_changing_the_others_as_much() -> None:
    told = [charge(n % 300, n % 2 == 0, "good" if n % 2 == 0 else "bad") for n in range(2000)]
    knowledge = taught(list(told))
    good, bad = (
        knowledge.charge_chance(situation(merchant=name), MONDAY + 2 * DAY)
        for name in ("good", "bad")
    )
    assert good > bad + 0.1


def test_old_evidence_fades_by_half_in_ninety_days_and_in_the_end_only_the_prior_is_left() -> None:
    knowledge = taught([charge(0, True)] * 100)
    mean, variance = knowledge.reading(BASE)
    prior_mean, prior_variance = Knowledge().reading(BASE)
    later = knowledge.decayed(MONDAY + timedelta(days=90))
    assert later.counts(BASE) == (50, 50)
    assert later.reading(BASE)[0] == pytest.approx((mean + prior_mean) / 2)
    assert later.reading(BASE)[1] == pytest.approx((variance + prior_variance) / 2)
    forgotten = knowledge.decayed(MONDAY + timedelta(days=9000))
    assert forgotten.reading(BASE) == pytest.approx((prior_mean, prior_variance))
    assert knowledge.counts(BASE) == (100, 100)


def test_fading_in_two_steps_is_fading_in_one_and_never_backwards() -> None:
    knowledge = taught([charge(0, True)] * 10)
    once = knowledge.decayed(MONDAY + 20 * DAY)
    twice = knowledge.decayed(MONDAY + 10 * DAY).decayed(MONDAY + 20 * DAY)
    assert twice.reading(BASE) == pytest.approx(once.reading(BASE))
    assert knowledge.decayed(MONDAY - 10 * DAY).encode() == knowledge.encode()


def test_what_was_learned_fades_before_new_things_are_learned() -> None:
    early = taught([charge(0, True)] * 10)
    early.learn(charge(90 * 24, False))
    assert early.counts(BASE) == (6, 5)


def test_a_new_merchant_starts_with_what_all_have_taught_but_not_with_their_own() -> None:
    one, other = taught([charge(0, True, "a")] * 30), taught([charge(0, True, "b")] * 20)
    pooled = Knowledge.pooled((one, other))
    assert pooled.counts(BASE) == (50, 50)
    assert pooled.reading(BASE)[0] > max(one.reading(BASE)[0], other.reading(BASE)[0])
    assert pooled.counts(("merchant", "", "a")) == (0, 0)
    assert Knowledge.pooled(()).encode() == Knowledge().encode()


def test_a_merchants_own_experience_stands_above_everybodys_and_counts_once() -> None:
    all_fail, own = taught([charge(0, False, "b")] * 60), taught([charge(0, True, "a")] * 30)
    pooled = Knowledge.pooled((all_fail, own), own)
    assert pooled.counts(BASE) == (90, 30)
    assert pooled.counts(("merchant", "", "a")) == (30, 30)
    assert pooled.counts(("merchant", "", "b")) == (0, 0)
    even = Knowledge.pooled((all_fail, own))
    assert pooled.reading(BASE)[0] > even.reading(BASE)[0]
    assert own.counts(BASE) == (30, 30)


def test_pooling_evidence_of_two_days_fades_the_older() -> None:
    old, new = taught([charge(0, True)] * 10), taught([charge(90 * 24, True)] * 10)
    assert Knowledge.pooled((old, new)).counts(BASE) == (15, 15)
    assert Knowledge.pooled((new, old)).counts(BASE) == (15, 15)


def test_days_without_a_message_are_parts_of_a_week_and_what_happens_counts_whole() -> None:
    key = ("quiet_act", "funds", "")
    quiet = QuietLesson(situation=situation(), at=MONDAY, days=14, reaction=Reaction.NOTHING)
    acted = QuietLesson(situation=situation(), at=MONDAY, days=1, reaction=Reaction.ACTED)
    assert taught([quiet]).counts(key) == (2, 0)
    assert taught([quiet, acted]).counts(key) == (3, 1)


def test_every_family_has_its_own_experience() -> None:
    knowledge = taught([charge(0, True)] * 50)
    unknown = situation(family=DeclineFamily.UNKNOWN, code="do_not_honor")
    assert knowledge.reading(("base", "unknown", "")) == Knowledge().reading(
        ("base", "unknown", "")
    )
    assert knowledge.charge_chance(unknown, MONDAY + DAY) < knowledge.charge_chance(
        situation(), MONDAY + DAY
    )
