"""LeaveStripe: what we took over goes back to Stripe's own schedule, and every case stops.

Only then does whoever holds the account's key let it go: without it nothing could be handed back.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from application.case_ids import take_over_key
from application.change_case import CaseRef, Cases
from application.ports.chores import Chore, ChoreRef, ChoreStep, Progress
from application.work import TooEarly
from domain.recovery import commands as c
from domain.recovery.case import replay
from domain.recovery.events import RetriesTakenOver, StopReason

CASES_A_STEP: Final = 25


class HandsBack(Protocol):
    """The part of Payments that leaving needs."""

    async def resume_stripe_retries(
        self, account: str, invoice_id: str, *, idempotency_key: str
    ) -> None:
        """Set auto_advance to true; harmless for an invoice that is not open. Raises
        StripeUnavailable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveStripe:
    """A few cases a step. A case is handed back and then stopped, so that who is killed in between
    hands it back again, under the same key. `let_go` ends the connection."""

    payments: HandsBack
    cases: Cases
    let_go: Callable[[ChoreRef], Awaitable[None]]

    async def __call__(self, chore: Chore) -> Chore:
        merchant_id, account = chore.ref.merchant_id, chore.ref.account
        async with self.cases.open_uow(merchant_id) as uow:
            await uow.chores.stop(account, self.cases.clock())
            case_ids = await uow.cases.open_after(account, None, CASES_A_STEP)
            known = await uow.connections.all()
        shut_out = {each.account for each in known if each.refused_at is not None}
        for case_id in case_ids:
            await self._hand_back(CaseRef(merchant_id, case_id), reached=account not in shut_out)
        over = len(case_ids) < CASES_A_STEP
        if over:
            await self.let_go(chore.ref)
        done = chore.progress.done + len(case_ids)
        step = ChoreStep(
            at=self.cases.clock(), cursor=None, progress=Progress(done=done, found=done), over=over
        )
        async with self.cases.open_uow(merchant_id) as uow:
            return await uow.chores.save(chore, step)

    async def _hand_back(self, ref: CaseRef, *, reached: bool) -> None:
        """A charge that is on its way is waited for: with Stripe's schedule on there might be two.
        Where Stripe does not let us in any more (`reached`) neither can be done.

        Raises TooEarly while it is waited for.
        """
        async with self.cases.open_uow(ref.merchant_id) as uow:
            history = await uow.cases.load(ref.case_id)
        case = replay(history)
        if reached and case.in_flight is not None:
            raise TooEarly("a charge is on its way")
        if reached and any(isinstance(event, RetriesTakenOver) for event in history):
            key = f"{take_over_key(ref.case_id)}:back"
            await self.payments.resume_stripe_retries(
                case.account, case.invoice_id, idempotency_key=key
            )
        await self.cases.change(ref, c.StopCase(reason=StopReason.DISCONNECTED))
