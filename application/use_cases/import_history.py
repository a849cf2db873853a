"""ImportHistory: the failed invoices of the time before we came, with their charges.

Those that ended become past cases, which a backtest reads, and teach the timing what Stripe's own
retries brought. Those that are still open and worth a case are offered; nothing is chased before
the merchant says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from application.basis import OWN
from application.case_ids import case_id_for
from application.ports.chores import Chore, ChoreStep, Progress
from application.ports.history import OfferedInvoice, PastCaseRecord
from application.ports.stripe_records import InvoiceRecord, StripeRecords
from application.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from domain.decline import family_of
from domain.invoice import Invoice, InvoiceStatus
from domain.network import BARRING
from domain.policy import Policy
from domain.recovery.imported import SeenCharge, past_events, stripes_lessons
from domain.recovery.signals import is_of_checkout
from domain.timing.lessons import ChargeLesson

BACK: Final = timedelta(days=730)
# Oldest first, so that lessons are written down in the order of time, as knowledge fades with it;
# lists come newest first, so it goes month by month.
MONTH: Final = timedelta(days=31)


class _Cursor(Struct, frozen=True, omit_defaults=True):
    """All of the time that is looked at, the month it is in, and where in that month's list."""

    begin: datetime
    until: datetime
    month: datetime
    after: str | None = None

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The month."""
        return self.month, min(self.month + MONTH, self.until)

    def next(self, last: str | None) -> "_Cursor":
        """Where it goes on."""
        month = self.month if last is not None else self.month + MONTH
        return _Cursor(begin=self.begin, until=self.until, month=month, after=last)

    def about(self, done: int) -> int | None:
        """About how many invoices there are, if it goes on as it began."""
        share = (min(self.month, self.until) - self.begin) / (self.until - self.begin)
        return round(done / share) if share > 0 else None


class _Found(Struct, frozen=True, kw_only=True):
    """What a page came to."""

    past: tuple[PastCaseRecord, ...]
    lessons: dict[UUID, tuple[ChargeLesson, ...]]
    offers: tuple[OfferedInvoice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportHistory:
    """A page of 100 invoices a step: one request, and one for each payment of a failed one. What it
    finds and how far it is are one transaction."""

    records: StripeRecords
    open_uow: OpenUnitOfWork
    clock: Callable[[], datetime]

    async def __call__(self, chore: Chore) -> Chore:
        cursor = _cursor(chore)
        account = chore.ref.account
        page = await self.records.past_invoices(account, cursor.span, cursor.after)
        failed = await self._not_ours(chore, [one for one in page.invoices if _matters(one)])
        charged = [(record, await self._charges(account, record)) for record in failed]
        async with self.open_uow(chore.ref.merchant_id) as uow:
            policy = await uow.policies.active()
            found = _found(chore, charged, policy, self.clock())
            await _keep(uow, found, self.clock())
            return await uow.chores.save(
                chore, self._step(chore, cursor.next(page.last), len(page.invoices), found)
            )

    async def _not_ours(self, chore: Chore, records: list[InvoiceRecord]) -> list[InvoiceRecord]:
        """Those of which we have no case: of the others we know more than Stripe tells."""
        ids = {case_id_for(chore.ref.account, one.invoice.invoice_id): one for one in records}
        async with self.open_uow(chore.ref.merchant_id) as uow:
            known = await uow.cases.known(tuple(ids))
        return [record for case_id, record in ids.items() if case_id not in known]

    async def _charges(self, account: str, record: InvoiceRecord) -> tuple[SeenCharge, ...]:
        found: list[SeenCharge] = []
        for intent in record.intents:
            found += await self.records.charges(account, intent)
        return tuple(found)

    def _step(self, chore: Chore, after: _Cursor, looked_at: int, found: _Found) -> ChoreStep:
        done, over = chore.progress.done + looked_at, after.month >= after.until
        progress = Progress(
            done=done,
            of_about=done if over else after.about(done),
            found=chore.progress.found + len(found.past) + len(found.offers),
        )
        cursor = None if over else msgspec.json.encode(after)
        return ChoreStep(at=self.clock(), cursor=cursor, progress=progress, over=over)


def _cursor(chore: Chore) -> _Cursor:
    if chore.cursor is not None:
        return msgspec.json.decode(chore.cursor, type=_Cursor)
    begin = chore.put_at - BACK
    return _Cursor(begin=begin, until=chore.put_at, month=begin)


def _matters(record: InvoiceRecord) -> bool:
    invoice = record.invoice
    automatic = invoice.collection == "charge_automatically"
    return record.once_failed and automatic and not is_of_checkout(invoice)


def _found(
    chore: Chore,
    charged: Sequence[tuple[InvoiceRecord, tuple[SeenCharge, ...]]],
    policy: Policy,
    now: datetime,
) -> _Found:
    past: list[PastCaseRecord] = []
    offers: list[OfferedInvoice] = []
    for record, charges in charged:
        refused = [charge for charge in charges if charge.failure is not None]
        if not refused:
            continue
        closes_at = min(one.at for one in refused) + _window(policy, record.invoice)
        if record.invoice.status is not InvoiceStatus.OPEN:
            past.append(_past(chore, record, charges, record.ended_at or closes_at))
        elif now >= closes_at:
            past.append(_past(chore, record, charges, closes_at))
        else:
            offers += _offer(chore, record.invoice, refused)
    past.sort(key=lambda one: (one.ended_at, one.case_id))
    lessons = {one.case_id: stripes_lessons(one.history, OWN) for one in past}
    return _Found(past=tuple(past), lessons=lessons, offers=tuple(offers))


def _window(policy: Policy, invoice: Invoice) -> timedelta:
    amount_minor = invoice.amount_remaining_minor + invoice.amount_paid_minor
    segment = policy.segment_of(invoice.profile, amount_minor, invoice.currency)
    return policy.rules(segment, None).window


def _past(
    chore: Chore, record: InvoiceRecord, charges: tuple[SeenCharge, ...], ended_at: datetime
) -> PastCaseRecord:
    account, invoice_id = chore.ref.account, record.invoice.invoice_id
    history = past_events(account, record.invoice, charges, ended_at)
    return PastCaseRecord(
        case_id=case_id_for(account, invoice_id),
        account=account,
        invoice_id=invoice_id,
        ended_at=history[-1].at,
        history=history,
    )


def _offer(chore: Chore, invoice: Invoice, refused: list[SeenCharge]) -> list[OfferedInvoice]:
    """None for an invoice whose card may not be charged again."""
    latest = max(refused, key=lambda charge: charge.at)
    assert latest.failure is not None
    family = family_of(latest.failure.decline)
    if family in BARRING:
        return []
    return [
        OfferedInvoice(
            account=chore.ref.account,
            invoice_id=invoice.invoice_id,
            amount_minor=invoice.amount_remaining_minor,
            currency=invoice.currency,
            failed_at=latest.at,
            family=family,
        )
    ]


async def _keep(uow: UnitOfWork, found: _Found, now: datetime) -> None:
    """A past case that was there already has taught already."""
    new = await uow.past.keep(found.past)
    taught = [lesson for case_id in new for lesson in found.lessons[case_id]]
    if taught:
        await uow.lessons.add(now, tuple(sorted(taught, key=lambda lesson: lesson.at)))
    if found.offers:
        await uow.past.offer(found.offers)
