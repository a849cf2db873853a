"""What an account lets us do at the end of a case is data: learned, kept, and looked at first."""

from dataclasses import dataclass
from typing import Final

from application.change_case import CaseRef, Cases
from application.ports.payments import Ended, Ending, Payments
from application.ports.stripe_accounts import Connection, Permission
from domain.policy import EndAction
from domain.policy.shapes import OF_SUBSCRIPTION
from domain.recovery.events import EndResult

NOT_PERMITTED: Final = "permission_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndInStripe:
    """What the account is known not to allow is not asked for: a person does it by hand. What
    Stripe does not permit is remembered."""

    cases: Cases
    payments: Payments

    async def __call__(self, ref: CaseRef, account: str, ending: Ending, key: str) -> Ended:
        """What became of it; `key` is the request's. Raises StripeUnavailable."""
        async with self.cases.open_uow(ref.merchant_id) as uow:
            known = {each.account: each for each in await uow.connections.all()}
        connection = known.get(account)
        if connection is not None and is_impossible(connection, ending.action):
            return Ended(result=EndResult.BY_HAND, reason=NOT_PERMITTED)
        ended = await self.payments.end(account, ending, idempotency_key=key)
        if (ended.result, ended.reason) == (EndResult.BY_HAND, NOT_PERMITTED):
            async with self.cases.open_uow(ref.merchant_id) as uow:
                await uow.connections.denied(account, ending.action, self.cases.clock())
        return ended


def is_impossible(connection: Connection, action: EndAction) -> bool:
    """Stripe refused it before, or the key lacks the permission."""
    return action in connection.denied or needed_for(action) in connection.missing


def needed_for(action: EndAction) -> Permission:
    """The permission that the end action takes."""
    if action in OF_SUBSCRIPTION:
        return Permission.SUBSCRIPTIONS_WRITE
    return Permission.INVOICES_WRITE
