"""WarnOfExpiry: daily, whoever's card will have expired at the next renewal is told, once.

What the customer then gives is put where the renewal looks for it. Customers with an open case are
left alone: they hear of their card there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from application.bounces import remember_dead
from application.case_ids import expiry_id, renewal_slot_key
from application.customer_links import CustomerLinks
from application.dressing import Dressed, dressed
from application.mail_gate import MailGate
from application.ports.chores import Chore, ChoreStep, Progress
from application.ports.letters import ExpiryText, NoticeRenderer
from application.ports.mail_limits import Wait
from application.ports.mailer import Handed, Letter, MailDeferred, Mailer, MailRefused
from application.ports.notices import ExpiryNotice
from application.ports.registry import MerchantProfile, Registry
from application.ports.renewals import Renewals
from application.ports.stores import AuditEntry
from application.ports.suppressions import hash_of
from application.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from application.ports.wordings import LetterRef
from domain.expiry import Renewal, is_to_be_told, looks_ahead, may_be_told_from
from domain.letters import LetterKind
from domain.policy import Policy

EVERY: Final = timedelta(days=1)
SOONEST: Final = timedelta(hours=1)  # before a whole list is read again for those who had to wait
LINK_LIFE: Final = timedelta(days=60)  # to the renewal, and some time after it
WARNER: Final = "expiry"


class _Cursor(Struct, frozen=True, omit_defaults=True):
    """Where in the list a run goes on, and when the first of those who had to wait may be told."""

    after: str | None = None
    wake_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WarnOfExpiry:
    """A page of renewals a step. A notice is used up before it is handed over."""

    renewals: Renewals
    open_uow: OpenUnitOfWork
    registry: Registry
    mailer: Mailer
    renderer: NoticeRenderer
    new_token: Callable[[], str]  # 256 bits, URL-safe
    clock: Callable[[], datetime]
    links: CustomerLinks
    mail_domain: str
    gate: MailGate = field(default_factory=MailGate)

    async def __call__(self, chore: Chore) -> Chore:
        async with self.open_uow(chore.ref.merchant_id) as uow:
            policy = await uow.policies.active()
        if not looks_ahead(policy):
            return await self._saved(chore, _Cursor(), Progress())
        return await self._page(chore, policy)

    async def _page(self, chore: Chore, policy: Policy) -> Chore:
        cursor = _Cursor()
        if chore.cursor is not None and chore.running:
            cursor = msgspec.json.decode(chore.cursor, type=_Cursor)
        now, before = self.clock(), chore.progress if chore.running else Progress()
        span = (now, now + policy.expiry_notice)
        page = await self.renewals.soon(chore.ref.account, span, cursor.after)
        told, wake_at = 0, cursor.wake_at
        for renewal in page.renewals:
            told_at = await self._consider(chore, renewal, policy)
            if told_at is not None and told_at > self.clock():
                wake_at = min(told_at, wake_at or told_at)
            told += told_at is not None and told_at <= self.clock()
        progress = Progress(done=before.done + page.looked_at, found=before.found + told)
        return await self._saved(chore, _Cursor(after=page.last, wake_at=wake_at), progress)

    async def _consider(self, chore: Chore, renewal: Renewal, policy: Policy) -> datetime | None:
        """When they were told, just now, or may be told later; None for whoever is not to be (any
        more)."""
        now, notice_id = self.clock(), expiry_id(chore.ref.account, renewal.card)
        if not is_to_be_told(renewal, policy, now):
            return None
        async with self.open_uow(chore.ref.merchant_id) as uow:
            begun_at = (await uow.notices.begun((notice_id,))).get(notice_id)
            contacts = await _said(uow, chore.ref.account, renewal, notice_id, now)
        if begun_at is not None:
            await self._put_in_slot(chore, renewal, begun_at)
            return None
        if contacts is None or not renewal.customer.email:
            return None
        may_at = may_be_told_from(renewal, contacts, policy, now)
        if may_at > now:
            return may_at if may_at < renewal.at else None
        return await self._tell(chore, renewal, policy)

    async def _put_in_slot(self, chore: Chore, renewal: Renewal, begun_at: datetime) -> None:
        """They were told, and gave another card since: the renewal is to find it. Where it is the
        customer's own default that the renewal charges, there is nothing beneath it."""
        card = renewal.given_instead(begun_at)
        if card is None:
            return
        await self.renewals.put_in_slot(
            chore.ref.account,
            renewal.subscription_id,
            card.payment_method,
            idempotency_key=renewal_slot_key(renewal.subscription_id, card.payment_method),
        )

    async def _tell(self, chore: Chore, listed: Renewal, policy: Policy) -> datetime | None:
        """Looks once more: a network may have renewed the card, the customer may have left."""
        ref = chore.ref
        renewal = await self.renewals.of_subscription(ref.account, listed.subscription_id)
        now = self.clock()
        if renewal is None or not is_to_be_told(renewal, policy, now):
            return None
        if closed := await self.gate.closed(now):
            return closed.until if closed.until < renewal.at else None
        merchant, token = await self.registry.merchant(ref.merchant_id), self.new_token()
        notice = _notice(ref.account, renewal, token, now)
        links = await self.links.of(ref.merchant_id)
        about = _about(
            renewal, merchant.known_as, (links.page(token), links.stop(token)), policy, now
        )
        wear = await self._dressed(ref.merchant_id, about, renewal)
        about = replace(about, dress=wear.dress)
        letter = self._letter(about, renewal, notice.notice_id, merchant)
        letter = replace(letter, picture=wear.picture)
        async with self.open_uow(ref.merchant_id) as uow:
            wait = await uow.mail.wait(hash_of(letter.to), self.gate.limits, now)
            if wait is not None:
                return await self._later(uow, wait, renewal)
            if not await uow.notices.begin(notice):
                return None
            await uow.audit.add(_entry(notice))
        return await self._hand_over(ref.merchant_id, notice.notice_id, letter)

    async def _later(self, uow: UnitOfWork, wait: Wait, renewal: Renewal) -> datetime | None:
        may_at = await self.gate.turn(uow, wait)
        return may_at if may_at < renewal.at else None

    async def _dressed(self, merchant_id: UUID, about: ExpiryText, renewal: Renewal) -> Dressed:
        kind = LetterKind.CARD_EXPIRED if about.is_over else LetterKind.CARD_EXPIRING
        letter = LetterRef(kind, self.renderer.language_of(about.locale))
        async with self.open_uow(merchant_id) as uow:
            return await dressed(uow, letter, renewal.customer.customer_id, self.mail_domain)

    def _letter(
        self, about: ExpiryText, renewal: Renewal, notice_id: UUID, merchant: MerchantProfile
    ) -> Letter:
        words, customer = self.renderer.expiry(about), renewal.customer
        assert customer.email is not None
        message_id = f"{notice_id}@{self.mail_domain}"
        return Letter(
            message_id=message_id,
            thread_id=message_id,
            to=customer.email,
            to_name=customer.name,
            sender_name=merchant.sender,
            reply_to=merchant.answers_go_to,
            subject=words.subject,
            text=words.text,
            html=words.html,
            unsubscribe=words.stop_link,
            merchant_id=merchant.merchant_id,
        )

    async def _hand_over(
        self, merchant_id: UUID, notice_id: UUID, letter: Letter
    ) -> datetime | None:
        try:
            handed = await self.mailer.send(letter)
        except (MailRefused, MailDeferred) as error:
            final = isinstance(error, MailRefused)
            async with self.open_uow(merchant_id) as uow:
                await uow.notices.failed(notice_id, final=final)
                if isinstance(error, MailRefused) and error.is_dead:
                    subject, at = f"notice:{notice_id}", self.clock()
                    await remember_dead(uow, letter.to, actor=WARNER, subject=subject, at=at)
            return None if final else self.clock() + SOONEST
        sent_at = self.clock()
        async with self.open_uow(merchant_id) as uow:
            await uow.notices.sent(notice_id, sent_at, answered=handed is Handed.TAKEN)
        return sent_at

    async def _saved(self, chore: Chore, cursor: _Cursor, progress: Progress) -> Chore:
        now, over = self.clock(), cursor.after is None
        next_at = now + EVERY
        if cursor.wake_at is not None:
            next_at = min(next_at, max(cursor.wake_at, now + SOONEST))
        step = ChoreStep(
            at=now,
            cursor=None if over else msgspec.json.encode(cursor),
            progress=progress,
            over=over,
            next_at=next_at if over else None,
        )
        async with self.open_uow(chore.ref.merchant_id) as uow:
            return await uow.chores.save(chore, step)


