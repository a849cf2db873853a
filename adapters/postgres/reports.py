"""What customers say is wrong."""

from typing import Any, Final
from uuid import UUID

from application.ports.reports import MOST, Report
from domain.recovery.events import Problem

ADD: Final = """
insert into reports (merchant_id, case_id, at, about, words)
select $1, $2, $3, $4, $5
where (select count(*) from reports where merchant_id = $1 and case_id = $2) < $6
"""
OF_CASE: Final = """
select about, words, at from reports where merchant_id = $1 and case_id = $2
order by report_id desc
"""


class PostgresReportStore:
    """Those of one merchant's cases, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def add(self, case_id: UUID, report: Report) -> bool:
        given = (self._merchant_id, case_id, report.at, report.about.value, report.words, MOST)
        return bool(await self._connection.execute(ADD, *given) == "INSERT 0 1")

    async def of_case(self, case_id: UUID) -> tuple[Report, ...]:
        return await reports_of(self._connection, self._merchant_id, case_id)


async def reports_of(connection: Any, merchant_id: UUID, case_id: UUID) -> tuple[Report, ...]:
    """The latest first."""
    rows = await connection.fetch(OF_CASE, merchant_id, case_id)
    return tuple(
        Report(about=Problem(row["about"]), words=row["words"], at=row["at"]) for row in rows
    )
