"""What was sent to customers, and what else is being said to one of them."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from adapters.postgres.tables import Messages, fetch
from application.ports.stores import ConcurrentWrite, Conversation, NewMessage
from application.ports.wordings import WordsUsed
from domain.network import MONTH

# A step whose letter the mail server did not take may begin again; one that was sent may not.
BEGIN: Final = """
insert into messages (merchant_id, message_id, case_id, account, customer_id, step, subject, state,
    begun_at, channel, address_hash, token_hash, letter, language, text_version, text_use)
select merchant_id, $2, case_id, account, customer_id, $4, $5, 'begun', $6, $7, $8, $9, $10, $11,
    nullif($12, 0), $13
from recovery_cases where merchant_id = $1 and case_id = $3
on conflict (merchant_id, case_id, step) do update set
    message_id = excluded.message_id, subject = excluded.subject, state = 'begun',
    begun_at = excluded.begun_at, channel = excluded.channel, address_hash = excluded.address_hash,
    token_hash = excluded.token_hash, letter = excluded.letter, language = excluded.language,
    text_version = excluded.text_version, text_use = excluded.text_use, visited_at = null
where messages.state not in ('sent', 'unanswered')
"""
VISITED: Final = """
update messages set visited_at = $3
where merchant_id = $1 and token_hash = $2 and visited_at is null
"""
# A case that is yet to open is younger than all that are open.
CONVERSATION: Final = """
select
    (
        select coalesce(array_agg(begun_at order by begun_at), '{}') from (
            select begun_at from messages
            where merchant_id = $1 and account = $2 and customer_id = $3 and begun_at > $5
                and state <> 'failed'
            union all
            select begun_at from expiry_notices
            where merchant_id = $1 and account = $2 and customer_id = $3 and begun_at > $5
                and state in ('begun', 'sent', 'unanswered')
        ) said
    ) as contacts,
    exists (
        select from recovery_cases o
        left join recovery_cases m on m.merchant_id = $1 and m.case_id = $4
        where o.merchant_id = $1 and o.account = $2 and o.customer_id = $3 and o.case_id <> $4
            and o.closed_at is null and o.reminder_at is not null
            and (m.case_id is null or (o.opened_at, o.case_id) < (m.opened_at, m.case_id))
    ) as spoken_for
"""


class PostgresMessageStore:
    """Messages of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def begin(self, case_id: UUID, message: NewMessage) -> None:
        done = await self._connection.execute(
            BEGIN,
            self._merchant_id,
            message.message_id,
            case_id,
            message.step,
            message.subject,
            message.at,
            message.channel.value,
            message.address_hash,
            message.token_hash,
            *_words(message.words),
        )
        if done != "INSERT 0 1":
            raise ConcurrentWrite

    async def sent(self, message_id: str, at: datetime, *, answered: bool = True) -> None:
        state = "sent" if answered else "unanswered"
        await self._mark(message_id, {Messages.state: state, Messages.sent_at: at})

    async def failed(self, message_id: str) -> None:
        await self._mark(message_id, {Messages.state: "failed"})

    async def undelivered(self, case_id: UUID, step: int) -> None:
        mark = Messages.update({Messages.state: "failed"}).where(
            Messages.merchant_id == self._merchant_id,
            Messages.case_id == case_id,
            Messages.step == step,
        )
        await fetch(self._connection, mark)

    async def visited(self, token_hash: bytes, at: datetime) -> None:
        await self._connection.execute(VISITED, self._merchant_id, token_hash, at)

    async def _mark(self, message_id: str, values: dict[Any, Any]) -> None:
        mark = Messages.update(values).where(
            Messages.merchant_id == self._merchant_id, Messages.message_id == message_id
        )
        await fetch(self._connection, mark)


def _words(text: WordsUsed | None) -> tuple[str | None, str | None, int, int | None]:
    if text is None:
        return None, None, 0, None
    return text.letter.kind.value, text.letter.language, text.version, text.use


async def conversation(
    connection: Any,
    merchant_id: UUID,
    case_id: UUID,
    whose: tuple[str, str],
    now: datetime,
) -> Conversation:
    """What else is being said to a customer, in one round trip; `whose` is account and customer."""
    row = await connection.fetchrow(CONVERSATION, merchant_id, *whose, case_id, now - MONTH)
    return Conversation(contacts=tuple(row["contacts"]), spoken_for=row["spoken_for"])
