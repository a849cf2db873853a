"""Customers who ask for a fresh link."""

from typing import Any, Final
from uuid import UUID

from application.ports.link_requests import LinkRequest, RequestState

ASK: Final = """
insert into link_requests (merchant_id, case_id, asked_on, account, asked_at, state)
values ($1, $2, $3, $4, $5, 'waiting')
on conflict do nothing
"""
WAITING: Final = """
select case_id, account, asked_at from link_requests
where merchant_id = $1 and account = $2 and state = 'waiting'
order by asked_at, case_id
limit 1
"""
MOVE: Final = """
update link_requests set state = $4
where merchant_id = $1 and case_id = $2 and asked_on = $3 and state <> $4
"""


class PostgresLinkRequestStore:
    """Those of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def ask(self, request: LinkRequest) -> bool:
        day = (request.case_id, request.asked_on)
        given = (self._merchant_id, *day, request.account, request.asked_at)
        return bool(await self._connection.execute(ASK, *given) == "INSERT 0 1")

    async def waiting(self, account: str) -> LinkRequest | None:
        row = await self._connection.fetchrow(WAITING, self._merchant_id, account)
        return LinkRequest(**row) if row else None

    async def move(self, request: LinkRequest, to: RequestState) -> bool:
        given = (self._merchant_id, request.case_id, request.asked_on, to.value)
        return bool(await self._connection.execute(MOVE, *given) == "UPDATE 1")
