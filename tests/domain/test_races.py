"""Webhook and worker tell of one outcome in any order: the case ends up the same."""

from itertools import permutations

import pytest
from msgspec.structs import replace

from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.case import RecoveryCase, evolve
from domain.recovery.decide import decide
from tests.builders import (
    DAY,
    HOUR,
    MONDAY,
    NEW_VISA,
    a_basis,
    after,
    declined,
    to_begin,
    to_open,
)
from tests.domain.given import state

THURSDAY = MONDAY + 3 * DAY - 2 * HOUR
CHARGING = state(after(to_open(), (THURSDAY, to_begin())))
REFUSAL = declined("do_not_honor", "ch_2", at=THURSDAY)
WORKER = c.RecordDecline(failure=REFUSAL, by=e.Payer.CHARGECHASE, attempt=1)
NAMELESS = c.RecordDecline(failure=REFUSAL, by=e.Payer.STRIPE)
OLDER = c.RecordDecline(
    failure=declined("insufficient_funds", "ch_0", at=MONDAY - DAY), by=e.Payer.STRIPE
)
UNCLEAR = c.RecordUnclear(attempt=1)
PAID = c.RecordPayment(amount_minor=29_00, by=e.Payer.CHARGECHASE, attempt=1)
VOIDED = c.StopCase(reason=e.StopReason.VOIDED)
REPLACED = c.ReplaceCard(card=NEW_VISA)

RACES: dict[str, tuple[c.Command, ...]] = {
    "the refusal told twice": (WORKER, WORKER),
    "the refusal told with and without its attempt": (WORKER, NAMELESS),
    "the refusal and a look that saw nothing": (WORKER, UNCLEAR),
    "the refusal and an older one": (WORKER, OLDER, OLDER),
    "the refusal and a new card": (WORKER, REPLACED),
    "the payment told twice": (PAID, PAID),
    "the payment and a look that saw nothing": (PAID, UNCLEAR),
    "the refusal, told twice, and then the payment by hand": (WORKER, NAMELESS, PAID),
    "the payment and the window's end": (PAID, c.CloseCase()),
    "the void and the refusal": (VOIDED, WORKER),
}


def told(*commands: c.Command) -> RecoveryCase:
    """The case after all these, whatever came of each."""
    case = CHARGING
    for command in commands:
        for event in decide(case, command, a_basis(), THURSDAY):
            case = evolve(case, event)
    return case


def outcome(case: RecoveryCase) -> RecoveryCase:
    """What matters: not how many words it took, nor what an ended case had still planned."""
    if case.is_open:
        return replace(case, version=0, marks=(), attention=None)
    return RecoveryCase(
        phase=case.phase, recovered_minor=case.recovered_minor, closed_at=case.closed_at
    )


@pytest.mark.parametrize("race", RACES)
def test_every_order_ends_alike(race: str) -> None:
    first, *others = (outcome(told(*order)) for order in permutations(RACES[race]))
    assert all(other == first for other in others)


def test_a_payment_wins_over_everything_but_a_void_that_came_first() -> None:
    paid: tuple[c.Command, ...] = (WORKER, NAMELESS, UNCLEAR, PAID)
    for commands in permutations(paid):
        assert told(*commands).recovered_minor == 29_00
    assert told(VOIDED, PAID).phase.value == "stopped"
    assert told(VOIDED, PAID).recovered_minor == 29_00
