"""CardPages: whoever was told that their card will expire gives another on Stripe's page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from application.case_ids import card_page_key
from application.ports.chores import ChoreKind
from application.ports.renewals import Renewals
from application.ports.stores import CardLink
from application.ports.unit_of_work import OpenUnitOfWork
from domain.invoice import Card

# A person who was let in has entered a card by then, and it is put where the renewal looks.
LOOKED_AT_AFTER: Final = timedelta(minutes=10)


class CardStanding(Struct, frozen=True, kw_only=True):
    """The next payment, the card that will be charged then, and whether it will do."""

    renews_at: datetime
    card: Card
    will_do: bool
    has_run_out: bool  # by now
    timezone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPages:
    """For the customer who clicked. Both raise StripeUnavailable."""

    renewals: Renewals
    open_uow: OpenUnitOfWork
    clock: Callable[[], datetime]

    async def standing(self, link: CardLink) -> CardStanding | None:
        """None if nothing will be charged any more. Changes nothing."""
        renewal = await self.renewals.of_subscription(link.account, link.subscription_id)
        if renewal is None:
            return None
        given = renewal.given_instead(link.begun_at)
        return CardStanding(
            renews_at=renewal.at,
            card=given or renewal.card,
            will_do=given is not None or not renewal.runs_out,
            has_run_out=renewal.has_run_out(self.clock()),
            timezone=renewal.timezone,
        )

    async def open(self, link: CardLink, address: str) -> str | None:
        """Where to send them; they come back to `address`. None if there is nothing to change, or
        this account has no such page. Two clicks within a minute open one page."""
        standing = await self.standing(link)
        if standing is None or standing.will_do:
            return None
        now = self.clock()
        url = await self.renewals.card_page(
            link.account, link.customer_id, address, idempotency_key=card_page_key(address, now)
        )
        if url is not None:
            async with self.open_uow(link.merchant_id) as uow:
                due_at = now + LOOKED_AT_AFTER
                await uow.chores.put(link.account, ChoreKind.EXPIRY, due_at)
        return url

    async def returned(self, link: CardLink) -> None:
        """They are back: whether they gave one is looked at now."""
        async with self.open_uow(link.merchant_id) as uow:
            await uow.chores.put(link.account, ChoreKind.EXPIRY, self.clock())
