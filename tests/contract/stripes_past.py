"""An account on the rehearsal Stripe that has a life, and the chores of it over a world of ours."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from adapters.stripe.client import StripeConnection
from adapters.stripe.events import StripeEventReader
from adapters.stripe.payments import StripePayments
from adapters.stripe.records import LISTED_TYPES, StripeListings
from application.change_case import Cases
from application.errors import Unavailable
from application.ports.chores import Chore, ChoreKind, ChoreRef
from application.use_cases.import_history import ImportHistory
from application.use_cases.process_event import ProcessEvent
from application.use_cases.reconcile_events import ReconcileEvents
from application.use_cases.run_chore import RunChore
from application.use_cases.sweep_invoices import SweepInvoices
from application.use_cases.take_up_open_invoices import TakeUpOpenInvoices
from application.work import Failures
from rehearsal.stripe_double import DoubleOptions, StripeDouble
from rehearsal.stripe_double.scenes import Scene
from tests.contract.worlds import LEASE, Shop, World
from tests.stripe_shop import ACCOUNT, access_to

FAST = 100_000.0
MANY = 10_000
MERCHANT = UUID("5f1c9b54-6d9e-4f0c-9c39-0c1d0f5f7a11")


class House:
    """One merchant who is told nothing by Stripe: no webhook ever arrives."""

    def __init__(self, world: World, shop: Shop, double: StripeDouble, base: str) -> None:
        self.world, self.shop, self.double = world, shop, double
        self.calls: dict[str, int] = {}
        self.made_up = self.swept = 0
        self.connection = StripeConnection(access_to(base), self._called)
        self.records = StripeListings(self.connection, FAST)
        self.payments = StripePayments(self.connection)
        self.cases = Cases(open_uow=world.open_uow, clock=world.clock)
        self.process = ProcessEvent(
            cases=self.cases,
            inbox=world.inbox,
            events=StripeEventReader(),
            payments=self.payments,
        )

    def _called(self, endpoint: str, outcome: str, seconds: float) -> None:
        self.calls[endpoint] = self.calls.get(endpoint, 0) + 1

    def tells_the_time(self) -> None:
        """The product's clock shows what Stripe's shows."""
        self.world.now = datetime.fromtimestamp(self.double.world.now(), UTC)

    def live(self, time_passes: timedelta) -> None:
        """Stripe goes on without us."""
        self.double.world.step_to(self.double.world.seconds() + time_passes.total_seconds())
        self.tells_the_time()

    async def ask_for(self, kind: ChoreKind) -> ChoreRef:
        async with self.world.open_uow(self.shop.merchant_id) as uow:
            await uow.chores.put(self.shop.account, kind, self.world.now)
        return ChoreRef(self.shop.merchant_id, self.shop.account, kind)

    async def chore(self, kind: ChoreKind) -> Chore:
        async with self.world.open_uow(self.shop.merchant_id) as uow:
            chores = await uow.chores.of_account(self.shop.account)
        return next(chore for chore in chores if chore.ref.kind is kind)

    async def run(self, ref: ChoreRef) -> Chore:
        """One run, as a worker does it; slices one after the other."""
        while True:
            await self._runner()(ref)
            after = await self.chore(ref.kind)
            if not after.running:
                return after

    def _runner(self) -> RunChore:
        return RunChore(
            chores=self.world.chores,
            by_kind={
                ChoreKind.RECONCILE: ReconcileEvents(
                    records=self.records,
                    intake=self.world.intake,
                    open_uow=self.world.open_uow,
                    clock=self.world.clock,
                    types=LISTED_TYPES,
                    made_up=self._made_up,
                ),
                ChoreKind.SWEEP: SweepInvoices(
                    records=self.records,
                    payments=self.payments,
                    cases=self.cases,
                    found=self._swept,
                ),
                ChoreKind.IMPORT: ImportHistory(
                    records=self.records, open_uow=self.world.open_uow, clock=self.world.clock
                ),
                ChoreKind.TAKE_UP: TakeUpOpenInvoices(payments=self.payments, cases=self.cases),
            },
            seconds=time.monotonic,
            draining=lambda: False,
        )

    def _made_up(self, count: int) -> None:
        self.made_up += count

    def _swept(self, count: int) -> None:
        self.swept += count

    async def handle_events(self) -> int:
        """All that waits, in the order of arrival; what must wait for another event comes again."""
        failures = Failures(
            inbox=self.world.inbox, actions=self.world.actions, count=lambda *_: None
        )
        handled = 0
        while refs := await self.world.inbox.claim(MANY, LEASE):
            for ref in refs:
                try:
                    await self.process(ref)
                    handled += 1
                except Unavailable as waits:
                    await failures.of_event(ref, waits)
        return handled

    def told_by_stripe(self, since: datetime, until: datetime) -> set[str]:
        """Ids of the events that mean something to us, by the double's own list."""
        return {
            event["id"]
            for event in self.double.world.store.all("event")
            if event["type"] in LISTED_TYPES
            and since.timestamp() <= event["created"] < until.timestamp()
        }

    def invoices(self) -> list[dict[str, Any]]:
        """All that Stripe holds."""
        return list(self.double.world.store.all("invoice"))

    def failed_since(self, since: datetime) -> dict[str, str]:
        """Renewals of which a charge was refused since then, and their status now."""
        refused = {
            line["invoice"]
            for line in self.double.ledger()
            if line["outcome"] == "declined" and datetime.fromisoformat(line["virtual_at"]) >= since
        }
        return {
            found["id"]: found["status"]
            for found in self.invoices()
            if found["id"] in refused and found["billing_reason"] != "subscription_create"
        }


@asynccontextmanager
async def a_house(world: World, scene: Scene | None = None) -> AsyncIterator[House]:
    """Open for the length of a block."""
    double = StripeDouble(DoubleOptions(scene="empty", seed=7))
    base = await double.start()
    if scene is not None:
        double.scenes.seed(scene, ACCOUNT)
    # The intake remembers whose an account is for half a minute: it is always this merchant's.
    shop = await world.shop(merchant_id=MERCHANT, account=ACCOUNT, own=True)
    house = House(world, shop, double, base)
    house.tells_the_time()
    try:
        yield house
    finally:
        await house.connection.close()
        await double.stop()
