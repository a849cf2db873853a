"""Decisions are kept, and come out the same to the byte when they are made again."""

import msgspec
import pytest
from msgspec.structs import replace

from domain.network import CardUse
from domain.policy import balanced
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.basis import Circumstances
from domain.recovery.case import replay
from domain.recovery.explain import Decision, check, decide_all, keep, remake
from domain.timing.knowledge import Knowledge
from tests.builders import DAY, HOUR, MONDAY, a_basis, a_policy, declined, to_begin, to_open

POLICY = balanced("Europe/Berlin")
REFUSED = declined("do_not_honor", "ch_2", at=MONDAY + 3 * DAY)
TOLD: tuple[tuple[c.Command, ...], ...] = (
    (to_open(), c.RecordDecline(failure=declined(), by=e.Payer.STRIPE)),
    (c.BeginReminder(step=1, message_id="1@mail"),),
    (to_begin(use=CardUse(month=(MONDAY,))),),
    (c.RecordDecline(failure=REFUSED, by=e.Payer.CHARGECHASE, attempt=1),),
)


def a_story() -> tuple[tuple[Decision, ...], tuple[e.Event, ...]]:
    """A learned plan's decisions as they were kept, and what they led to."""
    decisions: list[Decision] = []
    history: tuple[e.Event, ...] = ()
    for days, commands in enumerate(TOLD):
        case = replay(history)
        others = CardUse(month=(MONDAY - 2 * DAY, MONDAY - DAY))
        basis = a_basis(POLICY, use=others, contacts=(MONDAY - DAY,), draw=2**31 + days)
        now = max(MONDAY + days * DAY, case.next_attempt_at or MONDAY)
        decisions.append(keep(case, commands, basis, now))
        history = (*history, *decide_all(case, commands, basis, now))
    return tuple(decisions), history


DECISIONS, HISTORY = a_story()
KNOWN = {POLICY.version: POLICY}, {0: Knowledge()}


def test_every_decision_comes_out_the_same_to_the_byte() -> None:
    assert any(isinstance(event, e.AttemptPlanned) and event.why for event in HISTORY)
    assert check(DECISIONS, HISTORY, *KNOWN) is None


def test_also_after_it_was_written_and_read() -> None:
    written = msgspec.json.encode((DECISIONS, HISTORY))
    shape = tuple[tuple[Decision, ...], tuple[e.Event, ...]]
    decisions, history = msgspec.json.decode(written, type=shape)
    assert check(decisions, history, *KNOWN) is None
    assert msgspec.json.encode((decisions, history)) == written


def test_the_first_that_differs_is_named() -> None:
    other = {POLICY.version: a_policy()}
    found = check(DECISIONS, HISTORY, other, {0: Knowledge()})
    assert found is not None
    assert found.decision == DECISIONS[0]
    assert found.written[0] == HISTORY[0]
    assert found.remade != found.written


def test_what_was_changed_afterwards_is_found() -> None:
    last = HISTORY[-1]
    forged = (*HISTORY[:-1], replace(last, at=last.at + HOUR))
    found = check(DECISIONS, forged, *KNOWN)
    assert found is not None
    assert found.decision == DECISIONS[-1]


def test_a_single_decision_can_be_made_again() -> None:
    last = DECISIONS[-1]
    events = remake(last, HISTORY[: last.version], POLICY, Knowledge())
    assert events == HISTORY[last.version :]


def test_what_was_known_around_a_decision_belongs_to_it() -> None:
    blind = [replace(one, circumstances=Circumstances()) for one in DECISIONS]
    found = check(blind, HISTORY, *KNOWN)
    assert found is not None
    assert found.decision == blind[0]


def test_no_decisions_are_no_difference() -> None:
    assert check((), (), *KNOWN) is None


def test_a_policy_that_is_not_there_is_told() -> None:
    with pytest.raises(KeyError):
        check(DECISIONS, HISTORY, {}, {0: Knowledge()})


def test_nothing_personal_is_kept() -> None:
    private = to_open(hosted_url="https://pay.example.com/secret")
    case = replay(())
    written = msgspec.json.encode(keep(case, (private, to_begin()), a_basis(POLICY), MONDAY))
    for secret in (b"anna@example.com", b"Anna", b"pay.example.com", b'"de"'):
        assert secret not in written
    assert b"cus_anna" in written
    nobody = keep(case, (to_open(customer=None),), a_basis(POLICY), MONDAY)
    assert isinstance(nobody.commands[0], c.OpenCase)
    assert nobody.commands[0].invoice.customer is None
