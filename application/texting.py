"""A text message of a campaign: whether its reader has agreed, to which number, in which words."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final
from uuid import UUID

from msgspec import Struct

from application.change_case import CaseRef
from application.ports.letters import ReminderText, TextAbout, TextRenderer
from application.ports.suppressions import Suppression, hash_of
from application.ports.text_consents import ConsentBy, TextConsent
from application.ports.texting import ReadMobile, Text, Texter
from application.ports.unit_of_work import UnitOfWork
from domain.invoice import TEXTS_AGREED, Customer, Invoice

NEWS: Final = "/webhooks/sms/twilio/status"
# Whoever wants no more letters wants no texts instead; one whose mail bounced may well want them.
MEANT_FOR_ALL: Final = frozenset({Suppression.UNSUBSCRIBED, Suppression.COMPLAINED})


class Addressee(Struct, frozen=True, kw_only=True):
    """Whom a message goes to, by a word that is yet to be recorded or stands already."""

    address: str
    word: TextConsent | None = None  # the merchant's, recorded with the message


@dataclass(frozen=True, slots=True, kw_only=True)
class Texting:
    """What an installation has that texts."""

    texter: Texter
    renderer: TextRenderer
    read_mobile: ReadMobile
    base_url: str

    async def addressee(
        self, uow: UnitOfWork, case_id: UUID, invoice: Invoice, now: datetime
    ) -> Addressee | str:
        """The number to text, or the name of the reason why there is none. What the customer said
        on their page counts before what the merchant says of them."""
        customer = invoice.customer or Customer(customer_id="")
        held = await uow.text_consents.latest(case_id)
        word = held or self._merchants_word(invoice, customer, now)
        if isinstance(word, str):
            return word
        silence = await _silence(uow, word.number_hash, customer.email)
        if silence is not None:
            return silence.value
        if word.withdrawn_at is not None or word.number is None:
            return "no_consent"
        return Addressee(address=word.number, word=None if held else word)

    def _merchants_word(
        self, invoice: Invoice, customer: Customer, now: datetime
    ) -> TextConsent | str:
        agreed_on = customer.texts_agreed_on
        if agreed_on is None or agreed_on > now.date():
            return "no_consent"
        country = invoice.profile.country if invoice.profile else None
        number = self.read_mobile(customer.phone or "", country)
        if number is None:
            return "no_number"
        return TextConsent(
            number=number,
            number_hash=hash_of(number),
            by=ConsentBy.MERCHANT,
            wording=TEXTS_AGREED,
            given_at=datetime.combine(agreed_on, time(), UTC),
        )

    def compose(self, ref: CaseRef, about: ReminderText, whom: Addressee, message_id: str) -> Text:
        """The message, ready to be handed over: a letter's news, in brief."""
        words = self.renderer.text(
            TextAbout(
                merchant_name=about.merchant_name,
                amount_minor=about.amount_minor,
                currency=about.currency,
                template=about.template,
                is_bill=about.is_bill,
                link=about.link,
                locale=about.locale,
            )
        )
        where = f"merchant={ref.merchant_id}&case={ref.case_id}&step={about.step}"
        return Text(
            message_id=message_id,
            to=whom.address,
            body=words.body,
            told=words.told,
            news_url=f"{self.base_url}{NEWS}?{where}",
        )


async def _silence(uow: UnitOfWork, number_hash: bytes, email: str | None) -> Suppression | None:
    """Why this number is left alone; None if it may be texted."""
    told = await uow.suppressions.reason(number_hash)
    if told is not None or not email:
        return told
    by_mail = await uow.suppressions.reason(hash_of(email))
    return by_mail if by_mail in MEANT_FOR_ALL else None
