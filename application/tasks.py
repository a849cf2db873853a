"""Tasks follow their causes: raised and closed in the transaction of what causes or ends them."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from application.case_ids import notice_id, task_id
from application.ports.chores import ChoreKind
from application.ports.hand_off import HandOffStanding
from application.ports.stores import AuditEntry
from application.ports.suppressions import Suppression
from application.ports.tasks import MOST_ABOUT, Task
from application.ports.team_news import Channel, Notice, Occasion
from application.ports.unit_of_work import TaskWork
from domain.recovery.case import replay
from domain.recovery.state import RecoveryCase
from domain.recovery.transitions import Phase
from domain.tasks import UNREACHABLE, TaskKind, asked_by, due_at, is_settled

# Whoever unsubscribed wants it so: there is nothing for the merchant to put right.
OF_SUPPRESSION: Final = {
    Suppression.BOUNCED: TaskKind.DEAD_ADDRESS,
    Suppression.COMPLAINED: TaskKind.COMPLAINT,
}


class Cause(Struct, frozen=True, kw_only=True):
    """Why a person is to be asked."""

    kind: TaskKind
    subject: str
    about: str = ""
    case_id: UUID | None = None
    amount_minor: int | None = None
    currency: str | None = None


async def raise_task(uow: TaskWork, cause: Cause, *, actor: str, at: datetime) -> bool:
    """Ask, unless that is asked already; and have it told to whoever chose to hear of it."""
    standing = await uow.hand_off.read()
    task = Task(
        task_id=task_id(cause.kind, cause.subject, at),
        kind=cause.kind,
        subject=cause.subject,
        about=cause.about[:MOST_ABOUT],
        case_id=cause.case_id,
        amount_minor=cause.amount_minor,
        currency=cause.currency,
        opened_at=at,
        due_at=due_at(at, standing.rules.due_days[cause.kind], standing.timezone),
    )
    if not await uow.tasks.add(task):
        return False
    await uow.audit.add(told_of(task.task_id, "raise_task", actor, at, kind=task.kind.value))
    await _have_it_told(uow, task, standing, at)
    return True


async def settle(uow: TaskWork, kind: TaskKind, subject: str, *, actor: str, at: datetime) -> None:
    """The cause is gone, and the task with it."""
    task = await uow.tasks.open_of(kind, subject)
    if task is not None:
        await _settle(uow, task, actor, at)


async def follow_case(
    uow: TaskWork,
    case_id: UUID,
    change: tuple[RecoveryCase, RecoveryCase],
    actor: str,
    at: datetime,
) -> None:
    """What a case, `change` being before and after, begins and ceases to ask of people."""
    before, after = change
    asked, now_asked = asked_by(before), asked_by(after)
    for kind in asked:
        if kind not in now_asked:
            await settle(uow, kind, of_case(case_id), actor=actor, at=at)
    for kind, about in now_asked.items():
        if kind not in asked:
            cause = _of(after, case_id, kind, of_case(case_id), about)
            await raise_task(uow, cause, actor=actor, at=at)
    if before.phase is Phase.NEW and after.is_open and not after.held_out:
        await _if_large(uow, case_id, after, actor, at)
    if is_settled(after) and not is_settled(before) and before.phase is not Phase.NEW:
        await _settle_all(uow, case_id, after, actor, at)


async def unreachable(
    uow: TaskWork, address_hash: bytes, why: Suppression, case_id: UUID | None, at: datetime
) -> None:
    """No letter gets to somebody who owes: once a case, however often it is noticed."""
    kind = OF_SUPPRESSION.get(why)
    if kind is None:
        return
    subject = of_address(address_hash)
    if case_id is None:
        await raise_task(uow, Cause(kind=kind, subject=subject), actor="worker", at=at)
        return
    if any(task.kind is kind for task in await uow.tasks.of_case(case_id)):
        return
    case = replay(await uow.cases.load(case_id))
    await raise_task(uow, _of(case, case_id, kind, subject, ""), actor="worker", at=at)


def of_case(case_id: UUID) -> str:
    """The subject of a task about a case."""
    return f"case:{case_id}"


def of_address(address_hash: bytes) -> str:
    """The subject of a task about an address, which itself is not kept."""
    return f"address:{address_hash.hex()}"


def case_of(subject: str) -> UUID | None:
    """The case that the subject of an audit row names, if it is one."""
    kind, _, name = subject.partition(":")
    return UUID(name) if kind == "case" else None


def told_of(task: UUID, action: str, actor: str, at: datetime, **after: str | None) -> AuditEntry:
    """The audit row of what happened to a task."""
    return AuditEntry(
        at=at, actor=actor, action=action, subject=f"task:{task}", before={}, after={**after}
    )


async def ring(uow: TaskWork, at: datetime) -> None:
    """Have a worker tell what waits to be told: by a chore of any of the merchant's accounts."""
    for connection in tuple(await uow.connections.all())[:1]:
        await uow.chores.put(connection.account, ChoreKind.TELL, at)


def notice_of(
    occasion: Occasion, about: str, channel: Channel, user: UUID | None, at: datetime
) -> Notice:
    """What somebody is to hear; `about` is a task's id or a morning's date."""
    return Notice(
        notice_id=notice_id(occasion, about, channel, user),
        occasion=occasion,
        channel=channel,
        user_id=user,
        task_id=None if occasion is Occasion.OVERDUE else UUID(about),
        put_at=at,
    )


async def _have_it_told(uow: TaskWork, task: Task, standing: HandOffStanding, at: datetime) -> None:
    heard: list[tuple[Channel, UUID | None]] = [(Channel.MAIL, each) for each in standing.hearers]
    if standing.slack.since is not None:
        heard.append((Channel.SLACK, None))
    for channel, user in heard:
        await uow.news.put(notice_of(Occasion.NEW, str(task.task_id), channel, user, at))
    if heard:
        await ring(uow, at)


async def _if_large(
    uow: TaskWork, case_id: UUID, case: RecoveryCase, actor: str, at: datetime
) -> None:
    rules = (await uow.hand_off.read()).rules
    if rules.is_large(case.amount_minor, case.currency):
        cause = _of(case, case_id, TaskKind.LARGE_AMOUNT, of_case(case_id), "")
        await raise_task(uow, cause, actor=actor, at=at)


async def _settle_all(
    uow: TaskWork, case_id: UUID, case: RecoveryCase, actor: str, at: datetime
) -> None:
    """An address stays dead over all that its owner owes: the task moves on to the next case."""
    for task in await uow.tasks.of_case(case_id):
        if task.done_at is not None:
            continue
        others = await _others(uow, case_id, case) if task.kind in UNREACHABLE else ()
        if others:
            await uow.tasks.move(task.task_id, others[0])
        else:
            await _settle(uow, task, actor, at)


async def _others(uow: TaskWork, case_id: UUID, case: RecoveryCase) -> tuple[UUID, ...]:
    if case.customer_id is None:
        return ()
    found = await uow.cases.of_customer(case.account, case.customer_id)
    return tuple(each for each in found if each != case_id)


async def _settle(uow: TaskWork, task: Task, actor: str, at: datetime) -> None:
    if await uow.tasks.done(task.task_id, None, at):
        await uow.audit.add(told_of(task.task_id, "settle_task", actor, at, kind=task.kind.value))


def _of(case: RecoveryCase, case_id: UUID, kind: TaskKind, subject: str, about: str) -> Cause:
    return Cause(
        kind=kind,
        subject=subject,
        about=about,
        case_id=case_id,
        amount_minor=case.amount_minor,
        currency=case.currency,
    )
