"""What an account's Stripe has written down: events, invoices and charges, a page at a time."""

from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from application.ports.conveyor import IncomingEvent
from domain.invoice import Invoice, InvoiceStatus
from domain.recovery.imported import SeenCharge

# An invoice that is charged at once is charged within an hour or so of being finalized. Source:
# docs.stripe.com/billing/subscriptions/webhooks#understand (the hour of a draft comes before).
FIRST_TRY_WITHIN = timedelta(hours=2)
MOST_TYPES = 20  # that one question may name. Source: docs.stripe.com/api/events/list (types)


class EventsPage(Struct, frozen=True, kw_only=True):
    """Up to 100 events, newest first; `last` is where the next page goes on, None at the end."""

    events: tuple[IncomingEvent, ...]
    looked_at: int
    last: str | None = None


class InvoiceRecord(Struct, frozen=True, kw_only=True):
    """An invoice of a list, and what the list tells beside it. The card is not looked up."""

    invoice: Invoice
    created_at: datetime
    attempted: bool
    attempt_count: int
    finalized_at: datetime | None = None
    ended_at: datetime | None = None  # paid, voided or marked uncollectible
    intents: tuple[str, ...] = ()  # the payments that were to settle it, where asked for

    @property
    def once_failed(self) -> bool:
        """Whether a charge of it may have been refused at some time.

        A payment by hand does not count as an attempt: one that was paid late may have failed
        first. It is worth a look at its charges, which know.
        """
        if self.invoice.status is not InvoiceStatus.PAID:
            return self.attempted and self.attempt_count > 0
        return self.attempt_count > 1 or self._paid_late

    @property
    def _paid_late(self) -> bool:
        if self.finalized_at is None or self.ended_at is None:
            return False
        return self.ended_at - self.finalized_at > FIRST_TRY_WITHIN


class InvoicesPage(Struct, frozen=True, kw_only=True):
    """Up to 100 invoices, newest first; `last` is where the next page goes on, None at the end."""

    invoices: tuple[InvoiceRecord, ...]
    last: str | None = None


class StripeRecords(Protocol):
    """Slow reading: paced below what charges may use. Each raises StripeUnavailable."""

    async def events(
        self,
        account: str,
        types: tuple[str, ...],
        span: tuple[datetime, datetime],
        after: str | None,
    ) -> EventsPage:
        """Events of these types (at most MOST_TYPES), created from the first instant on and before
        the second. Stripe keeps them for 30 days."""
        ...

    async def open_invoices(
        self, account: str, created_from: datetime, after: str | None
    ) -> InvoicesPage:
        """Invoices that are open."""
        ...

    async def past_invoices(
        self, account: str, span: tuple[datetime, datetime], after: str | None
    ) -> InvoicesPage:
        """Invoices of any status, made from the first instant on and before the second, with their
        customer, subscription and payments."""
        ...

    async def charges(self, account: str, intent: str) -> tuple[SeenCharge, ...]:
        """All charges of one payment, oldest first, at most 100."""
        ...
