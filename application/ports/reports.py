"""What customers say is wrong, in their own words."""

from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from domain.recovery.events import Problem

LONGEST: Final = 1_000  # characters of their own
MOST: Final = 20  # of one case


class Report(Struct, frozen=True, kw_only=True):
    """One of them; `words` may be empty."""

    about: Problem
    words: str
    at: datetime


class ReportStore(Protocol):
    """Those of one merchant's cases, inside one unit of work. What was said stays."""

    async def add(self, case_id: UUID, report: Report) -> bool:
        """Keep it; False if there are MOST of this case already."""
        ...

    async def of_case(self, case_id: UUID) -> tuple[Report, ...]:
        """The latest first."""
        ...
