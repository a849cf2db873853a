"""ShowInApp: what the snippet shows to one customer in the merchant's own app."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from application.customer_signature import is_signed
from application.entitlements import Answer
from application.ports.in_app import Signers
from domain.entitlement import Notice, notice


class Question(Struct, frozen=True, kw_only=True):
    """What a page of the merchant's asks, as it came."""

    merchant_id: UUID
    origin: str
    customer: str = ""
    signature: str = ""
    expires: str = ""
    preview: Notice | None = None


class Shown(Struct, frozen=True, kw_only=True):
    """What to show. `allowed`: the page may read the answer at all; its origin is listed."""

    allowed: bool = False
    notice: Notice = Notice.NONE
    answer: Answer | None = None  # None in a preview


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowInApp:
    """A page whose origin the merchant did not list is told nothing. A signature that does not fit
    is answered as good standing: whoever tries ids of others learns nothing from it."""

    signers: Signers
    # merchant, customer -> how they stand; raises Unavailable
    entitlement: Callable[[UUID, str], Awaitable[Answer]]
    wall: Callable[[], datetime]

    async def __call__(self, question: Question) -> Shown:
        """Changes nothing. Raises Unavailable."""
        now = self.wall()
        signer = await self.signers.find(question.merchant_id, now)
        if signer is None or question.origin not in signer.settings.origins:
            return Shown()
        if question.preview is not None:
            return Shown(allowed=True, notice=question.preview)
        if not signer.settings.wanted.shown:
            return Shown(allowed=True)
        said = (question.customer, question.signature, question.expires)
        if not is_signed(signer.secrets, *said, now):
            return Shown(allowed=True)
        answer = await self.entitlement(question.merchant_id, question.customer)
        return Shown(allowed=True, notice=notice(answer.how, answer.wanted), answer=answer)
