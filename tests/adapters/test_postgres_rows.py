"""Row-level security, asked with raw SQL as the app's own role, for every table that has it."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from adapters.postgres.intake import open_intake
from adapters.postgres.pools import APP_ROLE, SYSTEM_ROLE, Pools, connect
from application.ports.chores import ChoreKind
from application.ports.conveyor import IncomingEvent
from application.ports.in_app import BEGINNING
from application.ports.learning import LearnedVersion
from application.ports.link_requests import LinkRequest
from application.ports.mail_limits import Held, MailLimits, Wait
from application.ports.mail_news import Fate, MailNews
from application.ports.reports import Report
from application.ports.stores import AuditEntry
from application.ports.stripe_accounts import PendingAgreement
from application.ports.suppressions import Suppression, hash_of
from application.ports.team_news import Channel, Occasion
from application.tasks import notice_of
from domain.brand import Brand
from domain.letters import InUse
from domain.link_host import LinkHost
from domain.recovery.events import Problem
from domain.recovery.explain import Decision
from domain.sending import SendingDomain
from domain.timing.knowledge import Knowledge
from tests.builders import DAY, MONDAY, a_customer
from tests.contract.test_brands import a_logo
from tests.contract.test_connections import a_connection
from tests.contract.test_consents import a_consent
from tests.contract.test_in_app import a_key as an_api_key
from tests.contract.test_notices import a_notice
from tests.contract.test_past_store import a_past, an_offer
from tests.contract.test_sending import a_key
from tests.contract.test_tasks import a_task
from tests.contract.test_text_consents import a_text_consent
from tests.contract.test_wordings import FAILED, a_text
from tests.contract.worlds import (
    Shop,
    World,
    a_lesson,
    a_merchant,
    a_message,
    in_postgres,
    opened,
    our_decline,
    started,
    tell,
)

HELD = """
select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
    and not c.relispartition and a.attname = 'merchant_id'
