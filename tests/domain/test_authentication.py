"""A bank that wants to see the customer."""

from domain.recovery import commands as c
from domain.recovery import events as e
from tests.builders import DAY, HOUR, MONDAY, after, to_begin, to_open
from tests.domain.given import kinds, state, when

THURSDAY = MONDAY + 3 * DAY - 2 * HOUR
WAITING = after(to_open())
CHARGING = after(to_open(), (THURSDAY, to_begin()))


def test_the_customer_is_asked_and_no_charge_stays_planned() -> None:
    events = when(WAITING, c.RequestAuthentication())
    assert kinds(events) == [e.CustomerAsked, e.ReminderPlanned]
    assert state(WAITING, events).next_attempt_at is None
    assert state(WAITING, events).ask is e.Ask.AUTHENTICATION


def test_they_are_asked_once() -> None:
    given = (*WAITING, *when(WAITING, c.RequestAuthentication()))
    assert when(given, c.RequestAuthentication()) == ()


def test_our_attempt_ends_with_the_question() -> None:
    events = when(CHARGING, c.RequestAuthentication(attempt=1), THURSDAY)
    assert kinds(events) == [e.AttemptAbandoned, e.CustomerAsked, e.ReminderPlanned]
    assert state(CHARGING, events).in_flight is None


def test_a_question_about_another_charge_waits_for_ours() -> None:
    assert when(CHARGING, c.RequestAuthentication(), THURSDAY) == ()
    assert when(CHARGING, c.RequestAuthentication(attempt=2), THURSDAY) == ()
