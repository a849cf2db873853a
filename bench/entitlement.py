"""How long a merchant's app waits for the answer how a customer stands: row G1, over 100,000 cases.

The web process as it ships is asked over one kept connection, one question after the other, so that
there is no queue. What counts is its own time, as its log tells it, from the request's arrival to
the answer's last byte; what the asker waited for is told beside it. A customer is asked for
once: who owes nothing is remembered, and a remembered answer would be told of apart.
"""

import asyncio
import http.client
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import asyncpg
from msgspec import Struct, to_builtins
from msgspec.json import encode as to_json

from adapters.postgres.pools import open_pools
from adapters.postgres.unit_of_work import units_of_work
from adapters.secrets.box import SecretBox
from application.case_ids import case_id_for
from application.ports.api_keys import (
    SECRET_BYTES,
    ApiKey,
    Scope,
    hash_of_key,
    hint_of,
    spelled,
)
from bench.installation import ACCOUNT, Installation, Web, web
from bench.machine import load_average
from bench.table import Row
from domain.decline import Decline, DeclineFamily
from domain.invoice import Card, FailedCharge
from domain.policy import balanced
from domain.recovery import events as e
from domain.recovery.case import evolve, replay
from web.rates import PER_API_KEY

CASES, FEW = 100_000, 500
QUESTIONS, QUICK_QUESTIONS = 2_000, 60
OPENED: Final = datetime.now(UTC) - timedelta(days=5)
POLICY: Final = """
insert into policies (merchant_id, version, body)
select merchant_id, 1, $1 from stripe_accounts on conflict do nothing
"""
# Other measurements leave merchants and cases of their own.
MERCHANT: Final = f"select merchant_id from stripe_accounts where account = '{ACCOUNT}'"
# The one case that the product itself wrote, again and again, each another customer's.
COPY_CASES: Final = """
insert into recovery_cases
select x.* from recovery_cases r, generate_series(2, {cases}) as n, lateral jsonb_populate_record(
    r, jsonb_build_object(
        'case_id', gen_random_uuid(), 'invoice_id', 'in_' || n, 'customer_id', 'cus_' || n
    )
) as x
where r.customer_id = 'cus_1' and r.account = '{account}'
"""
COPY_EVENTS: Final = """
insert into case_events
select r.merchant_id, r.case_id, v.version, v.at, v.type, v.body
from recovery_cases r, case_events v
where v.case_id = '{first}' and r.case_id <> v.case_id and r.account = '{account}'
"""
# A line of the log is JSON, with its fields in any order.
TOLD: Final = re.compile(r'^(?=.*entitlement)(?=.*"request").*"ms": ?([0-9.]+)', re.MULTILINE)
SETTLE: Final = ("analyze recovery_cases", "analyze case_events", "vacuum", "checkpoint")


class Waits(Struct, frozen=True, kw_only=True):
    """How long the server took, by its own watch, and how long the asker waited."""

    questions: int
    p50_ms: float  # of the server's own
    p99_ms: float
    asker_p50_ms: float
    asker_p99_ms: float
    web_cpu_ms: float  # of the web process, for each
    postgres_cpu_ms: float
    load_average: float


