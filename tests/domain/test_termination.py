"""Every plan ends: with each step there are fewer tries left, or fewer messages, or less time."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.policy import Policy
from domain.policy.presets import PRESETS
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import ActionKind, next_action
from domain.recovery.case import RecoveryCase
from domain.recovery.charges import tries_of
from tests.builders import DAY, HOUR, MONDAY, a_policy, plans_of_berlin
from tests.domain.chase import Chase
from tests.domain.test_recovery_machine import PATIENT

Measure = tuple[int, int, int, timedelta]
POLICIES = [
    *(preset("Europe/Berlin") for preset in PRESETS.values()),
    a_policy(plans=PATIENT),
    a_policy(plans=plans_of_berlin(), card_day_limit=1, card_month_limit=2),
]
CODES = st.sampled_from(
    ["insufficient_funds", "do_not_honor", "processing_error", "expired_card", "lost_card"]
)
ANSWERS = st.sampled_from(
    ["insufficient_funds"] * 3
    + ["do_not_honor", "processing_error", "expired_card", "lost_card", "authentication"]
    + ["silence", "unclear", "no_charge"]
)
KEY_LIFE = timedelta(hours=23)
MOST_STEPS = 200


def measure(case: RecoveryCase, policy: Policy) -> Measure:
    """Tries left by the longest plan, messages left by the longest campaigns, what is in the air,
    and the time left to the end for what is planned: a charge put off counts more than a message.
    """
    plans = case.rules(policy).plans.values()
    tries = max(tries_of(plan.retries) for plan in plans) - case.retries_on_card
    # A question has a campaign of its own, after whatever was said before.
    steps = 2 * max(len(plan.campaign) for plan in plans) - case.reminders
    assert steps >= 0
    assert case.closes_at is not None
    end = case.closes_at + KEY_LIFE + DAY
    charge, flight, letter = case.next_attempt_at, case.in_flight, case.reminder
    left = 3 * (end - charge) if charge else timedelta()
    left += end - letter.due_at if letter else timedelta()
    left += end - flight.check_at if flight else timedelta()
    taken = case.stripe_retry_at is not None
    return tries, steps, (flight is not None) + taken, left


@settings(max_examples=80)
@given(st.sampled_from(POLICIES), CODES, st.lists(ANSWERS, min_size=40, max_size=40))
def test_tries_messages_and_time_left_fall_with_every_step_of_every_plan(
    policy: Policy, code: str, answers: list[str]
) -> None:
    chase = Chase(policy, code, MONDAY + 2 * DAY)
    for step in range(MOST_STEPS):
        before, action = measure(chase.case, policy), next_action(chase.case)
        if action is None or action.kind is ActionKind.END:
            break
        chase.wait_for(action)
        chase.carry_out(action, _answer(chase, answers[step % len(answers)]))
        ended = not chase.case.is_open
        assert ended or measure(chase.case, policy) < before, f"{action} led nowhere"
    assert not chase.case.is_open, "still open"
    assert _ends_soon(chase.case.closed_at, chase.case.closes_at)


def _answer(chase: Chase, answer: str) -> str:
    """An attempt of which nothing is known is given up once its key is too old to be used."""
    flight = chase.case.in_flight
    old = flight is not None and chase.now - flight.started_at >= KEY_LIFE
    if flight is not None and answer == "silence":
        return "no_charge" if old else "unclear"
    return "no_charge" if old and answer == "unclear" else answer


def _ends_soon(closed_at: datetime | None, closes_at: datetime | None) -> bool:
    assert closed_at is not None
    assert closes_at is not None
    return closed_at <= closes_at + KEY_LIFE + 7 * HOUR


def test_a_pause_does_not_keep_a_case_from_ending() -> None:
    chase = Chase(a_policy(), "insufficient_funds", None)
    chase.give(c.PauseCase(by=e.Pauser.MERCHANT))
    chase.wait_for(chase.next())
    chase.carry_out(chase.next())
    assert not chase.case.is_open
