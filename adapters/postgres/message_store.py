"""What was sent to customers."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from adapters.postgres.tables import Messages, fetch
from application.ports.stores import ConcurrentWrite

# A step whose letter the mail server did not take may begin again; one that was sent may not.
BEGIN: Final = """
insert into messages (merchant_id, message_id, case_id, step, subject, state)
values ($1, $2, $3, $4, $5, 'begun')
on conflict (merchant_id, case_id, step) do update
set message_id = excluded.message_id, subject = excluded.subject
where messages.state = 'begun'
"""


class PostgresMessageStore:
    """Messages of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def begin(self, case_id: UUID, step: int, message_id: str, subject: str) -> None:
        done = await self._connection.execute(
            BEGIN, self._merchant_id, message_id, case_id, step, subject
        )
        if done != "INSERT 0 1":
            raise ConcurrentWrite

    async def sent(self, message_id: str, at: datetime) -> None:
        mark = Messages.update({Messages.state: "sent", Messages.sent_at: at}).where(
            Messages.merchant_id == self._merchant_id, Messages.message_id == message_id
        )
        await fetch(self._connection, mark)
