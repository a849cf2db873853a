"""How many letters of a merchant went lately, and what mail services said of them, in memory."""

from datetime import datetime, timedelta

from adapters.memory.everyday_stores import MemoryStore
from adapters.memory.notices import WENT
from application.ports.mail_limits import (
    DAY,
    HOUR,
    MINUTE,
    Held,
    LastHour,
    MailLimits,
    Wait,
    comes_back_too_often,
)
from application.ports.mail_news import MailNews
from application.ports.suppressions import Suppression


class MemoryMailRoom(MemoryStore):
    """Those of one merchant."""

    async def wait(self, address_hash: bytes, limits: MailLimits, now: datetime) -> Wait | None:
        hour, first_at = self._hour(now)
        if wait := self._full(Held.RECIPIENT, limits.per_recipient, DAY, now, address_hash):
            return wait
        if first_at is not None and comes_back_too_often(hour, limits):
            return Wait(why=Held.MERCHANT, until=first_at + HOUR)
        return self._full(Held.DAY, limits.per_day, DAY, now) or self._full(
            Held.MINUTE, limits.per_minute, MINUTE, now
        )

    async def turn(self, wait: Wait, limits: MailLimits) -> datetime:
        before = self.world.mail_turns.get(self.merchant_id)
        after = wait.until if before is None else before + limits.pace(wait.why)
        at = max(after, wait.until)
        self.journal.put(self.world.mail_turns, self.merchant_id, at)
        return at

    async def last_hour(self, now: datetime) -> LastHour:
        return self._hour(now)[0]

    def _full(
        self, why: Held, most: int, span: timedelta, now: datetime, to: bytes | None = None
    ) -> Wait | None:
        gone = sorted(self._gone(now - span, to), reverse=True)
        return Wait(why=why, until=gone[most - 1] + span) if len(gone) >= most else None

    def _gone(self, since: datetime, to: bytes | None = None) -> list[datetime]:
        letters = [
            (held.message.at, held.message.address_hash)
            for (owner, *_), held in self.world.messages.items()
            if owner == self.merchant_id and not held.failed
        ]
        notices = [
            (held.notice.begun_at, held.notice.address_hash)
            for (owner, _), held in self.world.notices.items()
            if owner == self.merchant_id and held.state in WENT
        ]
        return [at for at, whom in letters + notices if at > since and to in (None, whom)]

    def _hour(self, now: datetime) -> tuple[LastHour, datetime | None]:
        back = [
            held
            for (owner, _), held in self.world.suppressions.items()
            if owner == self.merchant_id and held.at > now - HOUR
        ]
        dead = [held.at for held in back if held.reason is Suppression.BOUNCED]
        complained = [held.at for held in back if held.reason is Suppression.COMPLAINED]
        went = len(self._gone(now - HOUR))
        hour = LastHour(went=went, dead=len(dead), complained=len(complained))
        return hour, min((*dead, *complained), default=None)


class MemoryMailNewsStore(MemoryStore):
    """What mail services said of a merchant's letters."""

    async def add(self, news: MailNews, at: datetime) -> bool:  # noqa: ARG002 - nobody asks when
        key = (self.merchant_id, news.source, news.event_id)
        if key in self.world.mail_news:
            return False
        self.journal.put(self.world.mail_news, key, news)
        return True
