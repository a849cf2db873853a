"""Whose doing a payment was, and how four credits add up to the money that came and stayed."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.attribution import Cause, Credited, Split, credited, latest_experiment, split
from domain.attribution.credit import HEARD, MILLION, shared_out
from domain.decline import DeclineFamily
from domain.policy import Arm, Match, Plan, Segment
from domain.recovery import events as e
from tests.builders import ACCOUNT, DAY, MONDAY, NEW_VISA, a_policy

OPENED = e.CaseOpened(
    at=MONDAY,
    account=ACCOUNT,
    invoice_id="in_1",
    customer_id="cus_anna",
    subscription_id="sub_1",
    amount_minor=29_00,
    currency="eur",
    policy_version=1,
    closes_at=MONDAY + 14 * DAY,
)
STARTED = e.AttemptStarted(at=MONDAY, number=1, amount_minor=29_00, card=None)
WROTE = e.ReminderStarted(at=MONDAY, step=1, message_id="m_1")
BOUNCED = e.ReminderFailed(at=MONDAY, step=1, reason="refused")
GAVE_CARD = e.CardReplaced(at=MONDAY, card=NEW_VISA)
RENEWED = e.CardReplaced(at=MONDAY, card=NEW_VISA, by=e.CardSource.NETWORK)
PICKED = e.DatePicked(at=MONDAY, charge_at=MONDAY + DAY)
PROMISED = e.PaymentPromised(at=MONDAY, until=MONDAY + DAY)


def paid(by: e.Payer, attempt: int | None = None) -> e.CaseRecovered:
    """All of it came."""
    return e.CaseRecovered(at=MONDAY + DAY, amount_minor=29_00, by=by, attempt=attempt)


def returned(amount_minor: int, at: datetime = MONDAY + 9 * DAY) -> e.MoneyReturned:
    """Some of it went back."""
    return e.MoneyReturned(at=at, amount_minor=amount_minor, reason=e.Return.REFUND)


def cause(*events: e.Event) -> Cause | None:
    """Whose doing the payment of such a case was."""
    found = credited((OPENED, *events))
    return found.cause if found else None


OURS = paid(e.Payer.CHARGECHASE, 1)
THEIRS = paid(e.Payer.CUSTOMER)
STRIPES = paid(e.Payer.STRIPE)


@pytest.mark.parametrize(
    ("events", "whose"),
    [
        ((STARTED, OURS), Cause.OUR_RETRY),
        ((WROTE, STARTED, OURS), Cause.OUR_RETRY),
        ((GAVE_CARD, STARTED, OURS), Cause.OUR_RETRY),
        ((WROTE, RENEWED, STARTED, OURS), Cause.OUR_RETRY),
        ((WROTE, GAVE_CARD, STARTED, OURS), Cause.CUSTOMER_LINK),
        ((WROTE, GAVE_CARD, RENEWED, STARTED, OURS), Cause.OUR_RETRY),
        ((PICKED, STARTED, OURS), Cause.CUSTOMER_LINK),
        ((PROMISED, STARTED, OURS), Cause.OUR_RETRY),
        ((PROMISED, GAVE_CARD, STARTED, OURS), Cause.CUSTOMER_LINK),
        ((WROTE, THEIRS), Cause.CUSTOMER_LINK),
        ((PROMISED, THEIRS), Cause.CUSTOMER_LINK),
        ((WROTE, BOUNCED, THEIRS), Cause.WOULD_HAVE_PAID),
        ((WROTE, BOUNCED, GAVE_CARD, STARTED, OURS), Cause.OUR_RETRY),
        ((THEIRS,), Cause.WOULD_HAVE_PAID),
        ((STARTED, THEIRS), Cause.WOULD_HAVE_PAID),
        ((STRIPES,), Cause.STRIPE_RETRY),
        ((WROTE, GAVE_CARD, STRIPES), Cause.STRIPE_RETRY),
        ((e.MoneyCameLate(at=MONDAY, amount_minor=1, by=e.Payer.STRIPE),), Cause.STRIPE_RETRY),
        ((WROTE, STARTED), None),
    ],
)
def test_a_payment_is_the_doing_of_whoever_moved_it(
    events: tuple[e.Event, ...], whose: Cause | None
) -> None:
    assert cause(*events) == whose


def test_a_case_tells_what_came_what_went_back_and_whether_it_was_only_watched() -> None:
    watched = replace(OPENED, held_out=True)
    assert credited((watched, STRIPES)) == Credited(
        currency="eur", cause=Cause.STRIPE_RETRY, amount_minor=29_00, held_out=True
    )
    refunded = credited((OPENED, OURS, returned(5_00), returned(4_00)))
    assert refunded is not None
    assert (refunded.amount_minor, refunded.returned_minor, refunded.stayed_minor) == (
        29_00,
        9_00,
        20_00,
    )


def test_a_dispute_that_was_won_gives_the_credit_back() -> None:
    reinstated = e.MoneyReinstated(at=MONDAY + 40 * DAY, amount_minor=29_00)
    won = credited((OPENED, OURS, returned(29_00), reinstated))
    odd = credited((OPENED, OURS, reinstated))
    assert won is not None
    assert won.stayed_minor == 29_00
    assert odd is not None
    assert odd.stayed_minor == 29_00, "nothing comes back that had not gone"


def test_more_than_came_cannot_go_back() -> None:
    refunded = credited((OPENED, OURS, returned(30_00)))
    assert refunded is not None
    assert refunded.stayed_minor == 0


def payment(cause: Cause, amount_minor: int, **more: object) -> Credited:
    """A payment in euros."""
    return Credited(**{"currency": "eur", "cause": cause, "amount_minor": amount_minor, **more})  # type: ignore[arg-type]


def test_without_a_hold_out_only_the_certain_part_would_have_come_anyway() -> None:
    (found,) = split([payment(Cause.OUR_RETRY, 90), payment(Cause.WOULD_HAVE_PAID, 10)])
    assert found == Split(
        currency="eur",
        cases=2,
        total_minor=100,
        our_retry_minor=90,
        customer_link_minor=0,
        stripe_retry_minor=0,
        would_have_paid_minor=10,
        estimated_minor=None,
    )


def test_the_hold_out_takes_from_ours_what_would_have_come_anyway() -> None:
    payments = [
        payment(Cause.OUR_RETRY, 60),
        payment(Cause.CUSTOMER_LINK, 20),
        payment(Cause.STRIPE_RETRY, 5),
        payment(Cause.WOULD_HAVE_PAID, 15),
    ]
    (found,) = split(payments, {"eur": 400_000})
    # Of 100 chased 40 would have come; 20 of them are not ours in the first place.
    assert found.estimated_minor == 20
    assert (found.our_retry_minor, found.customer_link_minor) == (45, 15)
    assert (found.stripe_retry_minor, found.would_have_paid_minor) == (5, 35)


def test_what_the_held_out_paid_is_not_taken_from_ours_again() -> None:
    payments = [
        payment(Cause.OUR_RETRY, 100),
        payment(Cause.STRIPE_RETRY, 1000, held_out=True),
    ]
    (found,) = split(payments, {"eur": 500_000})
    assert (found.our_retry_minor, found.estimated_minor) == (50, 50)


def test_a_hold_out_that_did_as_well_leaves_nothing_for_us() -> None:
    (found,) = split([payment(Cause.OUR_RETRY, 7)], {"eur": MILLION})
    assert (found.our_retry_minor, found.would_have_paid_minor) == (0, 7)


def test_a_hold_out_speaks_for_its_own_currency_alone() -> None:
    yen = Credited(currency="jpy", cause=Cause.OUR_RETRY, amount_minor=500)
    euros, yens = split([yen, payment(Cause.OUR_RETRY, 100)], {"eur": 100_000})
    assert (euros.currency, euros.estimated_minor) == ("eur", 10)
    assert (yens.currency, yens.estimated_minor, yens.our_retry_minor) == ("jpy", None, 500)


def test_no_payments_are_no_split() -> None:
    assert split([], {"eur": 1}) == ()


@st.composite
def payments_of_chance(draw: st.DrawFn) -> Credited:
    amount = draw(st.integers(0, 10**9))
    return Credited(
        currency=draw(st.sampled_from(["eur", "jpy", "kwd"])),
        cause=draw(st.sampled_from(Cause)),
        amount_minor=amount,
        returned_minor=draw(st.integers(0, amount + 5)),
        held_out=draw(st.booleans()),
    )


shares = st.dictionaries(st.sampled_from(["eur", "jpy", "kwd"]), st.integers(0, MILLION))


def four(found: Split) -> tuple[int, int, int, int]:
    return (
        found.our_retry_minor,
        found.customer_link_minor,
        found.stripe_retry_minor,
        found.would_have_paid_minor,
    )


@given(st.lists(payments_of_chance(), max_size=30), shares)
def test_the_four_always_add_up_to_what_came_and_stayed(
    payments: list[Credited], known: dict[str, int]
) -> None:
    for found in split(payments, known):
        mine = [one for one in payments if one.currency == found.currency]
        stayed = sum(max(one.amount_minor - one.returned_minor, 0) for one in mine)
        assert sum(four(found)) == found.total_minor == stayed
        assert min(four(found)) >= 0
        assert found.cases == len(mine)


@given(st.lists(payments_of_chance(), max_size=12), shares, st.randoms(use_true_random=False))
def test_the_order_of_cases_does_not_matter(
    payments: list[Credited], known: dict[str, int], chance: object
) -> None:
    shuffled = list(payments)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert split(shuffled, known) == split(payments, known)


@given(st.lists(payments_of_chance(), min_size=1, max_size=12), st.data())
def test_a_return_lessens_the_credit_of_its_own_payment_and_no_other(
    payments: list[Credited], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(payments) - 1))
    one = payments[place]
    more = data.draw(st.integers(0, one.stayed_minor))
    after = [*payments]
    after[place] = replace(one, returned_minor=one.returned_minor + more)
    order = [Cause.OUR_RETRY, Cause.CUSTOMER_LINK, Cause.STRIPE_RETRY, Cause.WOULD_HAVE_PAID]
    for was, now in zip(split(payments), split(after), strict=True):
        less = [one - other for one, other in zip(four(was), four(now), strict=True)]
        mine = was.currency == one.currency
        assert less == [more if mine and cause is one.cause else 0 for cause in order]


@given(st.lists(payments_of_chance(), max_size=12), shares)
def test_the_estimate_only_moves_money_from_ours_to_what_would_have_come(
    payments: list[Credited], known: dict[str, int]
) -> None:
    for certain, found in zip(split(payments), split(payments, known), strict=True):
        assert found.our_retry_minor <= certain.our_retry_minor
        assert found.customer_link_minor <= certain.customer_link_minor
        assert found.stripe_retry_minor == certain.stripe_retry_minor


STORIES = st.lists(
    st.sampled_from([WROTE, BOUNCED, GAVE_CARD, RENEWED, PICKED, PROMISED, STARTED]), max_size=8
)


@given(STORIES)
def test_what_stripe_scheduled_is_never_ours_whatever_happened_before(story: list[e.Event]) -> None:
    assert cause(*story, STRIPES) is Cause.STRIPE_RETRY


@given(STORIES, st.sampled_from([OURS, THEIRS, STRIPES]))
def test_each_paid_case_has_exactly_one_credit(story: list[e.Event], end: e.Event) -> None:
    assert cause(*story, end) in set(Cause)


@given(STORIES, st.sampled_from([OURS, THEIRS, STRIPES]))
def test_a_credit_rests_on_no_other_events_than_those_it_names(
    story: list[e.Event], end: e.Event
) -> None:
    history = (OPENED, *story, end, returned(1_00))
    assert credited(one for one in history if isinstance(one, HEARD)) == credited(history)


@given(st.integers(0, 10**6), st.lists(st.integers(1, 10**6), min_size=1, max_size=6))
def test_shares_add_up_and_none_is_a_unit_off(amount: int, weights: list[int]) -> None:
    parts = shared_out(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - amount * weight) < sum(weights)


def test_the_unit_left_over_goes_to_the_largest_remainder_and_of_equals_to_the_first() -> None:
    assert shared_out(10, [6, 3, 3]) == [5, 3, 2]
    assert shared_out(10, [1, 1, 1]) == [4, 3, 3]
    assert shared_out(8, [10, 1, 5]) == [5, 1, 2]


def test_nothing_is_shared_among_nothing() -> None:
    assert shared_out(0, [0, 0]) == [0, 0]


PLAIN = Arm(name="plain", weight=1)
EAGER = Arm(name="eager", weight=1, plans={DeclineFamily.FUNDS: Plan()}, window=timedelta(days=30))
LONGER = Arm(name="longer", weight=1, window=timedelta(days=21))


def test_the_running_experiment_is_the_newest_draw_and_all_versions_of_it() -> None:
    versions = [
        a_policy(version=1, hold_out_percent=10),
        a_policy(version=2, hold_out_percent=20),
        a_policy(version=3, hold_out_percent=10, window=20 * DAY),
        a_policy(version=4, hold_out_percent=10, name="another"),
        a_policy(version=5, hold_out_percent=10),
    ]
    found = latest_experiment(versions[::-1])
    assert (found.name, found.hold_out_percent) == ("berlin", 10)
    assert found.versions == (1, 3, 5)
    assert found.horizon == 20 * DAY, "no version's cases are read before their window is over"
    assert (found.arms, found.control) == ((), None)


def test_arms_are_compared_with_the_one_that_changes_nothing() -> None:
    weighty = replace(EAGER, weight=3)
    versions = [
        a_policy(version=1, arms=(EAGER, PLAIN, LONGER)),
        a_policy(version=2, arms=(weighty, PLAIN, LONGER)),
        a_policy(version=3, arms=(EAGER, PLAIN, LONGER)),
    ]
    found = latest_experiment(versions)
    assert (found.arms, found.control) == (("eager", "longer"), "plain")
    assert (found.versions, found.arm_versions) == ((1, 2, 3), (1, 3))
    assert found.horizon == timedelta(days=30)


def test_where_every_arm_changes_something_the_first_is_the_control() -> None:
    found = latest_experiment([a_policy(arms=(EAGER, LONGER))])
    assert (found.arms, found.control) == (("longer",), "eager")


def test_a_segments_window_counts_too() -> None:
    slow = Segment(name="slow", when=Match(currencies=("eur",)), window=60 * DAY)
    assert latest_experiment([a_policy(segments=(slow,))]).horizon == 60 * DAY


def test_no_policy_is_no_experiment() -> None:
    with pytest.raises(ValueError, match="empty"):
        latest_experiment([])
