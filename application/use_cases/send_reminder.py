"""SendReminder: look once more whether the customer still owes, then write, at most once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from application.bounces import remember_dead
from application.change_case import WORKER, CaseRef, Cases, Change
from application.owed import MOST, Debt, others_of
from application.ports.conveyor import ScheduledAction
from application.ports.letters import OtherInvoice, ReminderRenderer, ReminderText
from application.ports.mailer import Letter, MailDeferred, Mailer, MailRefused
from application.ports.payments import Payments
from application.ports.registry import MerchantProfile, Registry
from application.ports.stores import LINK_LIFE, NewMessage
from application.ports.suppressions import Suppression, hash_of
from application.ports.unit_of_work import UnitOfWork
from domain.decline.telling import Tellable, tellable
from domain.invoice import Customer, Invoice, InvoiceStatus
from domain.policy import Channel, Template
from domain.recovery import commands as c
from domain.recovery.events import Payer, ReminderStarted, StopReason
from domain.recovery.signals import Origin, after_settlement
from domain.recovery.state import RecoveryCase, Reminder


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReminder:
    """The step is used up before the letter is handed over: a crash may lose, never double it."""

    cases: Cases
    payments: Payments
    registry: Registry
    mailer: Mailer
    renderer: ReminderRenderer
    new_token: Callable[[], str]  # 256 bits, URL-safe
    base_url: str
    mail_domain: str

    async def __call__(self, action: ScheduledAction) -> None:
        ref = CaseRef(action.ref.merchant_id, action.case_id)
        case = await self.cases.read(ref)
        if case.reminder is None or case.reminder.step != action.number:
            return
        invoice = await self.payments.read_invoice(case.account, case.invoice_id)
        obstacle = _obstacle(invoice, case.reminder)
        if obstacle:
            await self.cases.change(ref, *obstacle)
            return
        assert invoice is not None
        assert invoice.customer is not None
        assert invoice.customer.email is not None
        silence, owed = await self._around(ref, case, invoice.customer.email)
        if silence is not None:
            step = c.SkipReminder(step=action.number, reason=silence.value)
            await self.cases.change(ref, step)
            return
        others = await self._still_open(owed)
        token = self.new_token()
        letter = await self._compose(ref, case, invoice, others, token)
        await self._commit_and_send(ref, action.number, letter, invoice, token)

    async def _around(
        self, ref: CaseRef, case: RecoveryCase, address: str
    ) -> tuple[Suppression | None, tuple[Debt, ...]]:
        """Whether they may be written to at all, and what else of theirs the letter tells of."""
        async with self.cases.open_uow(ref.merchant_id) as uow:
            silence = await uow.suppressions.reason(hash_of(address))
            tells = silence is None and case.is_open  # thanks are for one thing alone
            others = await others_of(uow, ref, case) if tells else ()
        return silence, tuple(debt for debt in others if debt.may_be_written_of)[:MOST]

    async def _still_open(self, debts: tuple[Debt, ...]) -> tuple[OtherInvoice, ...]:
        """Looked at once more, as the letter's own invoice is."""
        shown = [
            await self.payments.read_invoice(debt.case.account, debt.case.invoice_id)
            for debt in debts
        ]
        return tuple(
            OtherInvoice(
                amount_minor=invoice.amount_remaining_minor,
                currency=invoice.currency,
                number=invoice.number,
            )
            for invoice in shown
            if invoice is not None and invoice.status is InvoiceStatus.OPEN
        )

    async def _compose(
        self,
        ref: CaseRef,
        case: RecoveryCase,
        invoice: Invoice,
        others: tuple[OtherInvoice, ...],
        token: str,
    ) -> Letter:
        assert case.reminder is not None
        step = case.reminder.step
        merchant = await self.registry.merchant(ref.merchant_id)
        about = _about(case, step, invoice, merchant, f"{self.base_url}/r/{token}")
        about = replace(about, others=others, stop_link=f"{self.base_url}/u/{token}")
        return self._letter(ref, step, invoice, merchant, about)

    async def _commit_and_send(
        self, ref: CaseRef, step: int, letter: Letter, invoice: Invoice, token: str
    ) -> None:
        events = await self.cases.apply(ref, self._beginning(ref, step, letter, invoice, token))
        if not any(isinstance(event, ReminderStarted) for event in events):
            return
        await self._hand_over(ref, step, letter)

    def _letter(
        self,
        ref: CaseRef,
        step: int,
        invoice: Invoice,
        merchant: MerchantProfile,
        about: ReminderText,
    ) -> Letter:
        customer = invoice.customer
        assert customer is not None
        assert customer.email is not None
        words = self.renderer.reminder(about)
        return Letter(
            message_id=f"{ref.case_id}.{step}@{self.mail_domain}",
            thread_id=f"{ref.case_id}@{self.mail_domain}",
            to=customer.email,
            to_name=customer.name,
            sender_name=merchant.name,
            reply_to=merchant.reply_to,
            subject=words.subject,
            text=words.text,
            html=words.html,
            unsubscribe=words.stop_link,
        )

    def _beginning(
        self, ref: CaseRef, step: int, letter: Letter, invoice: Invoice, token: str
    ) -> Change:
        now = self.cases.clock()
        token_hash = sha256(token.encode()).digest()

        async def also(uow: UnitOfWork) -> None:
            until = now + LINK_LIFE
            await uow.links.keep(token_hash, ref.case_id, until, hash_of(letter.to))
            message = NewMessage(
                step=step, message_id=letter.message_id, subject=letter.subject, at=now
            )
            await uow.messages.begin(ref.case_id, message)

        return Change(
            commands=(c.BeginReminder(step=step, message_id=letter.message_id),),
            actor=WORKER,
            at=now,
            customer=invoice.customer,
            also=also,
        )

    async def _hand_over(self, ref: CaseRef, step: int, letter: Letter) -> None:
        try:
            await self.mailer.send(letter)
        except (MailRefused, MailDeferred) as error:
            final = isinstance(error, MailRefused)
            failed = c.FailReminder(step=step, reason=str(error), final=final)
            dead = letter.to if isinstance(error, MailRefused) and error.is_dead else None
            await self._failed(ref, failed, letter.message_id, dead)
        else:
            await self._sent(ref.merchant_id, letter.message_id)

    async def _failed(
        self, ref: CaseRef, failed: c.FailReminder, message_id: str, dead: str | None
    ) -> None:
        now = self.cases.clock()

        async def first(uow: UnitOfWork) -> None:
            # Before the decision reads the contact budget: what did not go is none of it.
            await uow.messages.failed(message_id)
            if dead is not None:
                subject = f"case:{ref.case_id}"
                await remember_dead(uow, dead, actor=WORKER, subject=subject, at=now)

        change = Change(commands=(failed,), actor=WORKER, at=now, first=first)
        await self.cases.apply(ref, change)

    async def _sent(self, merchant_id: UUID, message_id: str) -> None:
        async with self.cases.open_uow(merchant_id) as uow:
            await uow.messages.sent(message_id, self.cases.clock())


