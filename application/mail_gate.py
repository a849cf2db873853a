"""The gate that every reminder passes right before it begins: caps, and the brake."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from application.ports.mail_limits import (
    WHILE_PAUSED,
    Held,
    LastHour,
    MailLimits,
    Wait,
    comes_back_too_often,
)
from application.ports.unit_of_work import UnitOfWork

FRESH_S: Final = 20.0  # how old what is known of everybody's letters may be

_log = structlog.get_logger()


class LetterWaits(Exception):
    """It must not begin now; nothing was written."""

    def __init__(self, wait: Wait) -> None:
        super().__init__(wait.why.value)
        self.wait = wait


async def _nothing_came_back() -> LastHour:
    """The default of `everybody`: an installation that counts nothing over all merchants."""
    return LastHour()


def _uncounted(_why: Held) -> None:
    """The default of `count`."""


@dataclass(slots=True, kw_only=True)
class MailGate:
    """Thanks do not pass here: they are few, awaited, and go their own way."""

    limits: MailLimits = field(default_factory=MailLimits)
    everybody: Callable[[], Awaitable[LastHour]] = _nothing_came_back
    count: Callable[[Held], None] = _uncounted
    monotonic: Callable[[], float] = time.monotonic
    _closed: bool = False
    _looked_at: float | None = None

    async def closed(self, now: datetime) -> Wait | None:
        """Whether nobody's reminders go, since too many of all come back. Looked at every
        FRESH_S."""
        if self._looked_at is None or self.monotonic() - self._looked_at >= FRESH_S:
            self._looked_at = self.monotonic()
            self._judge(await self.everybody())
        return Wait(why=Held.EVERYBODY, until=now + WHILE_PAUSED) if self._closed else None

    async def pass_through(self, uow: UnitOfWork, address_hash: bytes, now: datetime) -> None:
        """In the transaction that begins the letter. Raises LetterWaits, and so undoes it."""
        wait = await uow.mail.wait(address_hash, self.limits, now)
        if wait is not None:
            raise LetterWaits(wait)

    async def turn(self, uow: UnitOfWork, wait: Wait) -> datetime:
        """When a letter that waits is to come back."""
        self.count(wait.why)
        if wait.why is Held.RECIPIENT:
            return wait.until
        return await uow.mail.turn(wait, self.limits)

    def _judge(self, hour: LastHour) -> None:
        before, self._closed = self._closed, comes_back_too_often(hour, self.limits)
        if self._closed and not before:
            _log.error("mail_stopped", went=hour.went, dead=hour.dead, complained=hour.complained)
        elif before and not self._closed:
            _log.warning("mail_goes_on")
