"""What all judges look at: the rows, the bank's book, and what they know of the past."""

from uuid import UUID

from adapters.memory.world import CaseKey, HeldCase, MemoryWorld
from application.case_ids import case_id_for
from domain.invoice import InvoiceStatus
from domain.recovery.state import RecoveryCase
from tests.simulation.owners import merchant_of, owner_of
from tests.simulation.schedule import Schedule, Task
from tests.simulation.stripe import Stripe


class Evidence:
    """It trusts the bank's book and the rows, and never what a use-case believes."""

    def __init__(self, world: MemoryWorld, stripe: Stripe, schedule: Schedule) -> None:
        self.world, self.stripe, self.schedule = world, stripe, schedule
        self.known: dict[CaseKey, HeldCase] = {}  # as of the last step
        self.closed: dict[CaseKey, int] = {}  # the step of its end

    def owns(self, merchant_id: UUID, account: str) -> bool:
        """Whether a merchant connected this account, even if it is let go of by now."""
        return merchant_of(self.world, account) == merchant_id

    def key_of(self, account: str, invoice_id: str) -> CaseKey:
        """Where the case of an invoice is, or would be."""
        merchant_id = owner_of(self.world, account)
        return merchant_id, case_id_for(account, invoice_id)

    def case_of(self, account: str, invoice_id: str) -> RecoveryCase | None:
        """The case of an invoice as of the last step."""
        held = self.known.get(self.key_of(account, invoice_id))
        return held.state if held is not None else None


def saw_open(task: Task) -> bool:
    """Whether the invoice that a worker read last was open."""
    return task.seen is not None and task.seen.status is InvoiceStatus.OPEN