def _obstacle(invoice: Invoice | None, reminder: Reminder) -> tuple[c.Command, ...]:
    """Why not to write: what to record instead; empty if the letter may go."""
    if reminder.template is Template.RECOVERED:
        if invoice is None or invoice.status is not InvoiceStatus.PAID:
            return (c.SkipReminder(step=reminder.step, reason="not_paid"),)
        return _without_address(invoice, reminder)
    if invoice is None:
        return (c.StopCase(reason=StopReason.GONE),)
    ended = after_settlement(invoice, Origin(by=Payer.STRIPE))
    if ended:
        return ended
    return _without_address(invoice, reminder)


def _without_address(invoice: Invoice, reminder: Reminder) -> tuple[c.Command, ...]:
    if reminder.channel is not Channel.EMAIL:
        return (c.SkipReminder(step=reminder.step, reason="no_sender"),)
    if not _address(invoice.customer):
        return (c.SkipReminder(step=reminder.step, reason="no_address"),)
    return ()


def _address(customer: Customer | None) -> str | None:
    return customer.email if customer else None


def _about(
    case: RecoveryCase, step: int, invoice: Invoice, merchant: MerchantProfile, link: str
) -> ReminderText:
    customer = invoice.customer
    card = None if case.outstanding else invoice.card or case.card
    next_at, zone = case.next_attempt_at, case.timezone or merchant.timezone
    owed_minor = invoice.amount_remaining_minor if case.is_open else case.recovered_minor
    return ReminderText(
        merchant_name=merchant.name,
        customer_name=customer.name if customer else None,
        amount_minor=owed_minor,
        currency=invoice.currency,
        invoice_number=invoice.number,
        template=case.reminder.template if case.reminder else Template.PAYMENT_FAILED,
        reason=Tellable.GENERIC if case.outstanding else tellable(case.decline),
        step=step,
        next_attempt_on=_day(next_at, zone) if next_at else None,
        last4=card.last4 if card else None,
        link=link,
        locale=customer.locale if customer else None,
        is_bill=case.outstanding,
        due_on=_day(case.due_at, zone) if case.due_at else None,
    )


def _day(at: datetime, zone: str) -> str:
    """The reader's own day: an evening here can be tomorrow there."""
    return at.astimezone(ZoneInfo(zone)).date().isoformat()
