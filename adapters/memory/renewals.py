"""Subscriptions in memory, as far as their next renewal."""

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from application.ports.payments import StripeUnavailable
from application.ports.renewals import RenewalsPage
from domain.expiry import GivenCard, Renewal
from domain.invoice import Card

A_PAGE = 100


class MemoryRenewals:
    """The Renewals port. `opened`: what card pages were asked for; `clock` dates what is given."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.is_down = False
        self.has_card_pages = True
        self.lets_change = True
        self.opened: dict[str, tuple[str, str]] = {}  # by idempotency key: customer, return_url
        self._clock = clock
        self._held: dict[tuple[str, str], Renewal] = {}

    # What a test says.
    def put(self, account: str, renewal: Renewal) -> None:
        """Keep or replace a subscription's renewal."""
        self._held[account, renewal.subscription_id] = renewal

    def ends(self, account: str, subscription_id: str) -> None:
        """Nothing will be charged any more."""
        self._held.pop((account, subscription_id), None)

    def gives(self, account: str, subscription_id: str, card: Card) -> None:
        """The customer gives another card, which lands beneath the one in the slot."""
        given = GivenCard(card=card, given_at=self._clock())
        before = self._held[account, subscription_id]
        self.put(account, replace(before, beneath=given))

    # The port.
    async def soon(
        self, account: str, span: tuple[datetime, datetime], after: str | None
    ) -> RenewalsPage:
        self._refuse_if_down()
        since, until = span
        found = [
            renewal
            for (of, subscription_id), renewal in sorted(self._held.items(), reverse=True)
            if of == account
            and since <= renewal.at < until
            and (after is None or subscription_id < after)
        ]
        page = tuple(found[:A_PAGE])
        more = len(found) > A_PAGE
        return RenewalsPage(
            renewals=page, looked_at=len(page), last=page[-1].subscription_id if more else None
        )

    async def of_subscription(self, account: str, subscription_id: str) -> Renewal | None:
        self._refuse_if_down()
        return self._held.get((account, subscription_id))

    async def put_in_slot(
        self,
        account: str,
        subscription_id: str,
        payment_method: str,
        *,
        idempotency_key: str,  # noqa: ARG002 - it is so however often it is asked
    ) -> bool:
        self._refuse_if_down()
        held = self._held.get((account, subscription_id))
        if held is None or held.beneath is None or not self.lets_change:
            return False
        if held.beneath.card.payment_method != payment_method:
            return False
        self.put(account, replace(held, card=held.beneath.card, beneath=None))
        return True

    async def card_page(
        self,
        account: str,  # noqa: ARG002 - all alike
        customer_id: str,
        return_url: str,
        *,
        idempotency_key: str,
    ) -> str | None:
        self._refuse_if_down()
        if not self.has_card_pages:
            return None
        self.opened.setdefault(idempotency_key, (customer_id, return_url))
        return f"https://billing.stripe.com/p/session/{len(self.opened)}"

    def _refuse_if_down(self) -> None:
        if self.is_down:
            raise StripeUnavailable("no_answer")
