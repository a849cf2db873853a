"""How many letters may go: for a merchant, to one address, and while too many come back."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from msgspec import Struct

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WHILE_PAUSED: Final = timedelta(minutes=15)  # then it is looked at anew


class Held(StrEnum):
    """Why a letter waits. The values are stored as the rule of a planned message."""

    MINUTE = "mail_minute"
    DAY = "mail_day"
    RECIPIENT = "mail_recipient"
    MERCHANT = "mail_merchant_paused"  # too many of this merchant's letters come back
    EVERYBODY = "mail_all_paused"  # too many of all


class MailLimits(Struct, frozen=True, kw_only=True):
    """An installation's. A policy's contact budget can be stricter, and usually is."""

    per_minute: int = 300  # reminders and notices of one merchant
    per_day: int = 20_000  # the same, in any 24 hours
    per_recipient: int = 4  # to one address, in any 24 hours, whatever a policy says
    # Of what went in the last hour. Mail services warn at 5 % and stop at 10 % of dead addresses;
    # mailbox providers want less than 0.1 % of complaints and act at 0.3 %.
    dead_percent: float = 5.0
    complained_percent: float = 0.3
    # So few say nothing yet.
    dead_least: int = 10
    complained_least: int = 3

    def pace(self, why: Held) -> timedelta:
        """How far apart those come back that wait for the same: as fast as they may go, and the
        day's most spread over the day."""
        if why is Held.DAY:
            return DAY / self.per_day
        return MINUTE / self.per_minute


class Wait(Struct, frozen=True, kw_only=True):
    """A letter must not go now; from `until` on there is room again."""

    why: Held
    until: datetime


class LastHour(Struct, frozen=True, kw_only=True):
    """What went and what came back of it."""

    went: int = 0
    dead: int = 0  # addresses that do not exist
    complained: int = 0


def comes_back_too_often(hour: LastHour, limits: MailLimits) -> bool:
    """Whether so many letters come back that the next ones would do harm."""
    shares = (
        (hour.dead, limits.dead_least, limits.dead_percent),
        (hour.complained, limits.complained_least, limits.complained_percent),
    )
    # One that was refused at the door did not go, and counts for having been tried.
    tried = hour.went + hour.dead
    return any(count >= least and count * 100 > percent * tried for count, least, percent in shares)


class MailRoom(Protocol):
    """The letters of one merchant, inside one unit of work."""

    async def wait(self, address_hash: bytes, limits: MailLimits, now: datetime) -> Wait | None:
        """What stands against one more letter to that address; None if it may go. Until this unit
        of work ends no other letter of the merchant is let through, so that no two take the last
        place."""
        ...

    async def turn(self, wait: Wait, limits: MailLimits) -> datetime:
        """An instant after the wait that no other letter was given: what waits together must not
        come back together."""
        ...

    async def last_hour(self, now: datetime) -> LastHour:
        """What became of the merchant's letters."""
        ...