def measure(here: Installation, *, quick: bool = False) -> list[Row]:
    """Those who owe, each once; those nobody knows; and one of them again and again."""
    cases, questions = (FEW, QUICK_QUESTIONS) if quick else (CASES, QUESTIONS)
    here.query(POLICY, to_json(balanced("Europe/Berlin")).decode())
    asyncio.run(_fill(here, cases))
    keys = asyncio.run(_keys(here, 10))
    with web(here) as server:
        _asked(here, server, keys, (f"cus_warm_{n}" for n in range(100)))
        step = max(1, cases // questions)
        owing = _asked(
            here, server, keys, (f"cus_{1 + n * step}" for n in range(questions)), "grace"
        )
        unknown = _asked(here, server, keys, (f"cus_nobody_{n}" for n in range(questions)), "good")
        known = _asked(here, server, keys, ("cus_nobody_1" for _ in range(questions)), "good")
    return [_row(cases, owing, unknown, known)]


def _row(cases: int, owing: Waits, unknown: Waits, known: Waits) -> Row:
    worst = max(owing.p99_ms, unknown.p99_ms)
    return Row(
        name="G1",
        work=f"how a customer stands, of {cases:,} cases, p50 and p99",
        goal="p99 < 5 ms",
        figure=f"{owing.p50_ms:.1f}, {owing.p99_ms:.1f} ms",
        met=worst < 5,
        bound=(
            "Two questions of Postgres (whose key; settings, cases and their events at once) and "
            f"adding the events up. Who owes nothing: {unknown.p50_ms:.1f}, {unknown.p99_ms:.1f} "
            f"ms; asked again within 30 s: {known.p50_ms:.1f}, {known.p99_ms:.1f} ms. CPU of one "
            f"question: web {owing.web_cpu_ms:.2f} ms, Postgres {owing.postgres_cpu_ms:.2f} ms; "
            f"the asker waited {owing.asker_p50_ms:.1f}, {owing.asker_p99_ms:.1f} ms; load average "
            f"{owing.load_average:.1f}."
        ),
        readings={name: to_builtins(waits) for name, waits in
                  (("owing", owing), ("unknown", unknown), ("known", known))},
    )  # fmt: skip


async def _fill(here: Installation, cases: int) -> None:
    merchant_id = await _ask(here, MERCHANT)
    first = case_id_for(str(merchant_id), "in_1")
    async with (
        open_pools(here.postgres.url()) as pools,
        units_of_work(pools.app, SecretBox(()))(merchant_id) as uow,
    ):
        history = _history()
        case = replay(history[:1])
        await uow.cases.append(first, 0, history[:1], case)
        for event in history[1:]:
            before, case = case.version, evolve(case, event)
            await uow.cases.append(first, before, (event,), case)
    statements = (
        COPY_CASES.format(cases=cases, account=ACCOUNT),
        COPY_EVENTS.format(first=first, account=ACCOUNT),
        *SETTLE,
    )
    for statement in statements:
        await _ask(here, statement)


def _history() -> tuple[e.Event, ...]:
    """A case in its fifth day: refused by Stripe, three charges of ours, two letters."""
    events: list[e.Event] = [
        e.CaseOpened(
            at=OPENED,
            account=ACCOUNT,
            invoice_id="in_1",
            number="A-1",
            customer_id="cus_1",
            subscription_id="sub_1",
            amount_minor=29_00,
            currency="eur",
            policy_version=1,
            closes_at=OPENED + timedelta(days=21),
        ),
        e.ChargeDeclined(
            at=OPENED, failure=_refused(0), family=DeclineFamily.FUNDS, by=e.Payer.STRIPE
        ),
    ]
    for number in (1, 2, 3):
        at = OPENED + timedelta(days=number)
        events += [
            e.AttemptPlanned(at=at - timedelta(hours=9), number=number, due_at=at, rule="fixed"),
            e.AttemptStarted(at=at, number=number, amount_minor=29_00, card=_card(number)),
            e.AttemptDeclined(
                at=at, number=number, failure=_refused(number), family=DeclineFamily.FUNDS
            ),
        ]
    return tuple(events)


def _card(number: int) -> Card:
    """Another number each time: what networks allow of one is not what is measured."""
    return Card(payment_method="pm_1", fingerprint=f"fp_{number}", brand="visa", last4="4242")


def _refused(number: int) -> FailedCharge:
    return FailedCharge(
        charge_id=f"ch_{number}",
        at=OPENED + timedelta(days=number),
        amount_minor=29_00,
        decline=Decline(code="card_declined", decline_code="insufficient_funds"),
        card=_card(number),
    )


async def _keys(here: Installation, count: int) -> list[str]:
    """Several, so that the rate that one may ask at is not what is measured."""
    merchant_id: UUID = await _ask(here, MERCHANT)
    texts = [spelled(uuid4().bytes * 2, livemode=True) for _ in range(count)]
    assert len(uuid4().bytes * 2) == SECRET_BYTES
    async with (
        open_pools(here.postgres.url()) as pools,
        units_of_work(pools.app, SecretBox(()))(merchant_id) as uow,
    ):
        for text in texts:
            key = ApiKey(
                key_id=uuid4(),
                name="bench",
                hint=hint_of(text),
                scopes=(Scope.ENTITLEMENT_READ,),
                created_at=OPENED,
            )
            assert await uow.api_keys.add(key, hash_of_key(text))
    return texts


def _asked(
    here: Installation,
    server: Web,
    keys: list[str],
    customers: Iterable[str],
    state: str | None = None,
) -> Waits:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    since = (here.folder / "web.log").stat().st_size
    waits, used = [], (server.cpu_s(), here.postgres_cpu_s())
    pause_s = 1 / (PER_API_KEY.per_second * len(keys))
    for number, customer in enumerate(customers):
        headers = {"Authorization": f"Bearer {keys[number % len(keys)]}"}
        began = time.perf_counter()
        connection.request("GET", f"/api/v1/customers/{customer}/entitlement", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        waits.append((time.perf_counter() - began) * 1e3)
        assert answer.status == 200, body
        assert state is None or f'"state":"{state}"'.encode() in body, body
        time.sleep(max(0.0, pause_s - waits[-1] / 1e3))
    connection.close()
    own = _told(here, since, len(waits))
    return Waits(
        questions=len(waits),
        p50_ms=_part(own, 50),
        p99_ms=_part(own, 99),
        asker_p50_ms=_part(waits, 50),
        asker_p99_ms=_part(waits, 99),
        web_cpu_ms=(server.cpu_s() - used[0]) / len(waits) * 1e3,
        postgres_cpu_ms=(here.postgres_cpu_s() - used[1]) / len(waits) * 1e3,
        load_average=load_average(),
    )


def _told(here: Installation, since: int, wanted: int) -> list[float]:
    """The server's own times of these questions, once all stand in its log."""
    deadline = time.monotonic() + 10
    while True:
        with (here.folder / "web.log").open() as log:
            log.seek(since)
            told = [float(ms) for ms in TOLD.findall(log.read())]
        if len(told) >= wanted:
            return told
        assert time.monotonic() < deadline, "the log tells of fewer questions than were asked"
        time.sleep(0.05)


def _part(times: list[float], percent: int) -> float:
    return sorted(times)[len(times) * percent // 100]


async def _ask(here: Installation, statement: str) -> UUID:
    connection = await asyncpg.connect(here.owner_url)
    try:
        found: UUID = await connection.fetchval(statement)
        return found
    finally:
        await connection.close()
