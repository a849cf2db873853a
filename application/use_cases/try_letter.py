"""TryLetter: a letter as it would be, on the screen or in one's own mailbox, nobody else's."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from application.customer_links import CustomerLinks, Links
from application.errors import Unavailable
from application.ports.letters import (
    Dress,
    ExpiryText,
    FreshLinkText,
    LetterDesk,
    ReminderText,
    Rendered,
)
from application.ports.mailer import Letter, MailDeferred, Mailer, MailRefused, Picture, Stream
from application.ports.registry import MerchantProfile, Registry
from application.ports.stores import AuditEntry
from application.ports.unit_of_work import OpenUnitOfWork
from application.ports.wordings import LetterRef
from application.views import Pages
from domain.brand import Brand
from domain.decline.telling import Tellable, tellable
from domain.letters import LetterKind, LetterText, message_of
from domain.policy import Template
from domain.recovery.case import replay as state_of

NOWHERE = "this-is-only-a-test"  # no link of ours is so short: it leads to nobody's page
MARK = "[Test]"


class Wish(Struct, frozen=True, kw_only=True):
    """Which letter, in whose words (none: ours), by which case (none: an example)."""

    letter: LetterRef
    text: LetterText | None = None
    case_id: UUID | None = None
    brand: Brand | None = None  # one that is not kept yet; its logo is not looked at


class Reader(Struct, frozen=True, kw_only=True):
    """Who is signed in, and asks."""

    merchant_id: UUID
    user_id: UUID
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TryLetter:
    """Renders exactly as a letter that goes to a customer; its links lead nowhere."""

    open_uow: OpenUnitOfWork
    pages: Pages
    registry: Registry
    desk: LetterDesk
    clock: Callable[[], datetime]
    new_token: Callable[[], str]
    mailer: Mailer | None  # none: this installation sends nothing from its pages
    links: CustomerLinks
    mail_domain: str

    @property
    def can_send(self) -> bool:
        """Whether there is a way to one's mailbox."""
        return self.mailer is not None

    async def preview(self, merchant_id: UUID, wish: Wish) -> Rendered:
        """For the screen: the logo stands in it. A case that is not there is the example."""
        merchant = await self.registry.merchant(merchant_id)
        if wish.brand is not None:
            brand = replace(wish.brand, logo=merchant.brand.logo)
            merchant = replace(merchant, brand=brand)
        png = await self._png(merchant)
        shown = f"data:image/png;base64,{b64encode(png).decode()}" if png else None
        return await self._rendered(merchant, wish, shown)

    async def send(self, reader: Reader, wish: Wish) -> bool:
        """To the reader's own address alone; False if they have had many of late. Raises
        Unavailable."""
        mailer = self.mailer
        if mailer is None:
            raise Unavailable("mail")
        merchant = await self.registry.merchant(reader.merchant_id)
        async with self.open_uow(reader.merchant_id) as uow:
            if not await uow.wordings.note_test(reader.user_id, wish.letter, self.clock()):
                return False
            await uow.audit.add(self._entry(reader, wish.letter))
        letter = await self._letter(merchant, reader, wish)
        try:
            await mailer.send(letter)
        except (MailDeferred, MailRefused) as error:
            raise Unavailable("mail") from error
        return True

    async def _letter(self, merchant: MerchantProfile, reader: Reader, wish: Wish) -> Letter:
        png, logo = await self._png(merchant), merchant.brand.logo
        picture = None
        if png is not None and logo is not None:
            picture = Picture(cid=f"{logo.digest[:32]}@{self.mail_domain}", png=png)
        words = await self._rendered(merchant, wish, f"cid:{picture.cid}" if picture else None)
        message_id = f"test.{self.new_token()}@{self.mail_domain}"
        return Letter(
            message_id=message_id,
            thread_id=message_id,
            to=reader.address,
            to_name=None,
            sender_name=merchant.sender,
            reply_to=merchant.answers_go_to,
            subject=f"{MARK} {words.subject}",
            text=words.text,
            html=words.html,
            picture=picture,
            stream=Stream.ANSWERS,
            merchant_id=reader.merchant_id,
        )

    async def _rendered(self, merchant: MerchantProfile, wish: Wish, logo: str | None) -> Rendered:
        dress = Dress(brand=merchant.brand, logo=logo, text=wish.text)
        known = await self._known(merchant, wish)
        kind = wish.letter.kind
        if kind.about_card:
            return self.desk.expiry(_of_card(known, dress, kind, self.clock()))
        if kind is LetterKind.FRESH_LINK:
            return self.desk.fresh_link(_of_link(known, dress))
        template, step, is_bill = message_of(kind) or (known.template, known.step, known.is_bill)
        about = replace(known, dress=dress, template=template, step=step, is_bill=is_bill)
        return self.desk.reminder(_fit(about, kind))

    async def _known(self, merchant: MerchantProfile, wish: Wish) -> ReminderText:
        """The example, or what is known of the case instead."""
        day = self.clock().astimezone(ZoneInfo(merchant.timezone)).date()
        example = _example(
            merchant, wish.letter.language, await self.links.of(merchant.merchant_id), day
        )
        if wish.case_id is None:
            return example
        view = await self.pages.case(merchant.merchant_id, wish.case_id, self.clock())
        if view is None:
            return example
        case, row = state_of(view.history), view.row
        next_at, zone = view.next_attempt_at, ZoneInfo(case.timezone or merchant.timezone)
        return replace(
            example,
            customer_name=row.customer_name,
            amount_minor=row.amount_minor,
            currency=row.currency,
            invoice_number=row.number,
            reason=Tellable.GENERIC if case.outstanding else tellable(case.decline),
            next_attempt_on=next_at.astimezone(zone).date().isoformat() if next_at else None,
            last4=row.card.last4 if row.card else None,
            due_on=case.due_at.astimezone(zone).date().isoformat() if case.due_at else None,
        )

    async def _png(self, merchant: MerchantProfile) -> bytes | None:
        logo = merchant.brand.logo
        return await self.registry.logo(merchant.merchant_id, logo.digest) if logo else None

    def _entry(self, reader: Reader, letter: LetterRef) -> AuditEntry:
        return AuditEntry(
            at=self.clock(),
            actor=f"user:{reader.user_id}",
            action="try_letter",
            subject=f"letter:{letter.name}",
            before={},
            after={},
        )


