"""What one customer owes: the open cases of whoever a link was written to."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from application.change_case import CaseRef, Cases
from application.ports.unit_of_work import UnitOfWork
from domain.recovery.case import replay
from domain.recovery.state import RecoveryCase
from domain.recovery.transitions import IDLE

MOST: Final = 10  # told of on one page or in one letter; nobody reads more


class Debt(Struct, frozen=True, kw_only=True):
    """One open case of theirs, as it stands."""

    ref: CaseRef
    case: RecoveryCase

    @property
    def may_be_written_of(self) -> bool:
        """Not while a charge is on its way, nor where somebody asked for quiet."""
        return self.case.phase in IDLE and self.case.quiet_until is None


async def owed_with(cases: Cases, ref: CaseRef) -> tuple[Debt, ...]:
    """What the customer of this case owes, this case first if it is open, then the oldest; nothing
    of what is only watched. Empty if all is settled."""
    async with cases.open_uow(ref.merchant_id) as uow:
        mine = replay(await uow.cases.load(ref.case_id))
        others = await others_of(uow, ref, mine)
    own = (Debt(ref=ref, case=mine),) if mine.is_open and not mine.held_out else ()
    return (*own, *others)[:MOST]


async def others_of(uow: UnitOfWork, ref: CaseRef, mine: RecoveryCase) -> tuple[Debt, ...]:
    """The other open cases of the same customer, the oldest first."""
    if mine.customer_id is None:
        return ()
    found = await uow.cases.of_customer(mine.account, mine.customer_id)
    debts = [await _debt(uow, ref.merchant_id, each) for each in found if each != ref.case_id]
    return tuple(debt for debt in debts if debt.case.is_open and not debt.case.held_out)


async def _debt(uow: UnitOfWork, merchant_id: UUID, case_id: UUID) -> Debt:
    case = replay(await uow.cases.load(case_id))
    return Debt(ref=CaseRef(merchant_id, case_id), case=case)
