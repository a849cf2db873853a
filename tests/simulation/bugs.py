"""Bugs to plant: each replaces one part of an installation by one that forgets a promise.

They prove that the judge can see. A bug that no seed finds would mean that nobody looks there.
"""

from contextlib import suppress
from typing import Any
from uuid import UUID

from application.case_ids import attempt_key
from application.change_case import CaseRef, Cases
from application.charging import Charging
from application.ports.conveyor import EventIntake, IncomingEvent, ScheduledAction
from application.ports.mailer import Letter, MailDeferred, Mailer
from application.ports.payments import Outcome, Payments, Refused, Unknown
from application.ports.stores import AuditEntry, ConcurrentWrite, EventRef
from application.ports.unit_of_work import UnitOfWork
from application.use_cases.process_event import ProcessEvent
from application.work import Errand
from domain.invoice import Customer, Invoice
from domain.recovery.actions import Action, ActionKind
from domain.recovery.case import RecoveryCase
from domain.recovery.commands import Command
from domain.recovery.events import Event
from tests.simulation.database import PausingCases, Unit
from tests.simulation.installation import Installation
from tests.simulation.schedule import START


class Passing:
    """A way to Stripe to build a worse one upon."""

    def __init__(self, inner: Payments) -> None:
        self.inner = inner

    async def read_invoice(self, account: str, invoice_id: str) -> Invoice | None:
        return await self.inner.read_invoice(account, invoice_id)

    async def stop_stripe_retries(
        self, account: str, invoice_id: str, *, idempotency_key: str
    ) -> None:
        await self.inner.stop_stripe_retries(account, invoice_id, idempotency_key=idempotency_key)

    async def pay_invoice(self, account: str, invoice_id: str, *, idempotency_key: str) -> Outcome:
        return await self.inner.pay_invoice(account, invoice_id, idempotency_key=idempotency_key)


class KeysForgotten(Installation):
    """The bank charges anew under a key that it has seen."""

    def build(self) -> None:
        self.stripe.forgets_keys = True
        super().build()


class FreshKeys(Installation):
    """Each call of one attempt has a key of its own."""

    def a_way_to_stripe(self) -> Payments:
        class Fresh(Passing):
            calls = 0

            async def pay_invoice(
                self, account: str, invoice_id: str, *, idempotency_key: str
            ) -> Outcome:
                self.calls += 1
                key = f"{idempotency_key}.{self.calls}"
                return await self.inner.pay_invoice(account, invoice_id, idempotency_key=key)

        return Fresh(self.network)


class SilenceTakenForNo(Installation):
    """A charge without an answer counts as one that never was."""

    def a_way_to_stripe(self) -> Payments:
        class Hasty(Passing):
            async def pay_invoice(self, account: str, invoice_id: str, **key: Any) -> Outcome:
                outcome = await super().pay_invoice(account, invoice_id, **key)
                return Refused(reason="timeout") if isinstance(outcome, Unknown) else outcome

        return Hasty(self.network)


class StaleRead(Installation):
    """An invoice is read once and then remembered."""

    def a_way_to_stripe(self) -> Payments:
        class Remembering(Passing):
            def __init__(self, inner: Payments) -> None:
                super().__init__(inner)
                self.known: dict[str, Invoice | None] = {}

            async def read_invoice(self, account: str, invoice_id: str) -> Invoice | None:
                if invoice_id not in self.known:
                    self.known[invoice_id] = await super().read_invoice(account, invoice_id)
                return self.known[invoice_id]

        return Remembering(self.network)


class KeysNeverTooOld(Installation):
    """A key is sent again however old it is."""

    def a_charging(self) -> Charging:
        right = self.cases

        class Ageless(Cases):
            async def change(self, ref: CaseRef, *commands: Command) -> tuple[Event, ...]:
                return await right.change(ref, *commands)

        cases = Ageless(open_uow=right.open_uow, clock=lambda: START)
        return Charging(cases=cases, payments=self.payments, count=lambda _: None)


class AckLost(Installation):
    """2xx is said although the commit failed."""

    def an_intake(self) -> EventIntake:
        inner, schedule = super().an_intake(), self.schedule

        class Hasty:
            async def keep(self, event: IncomingEvent) -> None:
                if not schedule.chance_of(schedule.weather.commit):
                    await inner.keep(event)

        return Hasty()


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


class LetterTwice(Installation):
    """A letter that was taken counts as one that was not."""

    def a_mailer(self) -> Mailer:
        inner, schedule = super().a_mailer(), self.schedule

        class Doubting:
            async def send(self, letter: Letter) -> None:
                await inner.send(letter)
                if schedule.chance_of(schedule.weather.mail):
                    raise MailDeferred("timeout")

        return Doubting()


class DeclinesForgotten(Installation):
    """Nobody counts the refusals of a card, the last line neither."""

    def unit(self, inner: UnitOfWork) -> Unit:
        self.world.declines.clear()
        return super().unit(inner)


class EffectAfterMark(Installation):
    """An event is marked in one transaction, and has its effect in the next."""

    def a_process(self) -> ProcessEvent:
        class Hasty(ProcessEvent):
            async def _apply(self, ref: EventRef, *what: Any, **more: Any) -> None:
                async with self.cases.open_uow(ref.merchant_id) as uow:
                    await uow.inbox.handled(ref)
                await super()._apply(ref, *what, **{**more, "last": False})

        return Hasty(
            cases=self.cases, inbox=self.inbox, events=self.letterbox, payments=self.payments
        )


class ChargedAfterTheEnd(Installation):
    """Once more for good measure, whatever the case says by now."""

    def errands(self) -> dict[ActionKind, Errand]:
        errands = super().errands()

        async def blind(action: ScheduledAction) -> None:
            await errands[ActionKind.RECONCILE](action)
            case = await self.cases.read(CaseRef(action.ref.merchant_id, action.case_id))
            key = attempt_key(action.case_id, action.number)
            await self.payments.pay_invoice(case.account, case.invoice_id, idempotency_key=key)

        return {**errands, ActionKind.RECONCILE: blind}


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


# Each bug, and the promise that the judge sees broken.
BUGS: dict[type[Installation], str] = {
    KeysForgotten: "one charge per key",
    FreshKeys: "every charge has its committed attempt",
    SilenceTakenForNo: "no charge that was given up",
    StaleRead: "nobody who has paid is written to",
    KeysNeverTooOld: "no key is sent after its day",
    AckLost: "an acknowledged event is kept",
    ActionForgotten: "exactly one next action",
    LetterTwice: "one letter per step",
    DeclinesForgotten: "the network's month",
    EffectAfterMark: "an event is handled with its effect",
    ChargedAfterTheEnd: "no charge after the end",
    LostRaceIgnored: "exactly one next action",
    AuditGap: "one audit row per change",
    WrongMerchant: "no row crosses merchants",
}
