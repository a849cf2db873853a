"""SweepInvoices: daily, what is open in Stripe is compared with what we chase, both ways.

It makes up what reconciliation cannot: an outage longer than Stripe keeps events, an endpoint that
was set up without an event that matters. What happened in the last three hours is left to its
event, which says better than an invoice who did it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from application.case_ids import case_id_for
from application.change_case import CaseRef, Cases, Change
from application.ports.chores import Chore, ChoreStep, Progress
from application.ports.payments import Payments
from application.ports.stripe_records import InvoiceRecord, StripeRecords
from domain.invoice import Invoice
from domain.recovery import commands as c
from domain.recovery.events import Payer, StopReason
from domain.recovery.signals import Origin, commands_for

EVERY: Final = timedelta(days=1)
LEFT_TO_EVENTS: Final = timedelta(hours=3)
# An invoice older than this when the account was connected can hardly fail for the first time.
OLDEST: Final = timedelta(days=90)
CASES_A_STEP: Final = 25  # two requests each
SWEEPER: Final = "sweep"
BY_STRIPE: Final = Origin(by=Payer.STRIPE)


class _Cursor(Struct, frozen=True, omit_defaults=True):
    """First the list of open invoices, then the open cases: where in which it goes on."""

    after: str | None = None
    listed: bool = False
    case_after: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepInvoices:
    """A page of invoices or of cases a step. Each change is harmless if it was so already."""

    records: StripeRecords
    payments: Payments
    cases: Cases
    found: Callable[[int], None]  # counts what no event had told

    async def __call__(self, chore: Chore) -> Chore:
        cursor = _Cursor()
        if chore.cursor is not None:
            cursor = msgspec.json.decode(chore.cursor, type=_Cursor)
        before = chore.progress if cursor != _Cursor() else Progress()
        if not cursor.listed:
            return await self._invoices(chore, cursor, before)
        return await self._open_cases(chore, cursor, before)

    async def _invoices(self, chore: Chore, cursor: _Cursor, before: Progress) -> Chore:
        account = chore.ref.account
        page = await self.records.open_invoices(account, chore.put_at - OLDEST, cursor.after)
        failed = [record for record in page.invoices if record.attempted]
        missing = await self._without_case(chore, failed)
        taken_up = 0
        for record in missing:
            taken_up += await self._take_up(chore, record)
        progress = Progress(done=before.done + len(page.invoices), found=before.found + taken_up)
        self.found(taken_up)
        after = _Cursor(after=page.last, listed=page.last is None)
        return await self._saved(chore, after, progress)

    async def _without_case(
        self, chore: Chore, records: list[InvoiceRecord]
    ) -> list[InvoiceRecord]:
        ids = {case_id_for(chore.ref.account, one.invoice.invoice_id): one for one in records}
        async with self.cases.open_uow(chore.ref.merchant_id) as uow:
            known = await uow.cases.known(tuple(ids))
        return [record for case_id, record in ids.items() if case_id not in known]

    async def _take_up(self, chore: Chore, record: InvoiceRecord) -> bool:
        """Whether it should have had a case, and has one now."""
        account, invoice_id = chore.ref.account, record.invoice.invoice_id
        invoice = await self.payments.read_invoice(account, invoice_id)
        if invoice is None:
            return False
        failed_at = invoice.last_failure.at if invoice.last_failure else record.created_at
        now = self.cases.clock()
        if not chore.put_at <= failed_at <= now - LEFT_TO_EVENTS:
            return False
        case_id = case_id_for(account, invoice_id)
        return await self._apply(chore, case_id, invoice, commands_for(account, invoice, BY_STRIPE))

    async def _open_cases(self, chore: Chore, cursor: _Cursor, before: Progress) -> Chore:
        account = chore.ref.account
        async with self.cases.open_uow(chore.ref.merchant_id) as uow:
            case_ids = await uow.cases.open_after(account, cursor.case_after, CASES_A_STEP)
        moved = 0
        for case_id in case_ids:
            moved += await self._brought_up_to_date(chore, case_id)
        self.found(moved)
        progress = Progress(done=before.done + len(case_ids), found=before.found + moved)
        over = len(case_ids) < CASES_A_STEP
        after = _Cursor() if over else _Cursor(listed=True, case_after=case_ids[-1])
        return await self._saved(chore, after, progress, over=over)

    async def _brought_up_to_date(self, chore: Chore, case_id: UUID) -> bool:
        """Whether the invoice had moved on and nobody had told us. A charge of ours that is on its
        way has an action of its own that asks."""
        case = await self.cases.read(CaseRef(chore.ref.merchant_id, case_id))
        if case.in_flight is not None or not case.is_open:
            return False
        invoice = await self.payments.read_invoice(case.account, case.invoice_id)
        if invoice is None:
            gone = (c.StopCase(reason=StopReason.GONE),)
            return await self._apply(chore, case_id, None, gone)
        if _moved_at(invoice, case.opened_at) > self.cases.clock() - LEFT_TO_EVENTS:
            return False
        commands = commands_for(case.account, invoice, BY_STRIPE)
        return await self._apply(chore, case_id, invoice, commands)

    async def _apply(
        self, chore: Chore, case_id: UUID, invoice: Invoice | None, commands: tuple[c.Command, ...]
    ) -> bool:
        change = Change(
            commands=commands,
            actor=SWEEPER,
            at=self.cases.clock(),
            customer=invoice.customer if invoice else None,
        )
        return bool(await self.cases.apply(CaseRef(chore.ref.merchant_id, case_id), change))

    async def _saved(
        self, chore: Chore, cursor: _Cursor, progress: Progress, *, over: bool = False
    ) -> Chore:
        now = self.cases.clock()
        step = ChoreStep(
            at=now,
            cursor=msgspec.json.encode(cursor),
            progress=progress,
            over=over,
            next_at=now + EVERY if over else None,
        )
        async with self.cases.open_uow(chore.ref.merchant_id) as uow:
            return await uow.chores.save(chore, step)


def _moved_at(invoice: Invoice, opened_at: datetime | None) -> datetime:
    """When the invoice last did what an event tells of, as far as it shows."""
    failed_at = invoice.last_failure.at if invoice.last_failure else None
    seen = [at for at in (invoice.paid_at, failed_at, opened_at) if at is not None]
    return max(seen)
