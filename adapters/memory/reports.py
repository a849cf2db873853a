"""What customers say is wrong, in memory."""

from uuid import UUID

from adapters.memory.everyday_stores import MemoryStore
from application.ports.reports import MOST, Report


class MemoryReportStore(MemoryStore):
    """Those of one merchant's cases."""

    async def add(self, case_id: UUID, report: Report) -> bool:
        key = (self.merchant_id, case_id)
        told = self.world.reports.get(key, ())
        if len(told) >= MOST:
            return False
        self.journal.put(self.world.reports, key, (report, *told))
        return True

    async def of_case(self, case_id: UUID) -> tuple[Report, ...]:
        return self.world.reports.get((self.merchant_id, case_id), ())
