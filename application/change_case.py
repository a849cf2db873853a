"""The one way a case changes: load, decide, append, schedule, audit, in one transaction."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from uuid import UUID

from msgspec import Struct

from application.basis import OWN, Known, Question, basis_of
from application.ports.holidays import Holidays, no_holidays
from application.ports.stores import AuditEntry, ConcurrentWrite, EventRef
from application.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from application.tasks import follow_case, of_address, settle
from domain.invoice import Customer
from domain.recovery.actions import next_action
from domain.recovery.basis import Basis
from domain.recovery.case import evolve, replay
from domain.recovery.commands import Command, ResumeCase
from domain.recovery.events import Event, Pauser
from domain.recovery.explain import Decision, decide_all, keep
from domain.recovery.lessons import lessons
from domain.recovery.state import RecoveryCase
from domain.tasks import TaskKind

# Webhook and worker race for one outcome every day; more than this in a row is a bug.
ROUNDS = 5
WORKER = "worker"


def _unheard(_events: tuple[Event, ...]) -> None:
    """The default of `happened`: nobody counts."""


class CaseRef(Struct, frozen=True):
    """Whose case, and which."""

    merchant_id: UUID
    case_id: UUID


class Change(Struct, frozen=True, kw_only=True):
    """What is asked of a case, by whom, and what else belongs into the same transaction."""

    commands: tuple[Command, ...]
    actor: str
    at: datetime
    handled: EventRef | None = None  # the inbox row that this settles
    customer: Customer | None = None  # kept beside the case, apart from its events
    first: Callable[[UnitOfWork], Awaitable[None]] | None = None  # done before all is read
    # Done if something happened, which may be something else than what was asked: it is told what.
    also: Callable[[UnitOfWork, tuple[Event, ...]], Awaitable[None]] | None = None


class _Step(Struct, frozen=True, kw_only=True):
    """A case before and after, what happened between, and on what that was decided."""

    before: RecoveryCase
    decision: Decision
    events: tuple[Event, ...]
    after: RecoveryCase


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Reading and changing recovery cases."""

    open_uow: OpenUnitOfWork
    clock: Callable[[], datetime]
    happened: Callable[[tuple[Event, ...]], None] = _unheard  # told after the commit
    holidays: Holidays = no_holidays
    known: Known = field(default_factory=Known)

    async def read(self, ref: CaseRef) -> RecoveryCase:
        """The case as it stands; phase NEW if there is none."""
        async with self.open_uow(ref.merchant_id) as uow:
            return replay(await uow.cases.load(ref.case_id))

    async def outlook(self, ref: CaseRef) -> tuple[RecoveryCase, Basis, datetime]:
        """The case, what a decision about it would rest on just now, and that instant."""
        now = self.clock()
        async with self.open_uow(ref.merchant_id) as uow:
            case = replay(await uow.cases.load(ref.case_id))
            question = Question(
                merchant_id=ref.merchant_id,
                case_id=ref.case_id,
                case=case,
                commands=(ResumeCase(by=Pauser.MERCHANT),),
                now=now,
            )
            return case, await basis_of(uow, question, self.known, self.holidays), now

    async def change(self, ref: CaseRef, *commands: Command) -> tuple[Event, ...]:
        """Carry out a worker's commands; what happened comes back, empty if all was so already."""
        return await self.apply(ref, Change(commands=commands, actor=WORKER, at=self.clock()))

    async def apply(self, ref: CaseRef, change: Change) -> tuple[Event, ...]:
        """Carry out a change. A lost race loads and decides again.

        Raises NetworkLimitReached if Postgres refused a charge.
        """
        events = await self._in_rounds(ref, change)
        self.happened(events)
        return events

    async def _in_rounds(self, ref: CaseRef, change: Change) -> tuple[Event, ...]:
        for _ in range(ROUNDS - 1):
            try:
                return await self._once(ref, change)
            except ConcurrentWrite:
                continue
        return await self._once(ref, change)

    async def _once(self, ref: CaseRef, change: Change) -> tuple[Event, ...]:
        async with self.open_uow(ref.merchant_id) as uow:
            if change.handled is not None and not await uow.inbox.handled(change.handled):
                return ()
            if change.first is not None:
                await change.first(uow)
            step = await self._decide(uow, ref, change)
            if step.events:
                await _write(uow, ref, change, step)
            return step.events

    async def _decide(self, uow: UnitOfWork, ref: CaseRef, change: Change) -> _Step:
        before = replay(await uow.cases.load(ref.case_id))
        question = Question(
            merchant_id=ref.merchant_id,
            case_id=ref.case_id,
            case=before,
            commands=change.commands,
            now=change.at,
        )
        basis = await basis_of(uow, question, self.known, self.holidays)
        events = decide_all(before, change.commands, basis, change.at)
        return _Step(
            before=before,
            decision=keep(before, change.commands, basis, change.at),
            events=events,
            after=reduce(evolve, events, before),
        )


async def _write(uow: UnitOfWork, ref: CaseRef, change: Change, step: _Step) -> None:
    if change.customer is not None:
        left = await uow.customers.keep(step.after.account, change.customer)
        if left is not None:  # they have another address now
            about = of_address(left)
            await settle(uow, TaskKind.DEAD_ADDRESS, about, actor=change.actor, at=change.at)
    await uow.cases.append(ref.case_id, step.before.version, step.events, step.after)
    await uow.decisions.add(ref.case_id, step.decision)
    taught = lessons(step.before, step.events, step.after, OWN)
    if taught:
        await uow.lessons.add(change.at, taught)
    await uow.actions.put(ref.case_id, next_action(step.after))
    if step.before.is_open and not step.after.is_open:
        await uow.text_consents.forget(ref.case_id)
    await uow.audit.add(_audit(ref, change, step))
    await follow_case(uow, ref.case_id, (step.before, step.after), change.actor, change.at)
    if change.also is not None:
        await change.also(uow, step.events)


def _audit(ref: CaseRef, change: Change, step: _Step) -> AuditEntry:
    return AuditEntry(
        at=change.at,
        actor=change.actor,
        action=",".join(str(event.__struct_config__.tag) for event in step.events),
        subject=f"case:{ref.case_id}",
        before=_summary(step.before),
        after=_summary(step.after),
    )


def _summary(case: RecoveryCase) -> dict[str, str | int | None]:
    return {
        "phase": case.phase.value,
        "version": case.version,
        "attempts": case.attempts,
        "reminders": case.reminders,
        "amount_minor": case.amount_minor,
        "recovered_minor": case.recovered_minor,
    }