async def _said(
    uow: UnitOfWork, account: str, renewal: Renewal, notice_id: UUID, now: datetime
) -> tuple[datetime, ...] | None:
    """The messages to this customer so far; None if a case of theirs is open, or letters do not go
    to them."""
    customer_id = renewal.customer.customer_id
    if await uow.cases.of_customer(account, customer_id):
        return None
    if await uow.suppressions.reason(hash_of(renewal.customer.email or "")) is not None:
        return None
    said = await uow.cases.conversation(notice_id, account, customer_id, now)
    return said.contacts


def _notice(account: str, renewal: Renewal, token: str, now: datetime) -> ExpiryNotice:
    assert renewal.card.expires is not None
    return ExpiryNotice(
        notice_id=expiry_id(account, renewal.card),
        account=account,
        customer_id=renewal.customer.customer_id,
        subscription_id=renewal.subscription_id,
        payment_method=renewal.card.payment_method,
        expires=renewal.card.expires,
        renews_at=renewal.at,
        token_hash=sha256(token.encode()).digest(),
        link_until=now + LINK_LIFE,
        begun_at=now,
        address_hash=hash_of(renewal.customer.email or ""),
    )


def _about(
    renewal: Renewal, merchant_name: str, links: tuple[str, str], policy: Policy, now: datetime
) -> ExpiryText:
    assert renewal.card.expires is not None
    zone = ZoneInfo(renewal.timezone or policy.timezone)
    return ExpiryText(
        merchant_name=merchant_name,
        customer_name=renewal.customer.name,
        last4=renewal.card.last4,
        expires=renewal.card.expires,
        is_over=renewal.has_run_out(now),
        renews_on=renewal.at.astimezone(zone).date().isoformat(),
        link=links[0],
        stop_link=links[1],
        locale=renewal.customer.locale,
    )


def _entry(notice: ExpiryNotice) -> AuditEntry:
    return AuditEntry(
        at=notice.begun_at,
        actor=WARNER,
        action="warn_of_expiry",
        subject=f"subscription:{notice.subscription_id}",
        before={},
        after={"payment_method": notice.payment_method, "expires": notice.expires},
    )
