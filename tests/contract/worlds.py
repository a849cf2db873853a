"""The same promises in two worlds: dicts, and Postgres. A test is given one and cannot tell."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from msgspec.structs import replace

from adapters.memory import (
    accounts,
    agreeing,
    chores,
    connections,
    conveyor,
    dead_rows,
    hand_off,
    history,
    in_app,
    learning,
    letter_pages,
    lift,
    link_hosts,
    pages,
    registration,
    registry,
    sending,
    task_pages,
)
from adapters.memory import unit_of_work as memory_unit_of_work
from adapters.memory.world import MemoryWorld
from adapters.postgres.action_queue import PostgresActionQueue
from adapters.postgres.api_keys import PostgresKeyHolders
from adapters.postgres.chores import PostgresChoreQueue
from adapters.postgres.connections import (
    PostgresAgreements,
    PostgresCredentials,
    PostgresEndpoints,
)
from adapters.postgres.dead_rows import DeadRows
from adapters.postgres.debts import PostgresDebts
from adapters.postgres.hand_off import PostgresSlackDoors, PostgresTeams
from adapters.postgres.history import PostgresHistory
from adapters.postgres.in_app import PostgresSigners
from adapters.postgres.inbox import PostgresInbox
from adapters.postgres.learning import PostgresLearners
from adapters.postgres.letter_pages import PostgresLetterPages
from adapters.postgres.lift import PostgresLiftPages
from adapters.postgres.link_hosts import PostgresLinkHostChecks, PostgresLinkHosts
from adapters.postgres.pages import PostgresPages
from adapters.postgres.partings import PostgresPartings
from adapters.postgres.pools import Pools
from adapters.postgres.registration import PostgresRegistration
from adapters.postgres.registry import PostgresRegistry
from adapters.postgres.remembered import Remembered
from adapters.postgres.sending import PostgresIdentities, PostgresSendingChecks
from adapters.postgres.session_store import PostgresSessionStore
from adapters.postgres.task_pages import PostgresHandOffPages
from adapters.postgres.unit_of_work import units_of_work
from adapters.postgres.user_store import PostgresUserStore
from adapters.secrets.box import SecretBox
from application.letter_pages import LetterPages
from application.lift_view import LiftPages
from application.ports.accounts import SessionStore, UserStore
from application.ports.agreeing import Partings
from application.ports.api_keys import KeyHolders
from application.ports.chores import ChoreQueue
from application.ports.conveyor import ActionQueue, EventIntake, Inbox
from application.ports.hand_off import SlackDoors, Teams
from application.ports.history import History
from application.ports.in_app import Debts, Signers
from application.ports.learning import Learners
from application.ports.link_hosts import LinkHostChecks, LinkHosts
from application.ports.registration import NewMerchant, Registration
from application.ports.registry import Registry
from application.ports.sending import Identities, SendingChecks
from application.ports.stores import NewMessage
from application.ports.stripe_accounts import Agreements, Credentials, Endpoints
from application.ports.unit_of_work import OpenUnitOfWork
from application.task_views import HandOffPages
from application.views import Pages
from domain.decline import DeclineFamily
from domain.recovery import events as e
from domain.recovery.actions import next_action
from domain.recovery.case import evolve, replay
from domain.recovery.state import RecoveryCase
from domain.timing.lessons import ChargeLesson
from domain.timing.situation import Situation
from tests.builders import DAY, MONDAY, OLD_VISA, a_policy, declined


@dataclass
class Shop:
    """A merchant and its Stripe account."""

    merchant_id: UUID
    account: str


@dataclass(kw_only=True)
class World:
    """Every port over one truth. `now` is what the clock shows."""

    now: datetime = MONDAY
    open_uow: OpenUnitOfWork
    inbox: Inbox
    actions: ActionQueue
    chores: ChoreQueue
    intake: EventIntake
    pages: Pages
    lift: LiftPages
    letters: LetterPages
    history: History
    users: UserStore
    sessions: SessionStore
    learners: Learners
    credentials: Credentials
    endpoints: Endpoints
    partings: Partings
    identities: Identities
    sending_checks: SendingChecks
    link_hosts: LinkHosts
    link_host_checks: LinkHostChecks
    key_holders: KeyHolders
    signers: Signers
    hand_off_pages: HandOffPages
    teams: Teams
    doors: SlackDoors
    replay_dead: Callable[[str, str | None], Awaitable[int]]
    registration: Registration = field(init=False)
    registry: Registry = field(init=False)
    agreements: Agreements = field(init=False)
    debts: Debts = field(init=False)

    def clock(self) -> datetime:
        return self.now

    async def shop(self, **changes: Any) -> Shop:
        """A new merchant with an account, a policy and one person."""
        new = a_merchant(**changes)
        await self.registration.register(new)
        return Shop(new.merchant_id, new.account)


def a_merchant(**changes: Any) -> NewMerchant:
    """A bakery that nobody else knows."""
    merchant_id, user_id = uuid4(), uuid4()
    bakery = NewMerchant(
        merchant_id=merchant_id,
        name="Bakery",
        timezone="Europe/Berlin",
        reply_to="hello@bakery.example",
        user_id=user_id,
        email=f"Ada.{user_id.hex}@bakery.example",
        password_hash="$argon2id$first",
        account=f"acct_{merchant_id.hex}",
        livemode=False,
        own=False,
        policy=a_policy(),
    )
    return replace(bakery, **changes)


def in_memory() -> World:
    held = MemoryWorld()
    world = World(
        open_uow=memory_unit_of_work.units_of_work(held),
        inbox=conveyor.MemoryInbox(held),
        actions=conveyor.MemoryActionQueue(held),
        chores=chores.MemoryChoreQueue(held),
        intake=conveyor.MemoryIntake(held),
        pages=pages.MemoryPages(held),
        lift=lift.MemoryLiftPages(held),
        letters=letter_pages.MemoryLetterPages(held),
        history=history.MemoryHistory(held),
        users=accounts.MemoryUserStore(held),
        sessions=accounts.MemorySessionStore(held),
        learners=learning.MemoryLearners(held),
        credentials=connections.MemoryCredentials(held),
        endpoints=connections.MemoryEndpoints(held),
        partings=agreeing.MemoryPartings(held),
        identities=sending.MemoryIdentities(held),
        sending_checks=sending.MemorySendingChecks(held),
        link_hosts=link_hosts.MemoryLinkHosts(held),
        link_host_checks=link_hosts.MemoryLinkHostChecks(held),
        key_holders=in_app.MemoryKeyHolders(held),
        signers=in_app.MemorySigners(held),
        hand_off_pages=task_pages.MemoryHandOffPages(held),
        teams=hand_off.MemoryTeams(held),
        doors=hand_off.MemorySlackDoors(held),
        replay_dead=dead_rows.MemoryDeadRows(held).replay,
    )
    world.registration = registration.MemoryRegistration(held, world.clock)
    world.registry = registry.MemoryRegistry(held, world.clock)
    world.agreements = connections.MemoryAgreements(held, world.clock)
    world.debts = in_app.MemoryDebts(held, world.clock)
    return world


def in_postgres(pools: Pools, intake: EventIntake) -> World:
    world = World(
        open_uow=units_of_work(pools.app, BOX),
        inbox=PostgresInbox(pools.system),
        actions=PostgresActionQueue(pools.system),
        chores=PostgresChoreQueue(pools.system),
        intake=intake,
        pages=PostgresPages(pools.app),
        lift=PostgresLiftPages(pools.app),
        letters=PostgresLetterPages(pools.app),
        history=PostgresHistory(pools.app),
        users=PostgresUserStore(pools.system),
        sessions=PostgresSessionStore(pools.system),
        learners=PostgresLearners(pools.system),
        credentials=PostgresCredentials(pools.system, BOX, known=Remembered(fresh_s=0)),
        endpoints=PostgresEndpoints(pools.system, BOX, known=Remembered(fresh_s=0)),
        partings=PostgresPartings(pools.app),
        identities=PostgresIdentities(pools.system, BOX, known=Remembered(fresh_s=0)),
        sending_checks=PostgresSendingChecks(pools.system),
        link_hosts=PostgresLinkHosts(pools.system, fresh_s=0),
        link_host_checks=PostgresLinkHostChecks(pools.system),
        key_holders=PostgresKeyHolders(pools.system),
        signers=PostgresSigners(pools.system, BOX),
        hand_off_pages=PostgresHandOffPages(pools.app),
        teams=PostgresTeams(pools.system),
        doors=PostgresSlackDoors(pools.system, BOX),
        replay_dead=DeadRows(pools.system).replay,
    )
    world.registration = PostgresRegistration(pools.app, world.clock)
    world.registry = PostgresRegistry(pools.system, world.clock)
    world.agreements = PostgresAgreements(pools.system, world.clock)
    world.debts = PostgresDebts(pools.app, world.clock)
    return world


def opened(
    shop: Shop, invoice_id: str = "in_1", at: datetime = MONDAY, amount_minor: int = 29_00
) -> e.CaseOpened:
    """The first event of a case."""
    return e.CaseOpened(
        at=at,
        account=shop.account,
        invoice_id=invoice_id,
        customer_id="cus_anna",
        subscription_id="sub_bread",
        amount_minor=amount_minor,
        currency="eur",
        policy_version=1,
        closes_at=at + 14 * DAY,
    )


def refused(
    charge: str, at: datetime = MONDAY, code: str = "insufficient_funds", amount_minor: int = 29_00
) -> e.ChargeDeclined:
    """A charge by Stripe that the old Visa's bank refused."""
    failure = declined(code, charge, at=at, amount_minor=amount_minor)
    family = e.DeclineFamily(
        {"insufficient_funds": "funds", "stolen_card": "never", "expired_card": "needs_new_card"}[
            code
        ]
    )
    return e.ChargeDeclined(at=at, failure=failure, family=family, by=e.Payer.STRIPE)


