"""What a reminder is about: from the case, its invoice and the merchant."""

from datetime import datetime
from zoneinfo import ZoneInfo

from application.ports.letters import ReminderText
from application.ports.registry import MerchantProfile
from domain.decline.telling import Tellable, tellable
from domain.invoice import Invoice
from domain.policy import Template
from domain.recovery.state import RecoveryCase


def about_of(
    case: RecoveryCase, step: int, invoice: Invoice, merchant: MerchantProfile, link: str
) -> ReminderText:
    """Worded by nobody yet, and safe to be shown; days are the reader's own."""
    customer = invoice.customer
    card = None if case.outstanding else invoice.card or case.card
    next_at, zone = case.next_attempt_at, case.timezone or merchant.timezone
    owed_minor = invoice.amount_remaining_minor if case.is_open else case.recovered_minor
    return ReminderText(
        merchant_name=merchant.known_as,
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