def _example(merchant: MerchantProfile, language: str, links: Links, today: date) -> ReminderText:
    """All that a letter can tell, about somebody who is not there."""
    return ReminderText(
        merchant_name=merchant.known_as,
        customer_name="Anna Bauer",
        amount_minor=29_00,
        currency="eur",
        invoice_number="2026-0417",
        template=Template.PAYMENT_FAILED,
        reason=Tellable.FUNDS,
        step=1,
        next_attempt_on=(today + timedelta(days=3)).isoformat(),
        last4="4242",
        link=links.page(NOWHERE),
        stop_link=links.stop(NOWHERE),
        locale=language,
        due_on=(today + timedelta(days=7)).isoformat(),
    )


def _fit(about: ReminderText, kind: LetterKind) -> ReminderText:
    """Only what such a letter can know."""
    if kind.about_bill:
        return replace(about, reason=Tellable.GENERIC, next_attempt_on=None, last4=None)
    if kind is LetterKind.RECOVERED:
        about = replace(about, reason=Tellable.GENERIC, next_attempt_on=None)
    return replace(about, due_on=None)


def _of_card(about: ReminderText, dress: Dress, kind: LetterKind, now: datetime) -> ExpiryText:
    month = now.replace(day=1)
    is_over = kind is LetterKind.CARD_EXPIRED
    expires = month - timedelta(days=1) if is_over else month
    return ExpiryText(
        merchant_name=about.merchant_name,
        customer_name=about.customer_name,
        last4=about.last4,
        expires=f"{expires:%Y-%m}",
        is_over=is_over,
        renews_on=(now + timedelta(days=10)).date().isoformat(),
        link=about.link,
        stop_link=about.stop_link,
        locale=about.locale,
        dress=dress,
    )


def _of_link(about: ReminderText, dress: Dress) -> FreshLinkText:
    return FreshLinkText(
        merchant_name=about.merchant_name,
        customer_name=about.customer_name,
        amount_minor=about.amount_minor,
        currency=about.currency,
        invoice_number=about.invoice_number,
        link=about.link,
        stop_link=about.stop_link,
        locale=about.locale,
        dress=dress,
    )
