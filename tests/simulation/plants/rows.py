"""Bugs about rows: lost, doubled, torn apart, somebody else's."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from msgspec.structs import replace

import application.basis
from application.basis import Known, Question
from application.change_case import CaseRef
from application.event_effects import EventEffects
from application.ports.conveyor import EventIntake, IncomingEvent, ScheduledAction
from application.ports.payments import Ending, Payments
from application.ports.stores import AuditEntry, ConcurrentWrite, EventRef
from application.ports.unit_of_work import UnitOfWork
from application.use_cases.process_event import ProcessEvent
from application.work import Errand
from domain.invoice import Customer, Invoice
from domain.policy import Policy
from domain.recovery.actions import Action, ActionKind
from domain.recovery.commands import RecordEndAction, RecordTakeOver
from domain.recovery.events import Event
from domain.recovery.explain import Decision
from domain.recovery.state import RecoveryCase
from tests.simulation.database import PausingCases, Unit
from tests.simulation.installation import Installation
from tests.simulation.laws import Law
from tests.simulation.plants.plant import Passing, instead


class AckLost(Installation):
    """2xx is said although the commit failed."""

    def an_intake(self) -> EventIntake:
        inner, schedule = super().an_intake(), self.schedule

        class Hasty:
            async def keep(self, event: IncomingEvent) -> None:
                if not schedule.chance_of(schedule.weather.commit):
                    await inner.keep(event)

        return Hasty()


class MarksNotUnique(Installation):
    """The inbox takes the same mark twice."""

    def unit(self, inner: UnitOfWork) -> Unit:
        unit = super().unit(inner)

        class Lax:
            async def handled(self, event: EventRef) -> bool:
                await inner.inbox.handled(event)
                unit.marks.marked.append(event)
                return True

            async def unseen(self, account: str, event_ids: tuple[str, ...]) -> frozenset[str]:
                return await inner.inbox.unseen(account, event_ids)

        unit.inbox = Lax()
        return unit


class EffectAfterMark(Installation):
    """An event is marked in one transaction, and has its effect in the next."""

    def a_process(self) -> ProcessEvent:
        class Hasty(EventEffects):
            async def apply(self, ref: EventRef, *what: Any, **more: Any) -> None:
                async with self.cases.open_uow(ref.merchant_id) as uow:
                    await uow.inbox.handled(ref)
                await super().apply(ref, *what, **{**more, "last": False})

        class Careless(ProcessEvent):
            @property
            def effects(self) -> EventEffects:
                return Hasty(cases=self.cases, payments=self.payments)

        return Careless(
            cases=self.cases, inbox=self.inbox, events=self.letterbox, payments=self.payments
        )


class ActionForgotten(Installation):
    """An attempt is begun, and nobody will ask what became of it."""

    def unit(self, inner: UnitOfWork) -> Unit:
        class Forgetful:
            async def put(self, case_id: UUID, action: Action | None) -> None:
                forgotten = action is not None and action.kind is ActionKind.RECONCILE
                await inner.actions.put(case_id, None if forgotten else action)

        unit = super().unit(inner)
        unit.actions = Forgetful()
        return unit


class LostRaceIgnored(Installation):
    """Whoever comes second goes on as if there had been no first."""

    def unit(self, inner: UnitOfWork) -> Unit:
        class Deaf(PausingCases):
            async def append(
                self, case_id: UUID, version: int, events: tuple[Event, ...], after: RecoveryCase
            ) -> None:
                with suppress(ConcurrentWrite):
                    await super().append(case_id, version, events, after)

        unit = super().unit(inner)
        unit.cases = Deaf(inner.cases)
        return unit


class AuditGap(Installation):
    """Some changes leave no trace."""

    def unit(self, inner: UnitOfWork) -> Unit:
        class Sparse:
            async def add(self, entry: AuditEntry) -> None:
                if "reminder_started" not in entry.action:
                    await inner.audit.add(entry)

        unit = super().unit(inner)
        unit.audit = Sparse()
        return unit


class AuditOfNothing(Installation):
    """What was asked is written down as if it had happened."""

    def unit(self, inner: UnitOfWork) -> Unit:
        unit = super().unit(inner)
        world, merchants = self.world, self.world.cases

        class Talkative(PausingCases):
            async def load(self, case_id: UUID) -> tuple[Event, ...]:
                events = await super().load(case_id)
                if not events:
                    return events
                held = next(one for (_, name), one in merchants.items() if name == case_id)
                version = held.state.version
                await inner.audit.add(
                    AuditEntry(
                        at=world.wall(),
                        actor="worker",
                        action="looked",
                        subject=f"case:{case_id}",
                        before={"version": version},
                        after={"version": version},
                    )
                )
                return events

        unit.cases = Talkative(inner.cases)
        return unit


class PersonInTheAudit(Installation):
    """The audit names the customer."""

    def unit(self, inner: UnitOfWork) -> Unit:
        names = [customer.name for customer in self.world.customers.values()]

        class Chatty:
            async def add(self, entry: AuditEntry) -> None:
                actor = f"customer:{names[0]}" if names else entry.actor
                await inner.audit.add(replace(entry, actor=actor))

        unit = super().unit(inner)
        unit.audit = Chatty()
        return unit


class WrongMerchant(Installation):
    """A customer is kept under an account that is somebody else's."""

    def unit(self, inner: UnitOfWork) -> Unit:
        class Astray:
            async def keep(self, account: str, customer: Customer) -> None:
                await inner.customers.keep("acct_0", customer)

            async def find(self, account: str, customer_id: str) -> Customer | None:
                return await inner.customers.find("acct_0", customer_id)

        unit = super().unit(inner)
        unit.customers = Astray()
        return unit


