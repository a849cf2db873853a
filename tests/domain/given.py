"""Given a history, when a command comes, then these events follow."""

from datetime import datetime

from domain.policy import Policy
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.case import RecoveryCase, replay
from domain.recovery.decide import decide
from tests.builders import MONDAY, a_policy

History = tuple[e.Event, ...]


def when(
    given: History, command: c.Command, at: datetime = MONDAY, policy: Policy | None = None
) -> History:
    """What the command makes happen."""
    return decide(replay(given), command, policy or a_policy(), at)


def kinds(events: History) -> list[type[e.Event]]:
    """The events by their names."""
    return [type(event) for event in events]


def state(*histories: History) -> RecoveryCase:
    """The case after all of this."""
    return replay(event for history in histories for event in history)


def phase_after(*histories: History) -> str:
    """Where the case stands after all of this."""
    return state(*histories).phase.value
