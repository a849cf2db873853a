"""The only state machine, as a table."""

from itertools import product
from typing import get_args

import pytest

from domain.recovery import events as e
from domain.recovery.case import RecoveryCase, evolve
from domain.recovery.transitions import CLOSED, IDLE, OPEN, TRANSITIONS, Phase
from tests.domain.examples import ONE_OF_EACH

LATE: set[tuple[Phase, type[e.Event]]] = {
    *((phase, e.MoneyCameLate) for phase in (Phase.LOST, Phase.STOPPED)),
    *((phase, e.ChargeDeclined) for phase in CLOSED),
    *((phase, e.MoneyReturned) for phase in CLOSED),
    *((phase, e.MoneyReinstated) for phase in CLOSED),
    *((phase, e.MoneyOverpaid) for phase in CLOSED),
    *(
        (Phase.RECOVERED, kind)
        for kind in (e.ReminderPlanned, e.ReminderStarted, e.ReminderSkipped, e.ReminderFailed)
    ),
    (Phase.LOST, e.EndActionDone),
    (Phase.LOST, e.EndConfirmed),
    (Phase.LOST, e.EndActionUndone),
}
# The published table, written out: a change of it is a decision, not a slip.
PUBLISHED = {
    "new": "case_opened>waiting",
    "waiting": """
        retries_taken_over>waiting stripe_counted>waiting money_overpaid>waiting
        charge_declined>waiting amount_changed>waiting
        attempt_planned>waiting attempt_started>charging customer_asked>customer
        reminder_planned>waiting reminder_started>waiting reminder_skipped>waiting
        reminder_failed>waiting card_replaced>waiting case_recovered>recovered case_lost>lost
        case_stopped>stopped date_picked>waiting payment_promised>waiting case_paused>paused
    """,
    "charging": """
        retries_taken_over>charging stripe_counted>charging money_overpaid>charging
        charge_declined>charging attempt_declined>waiting
        attempt_unclear>charging attempt_abandoned>waiting reminder_planned>charging
        reminder_failed>charging card_replaced>charging case_recovered>recovered case_lost>lost
        case_stopped>stopped amount_changed>charging case_paused>charging case_resumed>charging
    """,
    "customer": """
        retries_taken_over>customer stripe_counted>customer money_overpaid>customer
        charge_declined>customer amount_changed>customer
        attempt_planned>waiting customer_asked>customer reminder_planned>customer
        reminder_started>customer reminder_skipped>customer reminder_failed>customer
        card_replaced>customer case_recovered>recovered case_lost>lost case_stopped>stopped
        date_picked>customer payment_promised>customer case_paused>paused
    """,
    "paused": """
        case_paused>paused case_resumed>waiting retries_taken_over>paused stripe_counted>paused
        charge_declined>paused money_overpaid>paused
        amount_changed>paused card_replaced>paused reminder_failed>paused
        case_recovered>recovered case_lost>lost case_stopped>stopped
    """,
    "recovered": """
        charge_declined>recovered money_returned>recovered money_reinstated>recovered
        money_overpaid>recovered reminder_planned>recovered reminder_started>recovered
        reminder_skipped>recovered reminder_failed>recovered
    """,
    "lost": """
        charge_declined>lost money_came_late>lost end_action_done>lost end_confirmed>lost
        end_action_undone>lost money_returned>lost money_reinstated>lost money_overpaid>lost
    """,
    "stopped": """
        charge_declined>stopped money_came_late>stopped money_returned>stopped
        money_reinstated>stopped money_overpaid>stopped
    """,
}


def tag(kind: type[e.Event]) -> str:
    return str(kind.__struct_config__.tag)


def test_the_table_is_the_published_one() -> None:
    table: dict[str, set[str]] = {phase.value: set() for phase in Phase}
    for (phase, kind), after in TRANSITIONS.items():
        table[phase.value].add(f"{tag(kind)}>{after}")
    assert table == {phase: set(line.split()) for phase, line in PUBLISHED.items()}


def test_there_is_an_example_of_every_event() -> None:
    assert {type(event) for event in ONE_OF_EACH} == set(get_args(e.Event))


FORBIDDEN = [
    (phase, event)
    for phase, event in product(Phase, ONE_OF_EACH)
    if (phase, type(event)) not in TRANSITIONS
]


@pytest.mark.parametrize(("phase", "event"), FORBIDDEN, ids=lambda x: getattr(x, "value", None))
def test_what_is_not_in_the_table_cannot_happen(phase: Phase, event: e.Event) -> None:
    with pytest.raises(KeyError):
        evolve(RecoveryCase(phase=phase), event)


def test_every_phase_can_be_reached() -> None:
    reached = {Phase.NEW}
    for _ in Phase:
        reached |= {after for (before, _), after in TRANSITIONS.items() if before in reached}
    assert reached == set(Phase)


def test_from_every_open_phase_every_end_can_be_reached() -> None:
    for start in OPEN:
        reached = {start}
        for _ in Phase:
            reached |= {after for (before, _), after in TRANSITIONS.items() if before in reached}
        assert reached >= CLOSED


def test_the_end_is_the_end_but_for_what_comes_late() -> None:
    from_closed = {(phase, kind) for phase, kind in TRANSITIONS if phase in CLOSED}
    assert from_closed == LATE
    assert all(TRANSITIONS[phase, kind] is phase for phase, kind in LATE)


def test_a_phase_is_new_open_or_closed_and_no_two_of_these() -> None:
    assert {Phase.NEW} | set(OPEN) | CLOSED == set(Phase)
    assert len(OPEN) + len(CLOSED) + 1 == len(Phase)
    assert set(IDLE) == set(OPEN) - {Phase.CHARGING, Phase.PAUSED}