class CallUnderAnothersName(Installation):
    """Stripe is asked on the account that was connected first."""

    def a_way_to_stripe(self) -> Payments:
        class Confused(Passing):
            async def read_invoice(self, account: str, invoice_id: str) -> Invoice | None:
                await self.inner.read_invoice("acct_0", invoice_id)
                return await self.inner.read_invoice(account, invoice_id)

        return Confused(self.network)


class TakeOverForgotten(Installation):
    """Stripe's own retries are said to be off, and nobody told Stripe."""

    def errands(self) -> dict[ActionKind, Errand]:
        async def forget(action: ScheduledAction) -> None:
            ref = CaseRef(action.ref.merchant_id, action.case_id)
            await self.cases.change(ref, RecordTakeOver())

        return {**super().errands(), ActionKind.TAKE_OVER: forget}


class PolicyDrifts(Installation):
    """An open case is decided by whatever policy is in force today."""

    @classmethod
    def patches(cls) -> Any:
        async def todays(uow: UnitOfWork, question: Question, known: Known) -> Policy:
            return await uow.policies.active()

        return (instead(application.basis, "_policy", todays),)


class KnowledgeDrifts(Installation):
    """A decision names a version of what is known, and reads the one before."""

    @classmethod
    def patches(cls) -> Any:
        right = Known.knowledge

        async def older(self: Known, uow: UnitOfWork, merchant_id: UUID, version: int) -> Any:
            return await right(self, uow, merchant_id, max(0, version - 1))

        return (instead(Known, "knowledge", older),)


class DecisionNotKept(Installation):
    """The log of decisions has gaps."""

    def unit(self, inner: UnitOfWork) -> Unit:
        class Sparse:
            async def add(self, case_id: UUID, decision: Decision) -> None:
                if len(decision.commands) == 1:
                    await inner.decisions.add(case_id, decision)

            async def of_case(self, case_id: UUID) -> tuple[Decision, ...]:
                return await inner.decisions.of_case(case_id)

        unit = super().unit(inner)
        unit.decisions = Sparse()
        return unit


class EndedUnread(Installation):
    """The end action is carried out without another look."""

    def errands(self) -> dict[ActionKind, Errand]:
        async def blind(action: ScheduledAction) -> None:
            ref = CaseRef(action.ref.merchant_id, action.case_id)
            case = await self.cases.read(ref)
            ending = Ending(
                action=case.then, invoice_id=case.invoice_id, subscription_id=case.subscription_id
            )
            key = f"cc:{action.case_id}:end"
            ended = await self.payments.end(case.account, ending, idempotency_key=key)
            await self.cases.change(ref, RecordEndAction(result=ended.result))

        return {**super().errands(), ActionKind.END: blind}


PLANTS = {
    AckLost: Law.I11,
    MarksNotUnique: Law.I11,
    EffectAfterMark: Law.I11,
    ActionForgotten: Law.I15,
    LostRaceIgnored: Law.I18,
    AuditGap: Law.I18,
    AuditOfNothing: Law.I18,
    PersonInTheAudit: Law.I25,
    WrongMerchant: Law.I17,
    CallUnderAnothersName: Law.I17,
    TakeOverForgotten: Law.I21,
    PolicyDrifts: Law.I24,
    KnowledgeDrifts: Law.I20,
    DecisionNotKept: Law.I18,
    EndedUnread: Law.I21,
}
