"""The invariants say nothing while all is well, and find each thing that is not."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.repository.tracked import HOUSE

INVARIANTS = (HOUSE / "deploy" / "invariants.sql").read_text()
ACME = "00000000-0000-0000-0000-00000000000a"
CASE = "00000000-0000-0000-0000-00000000000c"
ACTION = "00000000-0000-0000-0000-00000000000e"
SHOP = f"""
    insert into merchants (merchant_id, name, timezone) values ('{ACME}', 'Acme', 'UTC');
    insert into policies (merchant_id, version, body) values ('{ACME}', 1, '{{}}');
"""
CLOSED = f"""
    update recovery_cases set phase = 'lost', closed_at = now() - interval '2 days'
    where case_id = '{CASE}'; delete from scheduled_actions;
"""


A_NUMBER = f"""
    insert into text_consents (merchant_id, case_id, number, number_hash, by, wording, given_at)
    values ('{ACME}', '{CASE}', '+491713920055', sha256('x'), 'customer', 'texts/1/en', now());
"""


def a_case(version: int = 1) -> str:
    """An open case with its next action and one event, as it should be."""
    return f"""
        insert into recovery_cases (merchant_id, case_id, version, account, invoice_id,
            amount_minor, currency, policy_version, phase, marks, opened_at, closes_at, changed_at)
        values ('{ACME}', '{CASE}', {version}, 'acct_1', 'in_1', 4900, 'eur', 1, 'waiting', '[]',
            now() - interval '3 days', now() + interval '9 days', now());
        insert into case_events (merchant_id, case_id, version, at, type, body)
        values ('{ACME}', '{CASE}', 1, now(), 'case_opened', '{{}}');
        insert into scheduled_actions
            (merchant_id, action_id, case_id, account, kind, number, due_at)
        values ('{ACME}', '{ACTION}', '{CASE}', 'acct_1', 'close', 0, now());
    """


def attempts(count: int, state: str, ago: str = "1 hour", first: int = 1) -> str:
    """Charges of ours, spread over as many hours, the last one `ago`."""
    return f"""
        set local session_replication_role = replica;
        insert into payment_attempts (merchant_id, case_id, attempt_id, account, invoice_id, number,
            by, fingerprint, brand, amount_minor, currency, state, started_at)
        select '{ACME}', '{CASE}', '{CASE}:' || n, 'acct_1', 'in_1', n, 'chargechase', 'fp_1',
            'visa', 4900, 'eur', '{state}', now() - interval '{ago}' - n * interval '1 hour'
        from generate_series({first}, {first + count - 1}) as n;
    """


def an_event(columns: str, values: str) -> str:
    """A row of the inbox."""
    return f"""
        insert into inbox_events (merchant_id, account, event_id, livemode, type, {columns})
        values ('{ACME}', 'acct_1', 'evt_1', true, 'invoice.paid', {values});
    """


BROKEN = {
    "open_without_next_action": a_case() + "delete from scheduled_actions;",
    "closed_with_next_action": a_case()
    + "update recovery_cases set phase = 'lost', closed_at = now();",
    "derived_row_differs": a_case(version=2),
    "needs_a_person_without_task": a_case() + "update recovery_cases set needs_you = true;",
    "charge_without_outcome": a_case() + attempts(1, "unclear", "30 hours"),
    "charged_after_the_end": a_case() + CLOSED + attempts(1, "declined"),
    "paid_twice": a_case() + attempts(2, "succeeded"),
    "network_limit_passed": a_case() + attempts(21, "declined"),
    "event_waits": an_event("received_at", "now() - interval '2 hours'"),
    "dead_event": an_event("dead_at", "now()"),
    "number_after_the_end": a_case() + CLOSED + A_NUMBER,
    "dead_action": a_case() + "update scheduled_actions set dead_at = now();",
}


@pytest.fixture
async def shop(postgres_server: Any, database_url: str) -> AsyncIterator[Any]:
    """A connection that may do anything, inside a transaction that is rolled back."""
    name = urlsplit(database_url).path.strip("/")
    connection = await asyncpg.connect(postgres_server.url(name, "postgres"))
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(SHOP)
    yield connection
    await transaction.rollback()
    await connection.close()


async def found_by(connection: Any) -> set[str]:
    return {row["invariant"] for row in await connection.fetch(INVARIANTS)}


async def test_a_case_as_it_should_be_breaks_nothing(shop: Any) -> None:
    await shop.execute(a_case() + attempts(20, "declined"))

    assert await found_by(shop) == set()


@pytest.mark.parametrize("invariant", BROKEN)
async def test_what_must_never_be_is_found(shop: Any, invariant: str) -> None:
    await shop.execute(BROKEN[invariant])

    assert await found_by(shop) == {invariant}


def test_every_invariant_is_tried() -> None:
    assert INVARIANTS.count("\nunion all") + 1 == len(BROKEN)


async def test_the_owner_sees_what_is_broken(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetch(INVARIANTS) == []
    finally:
        await connection.close()