def started(
    number: int = 1,
    at: datetime = MONDAY,
    amount_minor: int = 29_00,
    card: e.Card | None = OLD_VISA,
) -> e.AttemptStarted:
    """Our intent to charge."""
    return e.AttemptStarted(at=at, number=number, amount_minor=amount_minor, card=card)


def our_decline(
    number: int, charge: str, at: datetime = MONDAY, card: e.Card | None = OLD_VISA
) -> e.AttemptDeclined:
    """Our attempt, refused."""
    failure = declined("insufficient_funds", charge, at=at, card=card)
    return e.AttemptDeclined(at=at, number=number, failure=failure, family=e.DeclineFamily("funds"))


async def tell(world: World, shop: Shop, case_id: UUID, *events: e.Event) -> RecoveryCase:
    """Append events to a case and set its next action, as the application does."""
    async with world.open_uow(shop.merchant_id) as uow:
        before = replay(await uow.cases.load(case_id))
        case = before
        for event in events:
            case = evolve(case, event)
        await uow.cases.append(case_id, before.version, events, case)
        await uow.actions.put(case_id, next_action(case))
    return case


def a_message(step: int = 1, message_id: str = "one@mail", at: datetime = MONDAY) -> NewMessage:
    """A letter that is about to go."""
    return NewMessage(step=step, message_id=message_id, subject="Your payment", at=at)


def a_lesson(succeeded: bool = True, at: datetime = MONDAY) -> ChargeLesson:
    """A charge of ours and what came of it."""
    situation = Situation(
        family=DeclineFamily.FUNDS, failed_at=MONDAY - DAY, last_try_at=MONDAY - DAY, merchant="own"
    )
    return ChargeLesson(situation=situation, at=at, succeeded=succeeded)


async def a_case(world: World, shop: Shop, invoice_id: str = "in_1", at: datetime = MONDAY) -> UUID:
    """A case that has just been opened."""
    case_id = uuid4()
    await tell(world, shop, case_id, opened(shop, invoice_id, at))
    return case_id


BOX = SecretBox(("0123456789abcdef" * 4,))
LEASE = timedelta(minutes=1)
SOON = timedelta(milliseconds=250)