order by 1
"""
PARTITIONS = (
    "select inhrelid::regclass::text from pg_inherits where inhparent = 'inbox_bodies'::regclass"
)
# Found by a secret before any merchant is known; the foreign key names the merchant.
KEYED_OTHERWISE = {"sessions", "connect_agreements"}
CASE_DATA = (
    "recovery_cases case_events case_decisions payment_attempts customers messages policies"
    " lessons knowledge knowledge_pool audit_log past_cases offered_invoices expiry_notices"
    " backup_consents suppressions reports link_requests text_consents"
    " mail_turns mail_news tasks hand_off team_notices".split()
)


async def lived_in(world: World) -> UUID:
    """A merchant with at least one row in every table."""
    new, case_id = a_merchant(), uuid4()
    await world.registration.register(new)
    await world.sessions.create(uuid4().bytes, new.user_id, new.merchant_id)
    await world.intake.keep(
        IncomingEvent(
            event_id="evt_1", account=new.account, livemode=False, type="invoice.paid", raw=b"{}"
        )
    )
    shop = Shop(new.merchant_id, new.account)
    await world.agreements.begin(
        uuid4().bytes,
        PendingAgreement(
            merchant_id=new.merchant_id,
            session_hash=b"session",
            livemode=False,
            expires_at=world.now + DAY,
        ),
    )
    await tell(world, shop, case_id, opened(shop), started(), our_decline(1, "ch_1"))
    async with world.open_uow(new.merchant_id) as uow:
        await uow.customers.keep(new.account, a_customer())
        await uow.links.keep(uuid4().bytes, case_id, MONDAY + DAY)
        await uow.messages.begin(case_id, a_message(message_id=f"{case_id}@mail"))
        await uow.decisions.add(
            case_id, Decision(at=MONDAY, version=0, commands=(), policy_version=1)
        )
        await uow.lessons.add(MONDAY, (a_lesson(),))
        await uow.knowledge.keep(
            LearnedVersion(version=1, own=Knowledge(), whole=Knowledge(), made_at=MONDAY)
        )
        await uow.connections.put(a_connection(new.account), MONDAY)
        await uow.chores.put(new.account, ChoreKind.IMPORT, MONDAY)
        await uow.past.keep((a_past(shop, "in_before"),))
        await uow.past.offer((an_offer(shop, "in_before"),))
        await uow.notices.begin(a_notice(shop))
        await uow.consents.give(case_id, a_consent())
        await uow.text_consents.give(case_id, a_text_consent())
        await uow.reports.add(case_id, Report(about=Problem.OTHER, words="", at=MONDAY))
        asked = LinkRequest(case_id=case_id, account=shop.account, asked_at=MONDAY)
        await uow.link_requests.ask(asked)
        await uow.sending.choose(
            SendingDomain(domain="bakery.example", local_part="mail"), a_key(), MONDAY
        )
        await uow.link_host.choose(LinkHost(host="pay.bakery.example", proof="x" * 32), MONDAY)
        await uow.mail_news.add(
            MailNews(source="ses", event_id="1", message_id="one@mail", fate=Fate.LATER), MONDAY
        )
        await uow.mail.turn(Wait(why=Held.MINUTE, until=MONDAY), MailLimits())
        await uow.api_keys.add(an_api_key(), uuid4().bytes * 2)
        await uow.in_app.save(BEGINNING, ())
        await uow.in_app.keep_secret("whsec_of_the_app", None, MONDAY, None)
        await uow.suppressions.add(hash_of("a@example.com"), Suppression.BOUNCED, MONDAY)
        task = a_task(f"case:{case_id}", case_id=case_id)
        await uow.tasks.add(task)
        about = str(task.task_id)
        await uow.news.put(notice_of(Occasion.NEW, about, Channel.SLACK, None, MONDAY))
        await uow.hand_off.slack("services/T0/B0/s3cret", MONDAY)
        await uow.brands.keep_logo(a_logo(), MONDAY)
        await uow.brands.put(Brand(logo=a_logo().logo), MONDAY)
        await uow.wordings.add(FAILED, a_text(), "user:1", MONDAY)
        await uow.wordings.put_in_use(FAILED, InUse(use=1, version=1), "user:1", MONDAY)
        await uow.wordings.note_test(new.user_id, FAILED, MONDAY)
        await uow.audit.add(
            AuditEntry(at=MONDAY, actor="worker", action="x", subject="y", before={}, after={})
        )
    return new.merchant_id


@pytest.fixture(scope="module")
async def merchants(database_url: str, postgres_pools: Pools) -> tuple[UUID, UUID]:
    """Two merchants who know nothing of each other."""
    async with open_intake(database_url) as intake:
        world = in_postgres(postgres_pools, intake)
        return await lived_in(world), await lived_in(world)


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[Any]:
    connection = await connect(database_url, APP_ROLE)
    yield connection
    await connection.close()


async def as_merchant(app: Any, merchant_id: UUID) -> None:
    """Bind the whole session, so that each statement is a transaction of its own."""
    await app.execute("select set_config('app.merchant_id', $1, false)", str(merchant_id))


async def readable(app: Any, owner: Any) -> list[str]:
    tables = [row["relname"] for row in await owner.fetch(HELD)]
    allowed = [
        table
        for table in tables
        if await app.fetchval("select has_table_privilege($1, 'select')", table)
    ]
    assert len(allowed) >= 14
    return allowed


async def test_every_table_with_a_merchant_forces_row_level_security(owner: Any) -> None:
    lax = await owner.fetch(
        f"select relname from pg_class where relname in ({HELD.replace('order by 1', '')})"
        " and not (relrowsecurity and relforcerowsecurity)"
    )
    assert lax == []


async def test_the_merchant_is_in_every_primary_and_foreign_key(owner: Any) -> None:
    keys = await owner.fetch(
        f"""
        select k.conrelid::regclass::text as held, k.contype, k.conname from pg_constraint k
        where k.conrelid::regclass::text in ({HELD.replace("order by 1", "")})
            and k.contype in ('p', 'f') and k.confrelid <> 'users'::regclass
            and not exists (
                select from pg_attribute a where a.attrelid = k.conrelid
                and a.attname = 'merchant_id' and a.attnum = any (k.conkey)
            )
        """
    )
    assert {key["held"] for key in keys} == KEYED_OTHERWISE


async def test_a_merchant_sees_own_rows_in_every_table(
    app: Any, owner: Any, merchants: tuple[UUID, UUID]
) -> None:
    for merchant_id in merchants:
        await as_merchant(app, merchant_id)
        for table in await readable(app, owner):
            seen = await app.fetch(f"select distinct merchant_id from {table}")
            assert [row["merchant_id"] for row in seen] == [merchant_id], table


async def test_who_names_no_merchant_sees_nothing(
    app: Any, owner: Any, merchants: tuple[UUID, UUID]
) -> None:
    for table in await readable(app, owner):
        assert await app.fetchval(f"select count(*) from {table}") == 0, table


async def test_a_merchant_named_for_a_transaction_is_forgotten_after_it(
    app: Any, merchants: tuple[UUID, UUID]
) -> None:
    async with app.transaction():
        await app.execute("select set_config('app.merchant_id', $1, true)", str(merchants[0]))
        assert await app.fetchval("select count(*) from recovery_cases") == 1
    assert await app.fetchval("select count(*) from recovery_cases") == 0


async def test_a_merchant_named_by_one_call_is_forgotten_after_it(
    app: Any, owner: Any, merchants: tuple[UUID, UUID]
) -> None:
    whose = "select customer_id from recovery_cases where merchant_id = $1"
    customer = await owner.fetchval(whose, merchants[0])
    rows = await app.fetch("select * from debts_of($1, $2, 10)", merchants[0], customer)
    assert [row["case_id"] is not None for row in rows] == [True]
    assert await app.fetchval("select count(*) from recovery_cases") == 0


async def test_a_row_for_another_merchant_is_refused_in_every_table(
    app: Any, owner: Any, merchants: tuple[UUID, UUID]
) -> None:
    mine, theirs = merchants
    await as_merchant(app, mine)
    for table in [row["relname"] for row in await owner.fetch(HELD)]:
        row = await owner.fetchval(
            f"select to_jsonb(t) from {table} t where merchant_id = $1 limit 1", theirs
        )
        assert json.loads(row)["merchant_id"] == str(theirs)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(
                f"insert into {table} overriding system value"
                f" select * from jsonb_populate_record(null::{table}, $1)",
                row,
            )


async def test_another_merchants_rows_cannot_be_changed_or_given_away(
    app: Any, merchants: tuple[UUID, UUID]
) -> None:
    mine, theirs = merchants
    await as_merchant(app, mine)
    change = "update customers set email = 'x' where merchant_id = $1"
    assert await app.execute(change, theirs) == "UPDATE 0"
    assert await app.execute("delete from links where merchant_id = $1", theirs) == "DELETE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("update customers set merchant_id = $1", theirs)


async def test_a_partition_cannot_be_read_around_its_table(
    app: Any, owner: Any, merchants: tuple[UUID, UUID]
) -> None:
    await as_merchant(app, merchants[0])
    partitions = [row[0] for row in await owner.fetch(PARTITIONS)]
    assert len(partitions) >= 8
    for partition in partitions:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.fetch(f"select * from {partition}")


async def test_the_app_reads_no_passwords_and_no_sessions(app: Any) -> None:
    for table in ("users", "sessions", "orphan_events"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.fetch(f"select * from {table}")


SEALED = ("key_sealed", "endpoint_secrets_sealed")


async def test_the_app_sees_its_own_accounts_and_nothing_that_is_sealed(
    app: Any, merchants: tuple[UUID, UUID]
) -> None:
    mine, _ = merchants
    await as_merchant(app, mine)
    seen = await app.fetch("select merchant_id from stripe_accounts")
    assert [row["merchant_id"] for row in seen] == [mine]
    for column in SEALED:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.fetch(f"select {column} from stripe_accounts")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("update stripe_accounts set key_sealed = key_sealed")


async def test_the_app_seals_the_way_to_slack_and_cannot_read_it(
    app: Any, owner: Any, merchants: tuple[UUID, UUID]
) -> None:
    await as_merchant(app, merchants[0])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.fetch("select slack_sealed from hand_off")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("update hand_off set slack_sealed = slack_sealed")
    stored = await owner.fetch("select slack_sealed from hand_off where slack_sealed is not null")
    assert stored
    assert all(b"s3cret" not in row[0] for row in stored)


async def test_the_system_counts_tasks_and_reads_none(database_url: str) -> None:
    system = await connect(database_url, SYSTEM_ROLE)
    assert await system.fetchval("select count(*) from tasks where done_at is null") >= 2
    for column in ("about", "subject", "assignee", "case_id"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await system.fetch(f"select {column} from tasks")
    await system.close()


async def test_another_merchants_account_cannot_be_let_go_of(
    app: Any, merchants: tuple[UUID, UUID]
) -> None:
    mine, theirs = merchants
    await as_merchant(app, mine)
    let_go = "delete from stripe_accounts where merchant_id = $1"
    assert await app.execute(let_go, theirs) == "DELETE 0"


async def test_a_copy_of_the_tables_has_no_secret_in_it(
    owner: Any, merchants: tuple[UUID, UUID]
) -> None:
    for column in SEALED:
        stored = await owner.fetch(
            f"select {column} from stripe_accounts where merchant_id = any($1)", list(merchants)
        )
        assert len(stored) == 2
        assert all(b"rk_test" not in row[0] and b"whsec" not in row[0] for row in stored)


async def test_the_app_reads_neither_hashes_of_keys_nor_what_signs_customers_ids(
    app: Any, owner: Any, merchants: tuple[UUID, UUID]
) -> None:
    mine, _ = merchants
    await as_merchant(app, mine)
    assert await app.fetchval("select count(key_id) from api_keys") == 1
    assert await app.fetchval("select count(wall) from in_app_settings") == 1
    for secret in ("select key_hash from api_keys", "select secrets_sealed from in_app_settings"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.fetch(secret)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("update api_keys set revoked_at = null, key_hash = key_hash")
    for (sealed,) in await owner.fetch("select secrets_sealed from in_app_settings"):
        assert b"whsec" not in sealed


async def test_what_the_system_may_do_with_keys_is_finding_them(database_url: str) -> None:
    system = await connect(database_url, SYSTEM_ROLE)
    for forbidden in (
        "select name from api_keys",
        "update api_keys set revoked_at = null",
        "insert into api_keys (merchant_id) values (gen_random_uuid())",
        "update in_app_settings set origins = '{}'",
        "delete from in_app_settings",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await system.execute(forbidden)
    await system.close()


async def test_agreements_under_way_are_the_systems_alone(app: Any) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.fetch("select * from connect_agreements")


async def test_the_system_never_sees_what_a_case_holds(
    database_url: str, merchants: tuple[UUID, UUID]
) -> None:
    system = await connect(database_url, SYSTEM_ROLE)
    for table in CASE_DATA:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await system.fetch(f"select * from {table}")
    await system.close()


async def test_the_owner_sees_all_for_backups(owner: Any, merchants: tuple[UUID, UUID]) -> None:
    found = await owner.fetch("select merchant_id from recovery_cases")
    assert {row["merchant_id"] for row in found} >= set(merchants)


@pytest.mark.parametrize(
    "change",
    [
        "update case_decisions set version = 5",
        "delete from case_decisions",
        "update knowledge set body = ''",
        "update policies set body = '{}'",
        "update letter_texts set subject = ''",
        "delete from letter_uses",
    ],
)
async def test_what_a_decision_was_made_on_stays_as_it_was(owner: Any, change: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute(change)


@pytest.mark.parametrize(
    "change",
    ["update audit_log set actor = 'nobody'", "delete from audit_log", "truncate audit_log"],
)
async def test_the_audit_log_is_append_only_even_for_its_owner(
    app: Any, owner: Any, merchants: tuple[UUID, UUID], change: str
) -> None:
    await as_merchant(app, merchants[0])
    for connection in (app, owner):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(change)
    assert await owner.fetchval("select count(*) from audit_log") >= 4
