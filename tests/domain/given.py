"""Given a history, when a command comes, then these events follow."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from domain.policy import Policy
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.case import RecoveryCase, replay
from domain.recovery.decide import decide
from tests.builders import MONDAY, a_basis

History = tuple[e.Event, ...]


def when(
    given: History,
    command: c.Command,
    at: datetime = MONDAY,
    policy: Policy | None = None,
    **around: Any,
) -> History:
    """What the command makes happen, reasons left out; `around` are circumstances."""
    return plainly(explained(given, command, at, policy, **around))


def explained(
    given: History,
    command: c.Command,
    at: datetime = MONDAY,
    policy: Policy | None = None,
    **around: Any,
) -> History:
    """What the command makes happen, and why."""
    return decide(replay(given), command, a_basis(policy, **around), at)


def plainly(history: History) -> History:
    """The events without their reasons: for stories in which what happens matters, not why."""
    return tuple(replace(event, why=None) if hasattr(event, "why") else event for event in history)


def kinds(events: History) -> list[type[e.Event]]:
    """The events by their names."""
    return [type(event) for event in events]


def state(*histories: History) -> RecoveryCase:
    """The case after all of this."""
    return replay(event for history in histories for event in history)


def phase_after(*histories: History) -> str:
    """Where the case stands after all of this."""
    return state(*histories).phase.value
