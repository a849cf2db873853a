"""The preview drives the production machine through a scenario until nothing is left."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.decline import Decline
from domain.policy import PRESETS, EndAction
from domain.simulate import Scenario, simulate
from domain.simulate.simulate import Preview
from domain.timing.knowledge import Knowledge
from tests.builders import a_policy

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
DAY = timedelta(days=1)
REFUSED = Decline(code="card_declined", decline_code="insufficient_funds")
SCENARIO = Scenario(opened_at=MONDAY, amount_minor=29_00, currency="eur")


def test_a_payment_that_never_comes_is_lost_when_the_window_is_over() -> None:
    found = simulate(a_policy(), SCENARIO)
    assert found.phase == "lost"
    assert found.ended
    assert found.entries[-1].at == found.closes_at == MONDAY + 14 * DAY
    assert len(found.charges) == 3
    assert found.messages


def test_a_charge_that_goes_through_ends_it() -> None:
    found = simulate(a_policy(), replace(SCENARIO, answers=(REFUSED, REFUSED, None)))
    assert found.phase == "recovered"
    assert len(found.charges) == 3
    assert [entry.what for entry in found.entries[-3:]] == [
        "case_recovered", "reminder_planned", "reminder_started",
    ]  # fmt: skip


def test_a_new_card_is_charged_and_pays() -> None:
    found = simulate(a_policy(), replace(SCENARIO, new_card_after=5 * DAY))
    assert found.phase == "recovered"
    assert "card_replaced" in [entry.what for entry in found.entries]


def test_a_customer_who_pays_by_hand_ends_it() -> None:
    found = simulate(a_policy(), replace(SCENARIO, pays_after=DAY / 2, new_card_after=9 * DAY))
    assert found.phase == "recovered"
    assert found.charges == ()
    assert found.entries[-1].at == MONDAY + DAY / 2


def test_the_end_action_is_carried_out() -> None:
    policy = a_policy(end=EndAction.MARK_UNCOLLECTIBLE)
    assert simulate(policy, SCENARIO).entries[-1].what == "end_action_done"


def test_each_planned_step_says_when_and_by_which_rule() -> None:
    planned = next(e for e in simulate(a_policy(), SCENARIO).entries if e.what == "attempt_planned")
    assert planned.rule == "plan:funds"
    assert planned.due_at is not None


def test_it_stops_after_the_steps_it_is_allowed() -> None:
    assert not simulate(a_policy(), SCENARIO, most_steps=2).ended


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(sorted(PRESETS)),
    st.sampled_from(["insufficient_funds", "lost_card", "processing_error", "expired_card"]),
    st.integers(0, 24 * 365),
    st.integers(100, 500_000),
)
def test_every_preset_ends_every_case_within_its_window(
    preset: str, code: str, hours: int, amount_minor: int
) -> None:
    scenario = replace(
        SCENARIO,
        opened_at=MONDAY + timedelta(hours=hours),
        amount_minor=amount_minor,
        decline=Decline(code="card_declined", decline_code=code),
    )
    found = simulate(PRESETS[preset]("Europe/Berlin"), scenario)
    assert found.ended
    assert found.closes_at is not None
    assert all(at < found.closes_at for at in (*found.charges, *found.messages))
    assert found == simulate(PRESETS[preset]("Europe/Berlin"), scenario)


def test_a_card_whose_month_is_full_is_not_charged() -> None:
    found = simulate(a_policy(card_month_limit=1), SCENARIO)
    assert found.charges == ()
    assert found.ended


def test_a_charge_that_the_machine_does_not_begin_gets_no_answer() -> None:
    preview = Preview(a_policy(), SCENARIO, Knowledge())
    preview.open()
    before = preview.timeline()
    preview.charge(number=7)
    assert preview.timeline() == before
