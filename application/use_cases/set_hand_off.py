"""SetHandOff: what becomes a task and by when, who is mailed of it, and where it is posted."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from application.ports.hand_off import HandOffStanding, SlackDoors
from application.ports.stores import AuditEntry
from application.ports.team_news import News, Slack, SlackDeferred, SlackGone, SlackRefused
from application.ports.unit_of_work import OpenUnitOfWork
from domain.tasks import HandOff


class Posted(StrEnum):
    """What became of a test post."""

    SENT = "sent"
    OFF = "off"  # there is nowhere to post to
    GONE = "gone"  # Slack says that the webhook is no more; it is forgotten
    REFUSED = "refused"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHandOff:
    """For the page of these settings."""

    open_uow: OpenUnitOfWork
    slack: Slack
    doors: SlackDoors
    clock: Callable[[], datetime]

    async def standing(self, merchant_id: UUID) -> HandOffStanding:
        """As it is."""
        async with self.open_uow(merchant_id) as uow:
            return await uow.hand_off.read()

    async def rules(self, merchant_id: UUID, rules: HandOff, user_id: UUID) -> None:
        """Other numbers, for tasks from now on."""
        now = self.clock()
        async with self.open_uow(merchant_id) as uow:
            before = (await uow.hand_off.read()).rules
            if before == rules:
                return
            await uow.hand_off.keep(rules, now)
            told = _told("set_hand_off", merchant_id, user_id, now)
            told.before.update(_numbers(before))
            told.after.update(_numbers(rules))
            await uow.audit.add(told)

    async def hearers(self, merchant_id: UUID, hearers: Iterable[UUID], user_id: UUID) -> None:
        """Who is mailed of every task: these, and nobody else. Strangers are left out."""
        now, wanted = self.clock(), frozenset(hearers)
        async with self.open_uow(merchant_id) as uow:
            before = frozenset((await uow.hand_off.read()).hearers)
            changed = [
                each
                for each in sorted(before ^ wanted)
                if await uow.hand_off.hear(each, hears=each in wanted)
            ]
            for each in changed:
                told = _told("hear_of_tasks", merchant_id, user_id, now)
                told.after.update({"user": str(each), "hears": int(each in wanted)})
                await uow.audit.add(told)

    async def connect_slack(self, merchant_id: UUID, url: str, user_id: UUID) -> bool:
        """False if it is no address of Slack's. Raises CannotSeal."""
        path = self.slack.path_of(url)
        if path is not None:
            await self._slack(merchant_id, path, "connect_slack", user_id)
        return path is not None

    async def drop_slack(self, merchant_id: UUID, user_id: UUID) -> None:
        """Nothing is posted any more, and the address is forgotten."""
        await self._slack(merchant_id, None, "drop_slack", user_id)

    async def test_slack(self, merchant_id: UUID, news: News) -> Posted:
        """Post `news` at once. Raises CannotOpen, Unavailable."""
        path = await self.doors.path(merchant_id)
        if path is None:
            return Posted.OFF
        try:
            await self.slack.post(path, news)
        except SlackGone:
            await self._gone(merchant_id)
            return Posted.GONE
        except SlackRefused:
            return Posted.REFUSED
        except SlackDeferred:
            return Posted.DEFERRED
        return Posted.SENT

    async def _slack(self, merchant_id: UUID, path: str | None, action: str, user_id: UUID) -> None:
        now = self.clock()
        async with self.open_uow(merchant_id) as uow:
            await uow.hand_off.slack(path, now)
            await uow.audit.add(_told(action, merchant_id, user_id, now))

    async def _gone(self, merchant_id: UUID) -> None:
        now = self.clock()
        async with self.open_uow(merchant_id) as uow:
            await uow.hand_off.slack_gone(now)
            await uow.audit.add(_told("slack_gone", merchant_id, None, now))


def _numbers(rules: HandOff) -> dict[str, str | int | None]:
    due = {f"due_{kind}": days for kind, days in rules.due_days.items()}
    return {**{f"large_{name}": least for name, least in rules.large.items()}, **due}


def _told(action: str, merchant_id: UUID, user_id: UUID | None, at: datetime) -> AuditEntry:
    return AuditEntry(
        at=at,
        actor=f"user:{user_id}" if user_id else "slack",
        action=action,
        subject=f"merchant:{merchant_id}",
        before={},
        after={},
    )
