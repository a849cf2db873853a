"""The rows of `payment_attempts`, as they follow from a case's events, and what they say of a card.

Ours are named `case:number` and begin in flight; others' are named by their charge.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.invoice import Card
from domain.network import BARRING, DAY, MONTH, CardUse
from domain.recovery import events as e
from domain.recovery.state import RecoveryCase

START: Final = """
insert into payment_attempts (merchant_id, case_id, attempt_id, account, invoice_id, number, by,
    fingerprint, brand, amount_minor, currency, state, started_at)
values ($1, $2, $3, $4, $5, $6, 'chargechase', $7, $8, $9, $10, 'in_flight', $11)
"""
# A charge that is known already (its event came twice, in two shapes) is not counted again.
SEEN: Final = """
insert into payment_attempts (merchant_id, case_id, attempt_id, charge_id, account, invoice_id, by,
    fingerprint, brand, amount_minor, currency, state, family, started_at, resolved_at)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, 'declined', $11, $12, $12)
on conflict do nothing
"""
UNCLEAR: Final = """
update payment_attempts set state = 'unclear' where merchant_id = $1 and attempt_id = $2
"""
# A charge that was counted under its own name, and turns out to be our attempt's, counts once.
OURS: Final = """
update payment_attempts set state = 'abandoned', charge_id = null
where merchant_id = $1 and attempt_id = $2 and state = 'declined'
"""
DECLINED: Final = """
update payment_attempts set state = 'declined', charge_id = $3, family = $4, resolved_at = $5,
    amount_minor = $6, fingerprint = coalesce($7, fingerprint), brand = coalesce($8, brand)
where merchant_id = $1 and attempt_id = $2
"""
# Whatever was on its way is over: the one that paid has succeeded, any other is given up.
OVER: Final = """
update payment_attempts set resolved_at = $4,
    state = case when number = $3 then 'succeeded' else 'abandoned' end
where merchant_id = $1 and case_id = $2 and state in ('in_flight', 'unclear')
"""
OF_CARD: Final = """
select resolved_at, amount_minor, family from payment_attempts
where merchant_id = $1 and fingerprint = $2 and state = 'declined'
    and (resolved_at > $3 or family = any($4::text[]))
order by resolved_at
"""


async def follow(
    connection: Any,
    merchant_id: UUID,
    case_id: UUID,
    case: RecoveryCase,
    events: tuple[e.Event, ...],
) -> None:
    """Write what the events say about charges; `case` is the case with them."""
    for event in events:
        match event:
            case e.AttemptStarted():
                await _start(connection, merchant_id, case_id, case, event)
            case e.ChargeDeclined():
                await _see(connection, merchant_id, case_id, case, event)
            case e.AttemptDeclined():
                await _decline(connection, merchant_id, case_id, event)
            case e.AttemptUnclear():
                await connection.execute(UNCLEAR, merchant_id, attempt_id(case_id, event.number))
            case e.CaseRecovered():
                await connection.execute(OVER, merchant_id, case_id, event.attempt, event.at)
            case e.AttemptAbandoned() | e.CaseLost() | e.CaseStopped():
                await connection.execute(OVER, merchant_id, case_id, None, event.at)
            case _:
                pass


def attempt_id(case_id: UUID, number: int) -> str:
    """How an attempt of ours is named."""
    return f"{case_id}:{number}"


async def _start(
    connection: Any, merchant_id: UUID, case_id: UUID, case: RecoveryCase, event: e.AttemptStarted
) -> None:
    await connection.execute(
        START,
        merchant_id,
        case_id,
        attempt_id(case_id, event.number),
        case.account,
        case.invoice_id,
        event.number,
        *_card(event.card),
        event.amount_minor,
        case.currency,
        event.at,
    )


async def _see(
    connection: Any, merchant_id: UUID, case_id: UUID, case: RecoveryCase, event: e.ChargeDeclined
) -> None:
    failure = event.failure
    await connection.execute(
        SEEN,
        merchant_id,
        case_id,
        failure.charge_id,
        case.account,
        case.invoice_id,
        event.by,
        *_card(failure.card),
        failure.amount_minor,
        case.currency,
        event.family,
        failure.at,
    )


async def _decline(
    connection: Any, merchant_id: UUID, case_id: UUID, event: e.AttemptDeclined
) -> None:
    failure = event.failure
    await connection.execute(OURS, merchant_id, failure.charge_id)
    await connection.execute(
        DECLINED,
        merchant_id,
        attempt_id(case_id, event.number),
        failure.charge_id,
        event.family,
        failure.at,
        failure.amount_minor,
        *_card(failure.card),
    )


def _card(card: Card | None) -> tuple[str | None, str | None]:
    return (card.fingerprint, card.brand) if card else (None, None)


async def card_use(
    connection: Any, merchant_id: UUID, fingerprint: str, amount_minor: int, now: datetime
) -> CardUse:
    """Every decline of one card that we have seen, by whomever: see CardUse."""
    rows = await connection.fetch(OF_CARD, merchant_id, fingerprint, now - MONTH, list(BARRING))
    return CardUse(
        month=tuple(
            row["resolved_at"]
            for row in rows
            if row["amount_minor"] == amount_minor and row["resolved_at"] > now - MONTH
        ),
        day=tuple(row["resolved_at"] for row in rows if row["resolved_at"] > now - DAY),
        barred=any(row["family"] in BARRING for row in rows),
    )
