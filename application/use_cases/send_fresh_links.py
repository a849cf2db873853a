"""SendFreshLinks: who asked for a fresh link is sent one, if anything is still owed.

It was asked for, so it counts against no budget and keeps no hours; but it goes once, and to no
address that letters do not go to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from application.bounces import remember_dead
from application.customer_links import CustomerLinks
from application.dressing import dressed
from application.ports.chores import Chore, ChoreStep, Progress
from application.ports.letters import FreshLinkRenderer, FreshLinkText
from application.ports.link_requests import GOOD_FOR, LinkRequest, RequestState
from application.ports.mailer import Letter, MailDeferred, Mailer, MailRefused, Stream
from application.ports.payments import Payments
from application.ports.registry import Registry
from application.ports.stores import LINK_LIFE, AuditEntry
from application.ports.suppressions import hash_of
from application.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from application.ports.wordings import LetterRef
from domain.invoice import Invoice
from domain.letters import LetterKind
from domain.recovery.case import replay

AGAIN_AFTER: Final = timedelta(minutes=5)  # where a mail server says "later"
ASKED: Final = "fresh_link"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFreshLinks:
    """One request a step."""

    payments: Payments
    registry: Registry
    mailer: Mailer
    renderer: FreshLinkRenderer
    new_token: Callable[[], str]  # 256 bits, URL-safe
    open_uow: OpenUnitOfWork
    clock: Callable[[], datetime]
    links: CustomerLinks
    mail_domain: str

    async def __call__(self, chore: Chore) -> Chore:
        async with self.open_uow(chore.ref.merchant_id) as uow:
            request = await uow.link_requests.waiting(chore.ref.account)
        if request is None:
            return await self._rest(chore)
        sent = await self._answer(chore.ref.merchant_id, request)
        step = ChoreStep(
            at=self.clock(),
            cursor=None,
            progress=Progress(
                done=chore.progress.done + 1, found=chore.progress.found + bool(sent)
            ),
            over=sent is None,
            next_at=self.clock() + AGAIN_AFTER if sent is None else None,
        )
        async with self.open_uow(chore.ref.merchant_id) as uow:
            return await uow.chores.save(chore, step)

    async def _rest(self, chore: Chore) -> Chore:
        """Over, unless somebody has asked since: then their request would wake nobody."""
        step = ChoreStep(at=self.clock(), cursor=None, progress=chore.progress, over=True)
        async with self.open_uow(chore.ref.merchant_id) as uow:
            saved = await uow.chores.save(chore, step)
            if await uow.link_requests.waiting(chore.ref.account) is not None:
                await uow.chores.put(chore.ref.account, chore.ref.kind, self.clock())
        return saved

    async def _answer(self, merchant_id: UUID, request: LinkRequest) -> bool | None:
        """Whether a letter went; None if it is to be tried later."""
        invoice = await self._owed(merchant_id, request)
        late = self.clock() - request.asked_at > GOOD_FOR
        if late or invoice is None or invoice.customer is None or not invoice.customer.email:
            await self._move(merchant_id, request, RequestState.REFUSED)
            return False
        token = self.new_token()
        letter = await self._letter(merchant_id, request, invoice, token)
        if not await self._begin(merchant_id, request, letter.to, token):
            return False
        return await self._hand_over(merchant_id, request, letter)

    async def _owed(self, merchant_id: UUID, request: LinkRequest) -> Invoice | None:
        """The invoice as Stripe shows it now, if it can be paid."""
        async with self.open_uow(merchant_id) as uow:
            case = replay(await uow.cases.load(request.case_id))
        invoice = await self.payments.read_invoice(case.account, case.invoice_id)
        return invoice if invoice is not None and invoice.status.is_payable else None

    async def _letter(
        self, merchant_id: UUID, request: LinkRequest, invoice: Invoice, token: str
    ) -> Letter:
        merchant, customer = await self.registry.merchant(merchant_id), invoice.customer
        links = await self.links.of(merchant_id)
        assert customer is not None
        assert customer.email is not None
        which = LetterRef(LetterKind.FRESH_LINK, self.renderer.language_of(customer.locale))
        async with self.open_uow(merchant_id) as uow:
            wear = await dressed(uow, which, customer.customer_id, self.mail_domain)
        words = self.renderer.fresh_link(
            FreshLinkText(
                merchant_name=merchant.known_as,
                customer_name=customer.name,
                amount_minor=invoice.amount_remaining_minor,
                currency=invoice.currency,
                invoice_number=invoice.number,
                link=links.page(token),
                stop_link=links.stop(token),
                locale=customer.locale,
                dress=wear.dress,
            )
        )
        day = request.asked_on.isoformat()
        return Letter(
            message_id=f"{request.case_id}.{day}@{self.mail_domain}",
            thread_id=f"{request.case_id}@{self.mail_domain}",
            to=customer.email,
            to_name=customer.name,
            sender_name=merchant.sender,
            reply_to=merchant.answers_go_to,
            picture=wear.picture,
            subject=words.subject,
            text=words.text,
            html=words.html,
            unsubscribe=words.stop_link,
            stream=Stream.ANSWERS,
            merchant_id=merchant_id,
        )

    async def _begin(
        self, merchant_id: UUID, request: LinkRequest, address: str, token: str
    ) -> bool:
        """Used up before it is handed over: a crash may lose a letter, never double it."""
        now, address_hash = self.clock(), hash_of(address)
        async with self.open_uow(merchant_id) as uow:
            if await uow.suppressions.reason(address_hash) is not None:
                await uow.link_requests.move(request, RequestState.REFUSED)
                return False
            if not await uow.link_requests.move(request, RequestState.BEGUN):
                return False
            token_hash = sha256(token.encode()).digest()
            await uow.links.keep(token_hash, request.case_id, now + LINK_LIFE, address_hash)
            await uow.audit.add(_entry(request, now))
        return True

    async def _hand_over(
        self, merchant_id: UUID, request: LinkRequest, letter: Letter
    ) -> bool | None:
        try:
            await self.mailer.send(letter)
        except MailDeferred:
            await self._move(merchant_id, request, RequestState.WAITING)
            return None
        except MailRefused as error:
            dead = letter.to if error.is_dead else None
            await self._move(merchant_id, request, RequestState.REFUSED, dead)
            return False
        await self._move(merchant_id, request, RequestState.SENT)
        return True

    async def _move(
        self, merchant_id: UUID, request: LinkRequest, to: RequestState, dead: str | None = None
    ) -> None:
        async with self.open_uow(merchant_id) as uow:
            await uow.link_requests.move(request, to)
            if dead is not None:
                await self._remember_dead(uow, request, dead)

    async def _remember_dead(self, uow: UnitOfWork, request: LinkRequest, address: str) -> None:
        subject = f"case:{request.case_id}"
        await remember_dead(uow, address, actor=ASKED, subject=subject, at=self.clock())


def _entry(request: LinkRequest, now: datetime) -> AuditEntry:
    return AuditEntry(
        at=now,
        actor=ASKED,
        action="send_fresh_link",
        subject=f"case:{request.case_id}",
        before={},
        after={},
    )
