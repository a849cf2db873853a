"""What an event does: to one case, to many, to none. Whatever it does last marks it handled."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from application.change_case import CaseRef, Cases, Change
from application.ports.payments import Payments
from application.ports.stores import EventRef
from application.ports.unit_of_work import UnitOfWork
from domain.invoice import Customer, Invoice
from domain.recovery import commands as c
from domain.recovery.events import StopReason
from domain.recovery.signals import unless_settled
from domain.recovery.state import RecoveryCase

Commands = tuple[c.Command, ...]
GONE: Commands = (c.StopCase(reason=StopReason.GONE),)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEffects:
    """Changes of cases in the name of an event, each in a transaction of its own. An event that
    is handled half does the rest when it comes again: what was done is harmless to do twice."""

    cases: Cases
    payments: Payments

    async def case(self, ref: EventRef, case_id: UUID) -> RecoveryCase:
        """The case as it stands."""
        return await self.cases.read(CaseRef(ref.merchant_id, case_id))

    async def apply(
        self,
        ref: EventRef,
        case_id: UUID,
        commands: Commands,
        *,
        customer: Customer | None = None,
        last: bool = False,
    ) -> None:
        """Carry out `commands`; the `last` of an event's doings marks it handled."""
        change = Change(
            commands=commands,
            actor=f"stripe:{ref.event_id}",
            at=self.cases.clock(),
            handled=ref if last else None,
            customer=customer,
        )
        await self.cases.apply(CaseRef(ref.merchant_id, case_id), change)

    async def stop(self, ref: EventRef, commands: Commands, case_ids: tuple[UUID, ...]) -> None:
        """Stop these cases, but for those whose invoices have come to another end."""
        for case_id in case_ids:
            await self.read_and_apply(
                ref, case_id, lambda invoice: unless_settled(invoice, commands)
            )

    async def read_and_apply(
        self, ref: EventRef, case_id: UUID, commands: Callable[[Invoice], Commands]
    ) -> None:
        """What the invoice of a case, read now, asks of it."""
        case = await self.case(ref, case_id)
        invoice = await self.payments.read_invoice(ref.account, case.invoice_id)
        asked = GONE if invoice is None else commands(invoice)
        await self.apply(ref, case_id, asked, customer=invoice.customer if invoice else None)

    async def of_customer(self, ref: EventRef, customer_id: str | None) -> tuple[UUID, ...]:
        """The customer's open cases."""
        if customer_id is None:
            return ()
        async with self.cases.open_uow(ref.merchant_id) as uow:
            return await uow.cases.of_customer(ref.account, customer_id)

    async def done(
        self, ref: EventRef, also: Callable[[UnitOfWork], Awaitable[None]] | None = None
    ) -> None:
        """Mark it handled, with something else in the same transaction."""
        async with self.cases.open_uow(ref.merchant_id) as uow:
            if await uow.inbox.handled(ref) and also is not None:
                await also(uow)
