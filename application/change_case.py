"""The one way a case changes: load, decide, append, schedule, audit, in one transaction."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from application.ports.stores import AuditEntry, ConcurrentWrite, EventRef
from application.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from domain.invoice import Customer
from domain.policy import Policy
from domain.recovery.actions import next_action
from domain.recovery.case import RecoveryCase, evolve, replay
from domain.recovery.commands import Command
from domain.recovery.decide import decide
from domain.recovery.events import Event

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
    also: Callable[[UnitOfWork], Awaitable[None]] | None = None  # done if something happened


class _Step(Struct, frozen=True):
    """A case before and after, and what happened between."""

    before: RecoveryCase
    events: tuple[Event, ...]
    after: RecoveryCase


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Reading and changing recovery cases."""

    open_uow: OpenUnitOfWork
    clock: Callable[[], datetime]
    happened: Callable[[tuple[Event, ...]], None] = _unheard  # told after the commit

    async def read(self, ref: CaseRef) -> RecoveryCase:
        """The case as it stands; phase NEW if there is none."""
        async with self.open_uow(ref.merchant_id) as uow:
            return replay(await uow.cases.load(ref.case_id))

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
            before = replay(await uow.cases.load(ref.case_id))
            step = _decide_all(before, change, await _policy(uow, before))
            if step.events:
                await _write(uow, ref, change, step)
            return step.events


async def _policy(uow: UnitOfWork, case: RecoveryCase) -> Policy:
    if case.version == 0:
        return await uow.policies.active()
    return await uow.policies.version(case.policy_version)


def _decide_all(before: RecoveryCase, change: Change, policy: Policy) -> _Step:
    case, events = before, list[Event]()
    for command in change.commands:
        for event in decide(case, command, policy, change.at):
            case = evolve(case, event)
            events.append(event)
    return _Step(before, tuple(events), case)


async def _write(uow: UnitOfWork, ref: CaseRef, change: Change, step: _Step) -> None:
    if change.customer is not None:
        await uow.customers.keep(step.after.account, change.customer)
    await uow.cases.append(ref.case_id, step.before.version, step.events, step.after)
    await uow.actions.put(ref.case_id, next_action(step.after))
    await uow.audit.add(_audit(ref, change, step))
    if change.also is not None:
        await change.also(uow)


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
