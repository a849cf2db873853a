"""SendReminder: look once more whether the customer still owes, then write, at most once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final, assert_never
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from application.bounces import leave_alone
from application.change_case import WORKER, CaseRef, Cases, Change
from application.customer_links import CustomerLinks
from application.dressing import Dressed, dressed
from application.mail_gate import LetterWaits, MailGate
from application.owed import MOST, Debt, others_of
from application.ports.conveyor import ScheduledAction
from application.ports.letters import OtherInvoice, ReminderRenderer, ReminderText
from application.ports.mail_limits import Wait
from application.ports.mailer import Handed, Letter, MailDeferred, Mailer, MailRefused, Stream
from application.ports.payments import Payments
from application.ports.registry import MerchantProfile, Registry
from application.ports.stores import LINK_LIFE, ConcurrentWrite, NewMessage
from application.ports.suppressions import Suppression, hash_of
from application.ports.text_consents import TextConsent
from application.ports.texting import Text, TextStopped
from application.ports.unit_of_work import UnitOfWork
from application.ports.wordings import LetterRef, WordsUsed
from application.reminding import about_of
from application.tasks import unreachable
from application.texting import Addressee, Texting
from domain.invoice import Customer, Invoice, InvoiceStatus
from domain.letters import kind_of
from domain.policy import Channel, Template
from domain.recovery import commands as c
from domain.recovery.events import Event, Payer, ReminderStarted, StopReason
from domain.recovery.signals import Origin, after_settlement
from domain.recovery.state import RecoveryCase, Reminder

SILENCES: Final = frozenset(Suppression)


class _Silenced(Exception):
    """Nobody may write to them any more; `why` is the reason's name."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Going(Struct, frozen=True, kw_only=True):
    """A message that is about to go, the word by which it may, if that is to be recorded, and which
    words a letter is made of."""

    message: Letter | Text
    word: TextConsent | None = None
    used: WordsUsed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReminder:
    """The step is used up before the message is handed over: a crash may lose, never double it."""

    cases: Cases
    payments: Payments
    registry: Registry
    mailer: Mailer
    renderer: ReminderRenderer
    new_token: Callable[[], str]  # 256 bits, URL-safe
    links: CustomerLinks
    mail_domain: str
    texting: Texting | None = None  # without it nobody is texted
    gate: MailGate = field(default_factory=MailGate)

    async def __call__(self, action: ScheduledAction) -> None:
        ref = CaseRef(action.ref.merchant_id, action.case_id)
        case = await self.cases.read(ref)
        if case.reminder is None or case.reminder.step != action.number:
            return
        is_letter = case.is_open and case.reminder.channel is Channel.EMAIL
        if is_letter and (wait := await self.gate.closed(self.cases.clock())):
            await self._put_off(ref, action.number, wait)
            return
        invoice = await self.payments.read_invoice(case.account, case.invoice_id)
        obstacle = _obstacle(invoice, case.reminder)
        if obstacle:
            await self.cases.change(ref, *obstacle)
            return
        assert invoice is not None
        whom, owed, wear = await self._around(ref, case, invoice)
        if isinstance(whom, str):
            await self._left_out(ref, case, invoice, whom)
            return
        others = await self._still_open(owed)
        token = self.new_token()
        going = await self._compose(ref, case, invoice, whom, others, wear, token)
        await self._commit_and_send(ref, action.number, going, invoice, token)

    async def _left_out(self, ref: CaseRef, case: RecoveryCase, invoice: Invoice, why: str) -> None:
        """The step is skipped; where their address is dead a person may know another way."""
        assert case.reminder is not None
        now, address = self.cases.clock(), _address(invoice.customer)
        is_mail = case.reminder.channel is Channel.EMAIL

        async def also(uow: UnitOfWork, _events: tuple[Event, ...]) -> None:
            if is_mail and address and why in SILENCES:
                silence, known = Suppression(why), hash_of(address)
                await unreachable(uow, known, silence, ref.case_id, now)

        skip = c.SkipReminder(step=case.reminder.step, reason=why)
        change = Change(commands=(skip,), actor=WORKER, at=now, also=also)
        await self.cases.apply(ref, change)

    async def _around(
        self, ref: CaseRef, case: RecoveryCase, invoice: Invoice
    ) -> tuple[Addressee | str, tuple[Debt, ...], Dressed]:
        """Whom to write to, or why nobody may; what else of theirs a letter tells of, and how it
        looks."""
        assert case.reminder is not None
        template, is_text = case.reminder.template, case.reminder.channel is Channel.SMS
        kind = kind_of(template, first=case.reminder.step == 1, is_bill=case.outstanding)
        locale = invoice.customer.locale if invoice.customer else None
        which = LetterRef(kind, self.renderer.language_of(locale))
        person = case.customer_id or case.invoice_id
        async with self.cases.open_uow(ref.merchant_id) as uow:
            whom = await self._addressee(uow, ref, invoice, is_text=is_text)
            # Thanks are for one thing alone, and a text has room for no more.
            tells = not isinstance(whom, str) and case.is_open and not is_text
            others = await others_of(uow, ref, case) if tells else ()
            wear = await dressed(uow, which, person, self.mail_domain)
        return whom, tuple(debt for debt in others if debt.may_be_written_of)[:MOST], wear

    async def _addressee(
        self, uow: UnitOfWork, ref: CaseRef, invoice: Invoice, *, is_text: bool
    ) -> Addressee | str:
        if is_text and self.texting is None:
            return "no_sender"
        if is_text and self.texting is not None:
            now = self.cases.clock()
            return await self.texting.addressee(uow, ref.case_id, invoice, now)
        address = _address(invoice.customer)
        if not address:
            return "no_address"
        silence = await uow.suppressions.reason(hash_of(address))
        return Addressee(address=address) if silence is None else silence.value

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

    async def _compose(  # noqa: PLR0913, PLR0917 - a message is made of all of these
        self,
        ref: CaseRef,
        case: RecoveryCase,
        invoice: Invoice,
        whom: Addressee,
        others: tuple[OtherInvoice, ...],
        wear: Dressed,
        token: str,
    ) -> Going:
        assert case.reminder is not None
        step, is_text = case.reminder.step, case.reminder.channel is Channel.SMS
        merchant = await self.registry.merchant(ref.merchant_id)
        links = await self.links.of(ref.merchant_id)
        about = about_of(case, step, invoice, merchant, links.page(token))
        if is_text and self.texting is not None:
            name = self._message_id(ref, step)
            return Going(message=self.texting.compose(ref, about, whom, name), word=whom.word)
        stop_link = links.stop(token)
        about = replace(about, others=others, dress=wear.dress, stop_link=stop_link)
        letter = self._letter(ref, step, whom.address, merchant, about)
        return Going(message=replace(letter, picture=wear.picture), used=wear.used)

    def _message_id(self, ref: CaseRef, step: int) -> str:
        return f"{ref.case_id}.{step}@{self.mail_domain}"

    async def _commit_and_send(
        self, ref: CaseRef, step: int, going: Going, invoice: Invoice, token: str
    ) -> None:
        beginning = self._beginning(ref, step, going, invoice, token)
        try:
            events = await self.cases.apply(ref, beginning)
        except _Silenced as told:
            await self.cases.change(ref, c.SkipReminder(step=step, reason=told.why))
            return
        except LetterWaits as held:
            await self._put_off(ref, step, held.wait)
            return
        if not _has_begun(events):
            return
        await self._hand_over(ref, step, going.message)

    async def _put_off(self, ref: CaseRef, step: int, wait: Wait) -> None:
        """To an instant of its own; the case says why."""
        async with self.cases.open_uow(ref.merchant_id) as uow:
            until = await self.gate.turn(uow, wait)
        await self.cases.change(ref, c.DelayReminder(step=step, until=until, rule=wait.why.value))

    def _letter(
        self, ref: CaseRef, step: int, to: str, merchant: MerchantProfile, about: ReminderText
    ) -> Letter:
        words = self.renderer.reminder(about)
        return Letter(
            message_id=self._message_id(ref, step),
            thread_id=f"{ref.case_id}@{self.mail_domain}",
            to=to,
            to_name=about.customer_name,
            sender_name=merchant.sender,
            reply_to=merchant.answers_go_to,
            subject=words.subject,
            text=words.text,
            html=words.html,
            unsubscribe=words.stop_link,
            stream=_stream(about.template),
            merchant_id=ref.merchant_id,
        )

    def _beginning(
        self, ref: CaseRef, step: int, going: Going, invoice: Invoice, token: str
    ) -> Change:
        now, message = self.cases.clock(), going.message
        token_hash = sha256(token.encode()).digest()
        is_text = isinstance(message, Text)

        async def first(uow: UnitOfWork) -> None:
            """Whoever has said stop while the message was made ready does not get it."""
            whom = await self._addressee(uow, ref, invoice, is_text=is_text)
            if isinstance(whom, str):
                raise _Silenced(whom)
            if whom.address != message.to:
                raise ConcurrentWrite
            if isinstance(message, Letter) and message.stream is Stream.REMINDERS:
                await self.gate.pass_through(uow, hash_of(message.to), now)

        async def also(uow: UnitOfWork, events: tuple[Event, ...]) -> None:
            if not _has_begun(events):  # passed over, or put off: nobody was written to
                return
            until = now + LINK_LIFE
            await uow.links.keep(token_hash, ref.case_id, until, hash_of(message.to))
            await uow.messages.begin(ref.case_id, _new(going, step, now, token_hash))
            if going.word is not None:
                await uow.text_consents.give(ref.case_id, going.word)

        return Change(
            commands=(c.BeginReminder(step=step, message_id=message.message_id),),
            actor=WORKER,
            at=now,
            customer=invoice.customer,
            first=first,
            also=also,
        )

    async def _hand_over(self, ref: CaseRef, step: int, message: Letter | Text) -> None:
        try:
            handed = await self._give(message)
        except (MailRefused, MailDeferred) as error:
            final = isinstance(error, MailRefused)
            failed = c.FailReminder(step=step, reason=str(error), final=final)
            await self._failed(ref, failed, message, _why_never(error))
        else:
            await self._sent(ref.merchant_id, message.message_id, handed)

    async def _give(self, message: Letter | Text) -> Handed:
        """Raises MailRefused or MailDeferred, whichever way it goes."""
        match message:
            case Letter():
                return await self.mailer.send(message)
            case Text():
                assert self.texting is not None
                await self.texting.texter.send(message)
                return Handed.TAKEN
            case _:
                assert_never(message)

    async def _failed(
        self,
        ref: CaseRef,
        failed: c.FailReminder,
        message: Letter | Text,
        never: Suppression | None,
    ) -> None:
        now = self.cases.clock()

        async def first(uow: UnitOfWork) -> None:
            # Before the decision reads the contact budget: what did not go is none of it.
            await uow.messages.failed(message.message_id)
            if never is not None:
                subject = f"case:{ref.case_id}"
                await leave_alone(uow, message.to, never, actor=WORKER, subject=subject, at=now)

        change = Change(commands=(failed,), actor=WORKER, at=now, first=first)
        await self.cases.apply(ref, change)

    async def _sent(self, merchant_id: UUID, message_id: str, handed: Handed) -> None:
        answered, now = handed is Handed.TAKEN, self.cases.clock()
        async with self.cases.open_uow(merchant_id) as uow:
            await uow.messages.sent(message_id, now, answered=answered)


