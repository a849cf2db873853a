"""TellTeam: people hear of new tasks, of those given to them, and each morning of what is overdue.

Each message tells of all that waits for one person or channel. A try is counted before it is made:
told twice is harmless, and nobody is told for ever.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from msgspec import Struct

from application.ports.chores import Chore, ChoreKind, ChoreStep, Progress
from application.ports.hand_off import HandOffStanding, Member, SlackDoors, Teams
from application.ports.mailer import Letter, MailDeferred, Mailer, MailRefused, Stream
from application.ports.stores import AuditEntry
from application.ports.team_news import (
    MOST_TOLD,
    MOST_TRIES,
    Channel,
    News,
    NewsRenderer,
    Notice,
    Occasion,
    Slack,
    SlackDeferred,
    SlackGone,
    SlackRefused,
)
from application.ports.unit_of_work import OpenUnitOfWork
from application.task_views import HandOffPages, TaskRow
from application.tasks import notice_of
from domain.tasks import next_morning, this_morning

MOST_AT_ONCE: Final = 200  # notices in one step
SENDER: Final = "ChargeChase"
LATE: Final = timedelta(hours=12)  # a morning's digest is not begun later than this


class NotTold(Exception):
    """It went to nobody: later again, or (`final`) never."""

    def __init__(self, why: str, *, final: bool) -> None:
        super().__init__(why)
        self.final = final


class _Group(Struct, frozen=True):
    """What one message tells: notices of one occasion, for one person or channel."""

    occasion: Occasion
    channel: Channel
    user_id: UUID | None
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TellTeam:
    """An errand of a chore. `word` puts tasks into words: occasion, tasks, how many there are."""

    open_uow: OpenUnitOfWork
    pages: HandOffPages
    teams: Teams
    doors: SlackDoors
    slack: Slack
    mailer: Mailer
    renderer: NewsRenderer
    word: Callable[[Occasion, Sequence[TaskRow], int, str], News]
    clock: Callable[[], datetime]
    mail_domain: str

    async def __call__(self, chore: Chore) -> Chore:
        merchant_id, now = chore.ref.merchant_id, self.clock()
        async with self.open_uow(merchant_id) as uow:
            standing = await uow.hand_off.read()
            morning = this_morning(now, standing.timezone)
            if now - morning < LATE:
                whose = await uow.tasks.overdue_of(morning)
                for notice in _digests(whose, standing, morning, now):
                    await uow.news.put(notice)
            waiting = await uow.news.take(now, MOST_AT_ONCE)
        for group in _groups(waiting):
            await self._tell(merchant_id, group, standing, now)
        return await self._saved(chore, len(waiting), standing)

    async def _tell(
        self, merchant_id: UUID, group: _Group, standing: HandOffStanding, now: datetime
    ) -> None:
        rows = await self._rows(merchant_id, group, standing, now)
        ids = [notice.notice_id for notice in group.notices]
        try:
            if rows:  # else all of them were done meanwhile
                shown = rows[:MOST_TOLD]
                news = self.word(group.occasion, shown, len(rows), standing.timezone)
                await self._send(merchant_id, group, news)
        except NotTold as trouble:
            spent = max(notice.tries for notice in group.notices) >= MOST_TRIES
            if trouble.final or spent:
                async with self.open_uow(merchant_id) as uow:
                    await uow.news.failed(ids, str(trouble), self.clock())
            return
        async with self.open_uow(merchant_id) as uow:
            await uow.news.told(ids, self.clock())

    async def _rows(
        self, merchant_id: UUID, group: _Group, standing: HandOffStanding, now: datetime
    ) -> tuple[TaskRow, ...]:
        if group.occasion is not Occasion.OVERDUE:
            asked = tuple(each.task_id for each in group.notices if each.task_id is not None)
            return await self.pages.these(merchant_id, asked)
        whose: tuple[UUID | None, ...] | None = None
        if group.channel is Channel.MAIL:
            hears = group.user_id in standing.hearers
            whose = (group.user_id, None) if hears else (group.user_id,)
        return await self.pages.overdue(merchant_id, whose, now, MOST_AT_ONCE)

    async def _send(self, merchant_id: UUID, group: _Group, news: News) -> None:
        """Raises NotTold."""
        if group.channel is Channel.SLACK:
            await self._post(merchant_id, news)
            return
        team = {member.user_id: member for member in await self.teams.of(merchant_id)}
        member = team.get(group.user_id) if group.user_id else None
        if member is None:
            raise NotTold("no member any more", final=True)
        try:
            await self.mailer.send(self._letter(member, group, news))
        except MailRefused as refused:
            raise NotTold(str(refused), final=True) from refused
        except MailDeferred as deferred:
            raise NotTold(str(deferred), final=False) from deferred

    async def _post(self, merchant_id: UUID, news: News) -> None:
        path = await self.doors.path(merchant_id)
        if path is None:
            raise NotTold("Slack is off", final=True)
        try:
            await self.slack.post(path, news)
        except SlackGone as gone:
            await self._slack_is_gone(merchant_id)
            raise NotTold(str(gone), final=True) from gone
        except SlackRefused as refused:
            raise NotTold(str(refused), final=True) from refused
        except SlackDeferred as deferred:
            raise NotTold(str(deferred), final=False) from deferred

    async def _slack_is_gone(self, merchant_id: UUID) -> None:
        now = self.clock()
        async with self.open_uow(merchant_id) as uow:
            await uow.hand_off.slack_gone(now)
            await uow.audit.add(
                AuditEntry(
                    at=now,
                    actor="slack",
                    action="slack_gone",
                    subject=f"merchant:{merchant_id}",
                    before={},
                    after={},
                )
            )

    def _letter(self, member: Member, group: _Group, news: News) -> Letter:
        """Its id is that of the first notice in it: a second try is the same letter."""
        words = self.renderer.mail(news)
        first = min(notice.notice_id for notice in group.notices)
        return Letter(
            message_id=f"{first}@{self.mail_domain}",
            thread_id=f"{group.occasion}.{member.user_id}@{self.mail_domain}",
            to=member.email,
            to_name=None,
            sender_name=SENDER,
            reply_to=None,
            subject=words.subject,
            text=words.text,
            html=words.html,
            stream=Stream.ANSWERS,  # what is said against reminders must not hold it
        )

    async def _saved(self, chore: Chore, told: int, standing: HandOffStanding) -> Chore:
        """What was put while this ran has rung a chore that was running: looked at after the row is
        ours, so that nothing waits until the morning."""
        now = self.clock()
        step = ChoreStep(
            at=now,
            cursor=None,
            progress=Progress(done=told, found=told),
            over=True,
            next_at=next_morning(now, standing.timezone),
        )
        async with self.open_uow(chore.ref.merchant_id) as uow:
            saved = await uow.chores.save(chore, step)
            waits_until = await uow.news.next_at()
            if waits_until is not None:
                await uow.chores.put(chore.ref.account, ChoreKind.TELL, waits_until)
            return saved


def _digests(
    whose: Sequence[UUID | None], standing: HandOffStanding, morning: datetime, now: datetime
) -> Iterable[Notice]:
    """A notice for each who has something overdue this morning; what is nobody's is everybody's
    who chose to hear of it. Without anything overdue nobody hears anything."""
    if not whose:
        return
    people = {each for each in whose if each is not None}
    if None in whose:
        people |= set(standing.hearers)
    about = morning.date().isoformat()
    for user in sorted(people):
        yield notice_of(Occasion.OVERDUE, about, Channel.MAIL, user, now)
    if standing.slack.since is not None:
        yield notice_of(Occasion.OVERDUE, about, Channel.SLACK, None, now)


def _groups(notices: Sequence[Notice]) -> tuple[_Group, ...]:
    def whose(notice: Notice) -> tuple[str, str, str]:
        return (notice.channel, notice.occasion, str(notice.user_id))

    ordered = sorted(notices, key=whose)
    return tuple(
        _Group(first.occasion, first.channel, first.user_id, (first, *rest))
        for _, (first, *rest) in groupby(ordered, key=whose)
    )
