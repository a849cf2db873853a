"""A key is pasted: the account is kept, watched and worked on, and the key is seen nowhere else."""

from uuid import UUID

import pytest

from adapters.memory.key_check import MemoryKeyCheck
from adapters.memory.unit_of_work import units_of_work
from adapters.memory.world import HeldConnection, MemoryWorld
from application.errors import NotFound
from application.ports.chores import PERIODIC, ChoreKind
from application.ports.payments import StripeUnavailable
from application.ports.stripe_accounts import (
    AccountTaken,
    Holder,
    Permission,
    WrongKey,
)
from application.use_cases.ask_of_account import AskOfAccount
from application.use_cases.connect_with_key import Connected, ConnectWithKey, Pasted
from tests.builders import ACCOUNT, MONDAY

MERCHANT_ID, OTHER_ID = UUID(int=1), UUID(int=2)
KEY, LIVE, POOR = "rk_test_0001_the_key", "rk_live_0002_the_key", "rk_test_0003_poor"
HOLDER = Holder(account=ACCOUNT, livemode=False, name="Acme Books", country="DE")


class Desk:
    """An installation in test mode, and Stripe as far as keys go."""

    def __init__(self, livemode: bool | None = False) -> None:
        self.world, self.check = MemoryWorld(), MemoryKeyCheck()
        self.open_uow = units_of_work(self.world)
        self.check.holders = {
            KEY: HOLDER,
            POOR: HOLDER,
            LIVE: Holder(account="acct_live", livemode=True),
        }
        self.check.lacking[POOR] = (Permission.WEBHOOK_ENDPOINTS_WRITE,)
        self.made = 0
        self.use = ConnectWithKey(
            check=self.check,
            open_uow=self.open_uow,
            clock=lambda: MONDAY,
            new_endpoint_id=self._id,
            address=lambda endpoint_id: f"https://chase.example.com/hook/{endpoint_id}",
            livemode=livemode,
        )

    def _id(self) -> str:
        self.made += 1
        return f"e{self.made}"

    def held(self) -> HeldConnection:
        return self.world.connections[ACCOUNT, False]

    async def connect(
        self, key: str = KEY, secret: str | None = None, merchant_id: UUID = MERCHANT_ID
    ) -> Connected:
        return await self.use(merchant_id, Pasted(key=key, secret=secret), "user:1")

    async def kinds(self) -> set[ChoreKind]:
        async with self.open_uow(MERCHANT_ID) as uow:
            return {each.ref.kind for each in await uow.chores.of_account(ACCOUNT)}


async def test_a_pasted_key_connects_its_account_and_the_work_begins() -> None:
    desk = Desk()
    connected = await desk.connect(f"  {KEY}\n")
    assert (connected.holder, connected.missing, connected.hears) == (HOLDER, (), True)
    assert (desk.held().key, desk.held().connection.connected_at) == (KEY, MONDAY)
    assert desk.check.endpoints == {"we_1": "https://chase.example.com/hook/e1"}
    begun = {*PERIODIC, ChoreKind.IMPORT, ChoreKind.PREFLIGHT}
    assert await desk.kinds() == begun


async def test_the_audit_tells_of_it_without_the_key() -> None:
    desk = Desk()
    await desk.connect()
    (told,) = list(desk.world.audit.values())
    assert (told.action, told.actor, told.subject) == (
        "connect_with_key",
        "user:1",
        f"account:{ACCOUNT}",
    )
    assert KEY not in repr(told)
    assert KEY not in repr(Pasted(key=KEY))


async def test_connecting_again_replaces_the_endpoint() -> None:
    desk = Desk()
    await desk.connect()
    await desk.connect()
    assert desk.check.endpoints == {"we_2": "https://chase.example.com/hook/e2"}


async def test_a_key_of_the_other_mode_is_refused_before_anything_is_made() -> None:
    desk = Desk()
    with pytest.raises(WrongKey, match="wrong_mode"):
        await desk.connect(LIVE)
    assert (desk.world.connections, desk.check.endpoints) == ({}, {})
    assert (await Desk(livemode=None).connect(LIVE)).holder.account == "acct_live"


async def test_an_account_of_another_merchants_stays_theirs_and_no_endpoint_stays_behind() -> None:
    desk = Desk()
    await desk.connect()
    with pytest.raises(AccountTaken):
        await desk.connect(merchant_id=OTHER_ID)
    assert list(desk.check.endpoints) == ["we_1"]
    assert desk.held().connection.merchant_id == MERCHANT_ID


async def test_an_endpoint_entered_by_hand_keeps_its_address() -> None:
    desk = Desk()
    assert not (await desk.connect(POOR)).hears
    assert (await desk.connect(POOR, " whsec_by_hand ")).hears
    assert (desk.held().connection.endpoint_id, desk.held().secrets) == ("e1", ("whsec_by_hand",))
    await desk.connect(POOR)
    assert desk.held().secrets == ("whsec_by_hand",)


async def test_a_stripe_that_is_away_leaves_everything_as_it_was() -> None:
    desk = Desk()
    desk.check.away = True
    with pytest.raises(StripeUnavailable):
        await desk.connect()
    assert desk.world.connections == {}


async def test_disconnecting_asks_for_the_leaving_and_says_so() -> None:
    desk = Desk()
    await desk.connect()
    leave = AskOfAccount(open_uow=desk.open_uow, clock=lambda: MONDAY)
    await leave(MERCHANT_ID, ACCOUNT, ChoreKind.LEAVE, "user:1")
    assert ChoreKind.LEAVE in await desk.kinds()
    assert [entry.action for entry in desk.world.audit.values()][-1] == "disconnect_account"


async def test_nobody_disconnects_what_is_not_theirs() -> None:
    desk = Desk()
    await desk.connect()
    with pytest.raises(NotFound):
        await AskOfAccount(open_uow=desk.open_uow, clock=lambda: MONDAY)(
            OTHER_ID, ACCOUNT, ChoreKind.LEAVE, "user:2"
        )