def _stream(template: Template) -> Stream:
    return Stream.ANSWERS if template is Template.RECOVERED else Stream.REMINDERS


def _has_begun(events: tuple[Event, ...]) -> bool:
    return any(isinstance(event, ReminderStarted) for event in events)


def _obstacle(invoice: Invoice | None, reminder: Reminder) -> tuple[c.Command, ...]:
    """Why not to write: what to record instead; empty if the message may go."""
    if reminder.template is Template.RECOVERED:
        if invoice is None or invoice.status is not InvoiceStatus.PAID:
            return (c.SkipReminder(step=reminder.step, reason="not_paid"),)
        return ()
    if invoice is None:
        return (c.StopCase(reason=StopReason.GONE),)
    return after_settlement(invoice, Origin(by=Payer.STRIPE))


def _address(customer: Customer | None) -> str | None:
    return customer.email if customer else None


def _new(going: Going, step: int, now: datetime, token_hash: bytes) -> NewMessage:
    message = going.message
    is_text = isinstance(message, Text)
    return NewMessage(
        step=step,
        message_id=message.message_id,
        subject=message.told if isinstance(message, Text) else message.subject,
        at=now,
        channel=Channel.SMS if is_text else Channel.EMAIL,
        address_hash=hash_of(message.to),
        token_hash=token_hash,
        words=going.used,
    )


def _why_never(error: MailRefused | MailDeferred) -> Suppression | None:
    """Why nobody writes there any more, after this answer; None if somebody may."""
    if isinstance(error, TextStopped):
        return Suppression.UNSUBSCRIBED
    is_dead = isinstance(error, MailRefused) and error.is_dead
    return Suppression.BOUNCED if is_dead else None
