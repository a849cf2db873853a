"""An account takes its agreement back in Stripe: it is let go, all of its work stops at once."""

from datetime import datetime, timedelta

import pytest

from adapters.memory.agreeing import MemoryPartings
from adapters.memory.connections import MemoryCredentials
from application.parting import PARTED
from application.ports.agreeing import Parted
from application.ports.chores import ChoreKind
from application.ports.stripe_accounts import Access, Holder, NewConnection, NoCredential
from domain.recovery import events as e
from domain.recovery.signals import AccountChanged, Disconnected
from tests.application.bakery import FAILED, Bakery
from tests.builders import ACCOUNT, MONDAY

LATER = MONDAY + timedelta(hours=1)
HOLDER = Holder(account=ACCOUNT, livemode=False)


async def connected(access: Access = Access.CONNECT) -> Bakery:
    """A bakery with a case, connected on Monday, and a chore."""
    bakery = await Bakery().opens()
    await agrees(bakery, MONDAY, access)
    await bakery.hears(AccountChanged())
    return bakery


async def agrees(bakery: Bakery, at: datetime, access: Access = Access.CONNECT) -> None:
    key = "rk_test_0001" if access is Access.KEY else None
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await uow.connections.put(NewConnection(holder=HOLDER, access=access, key=key), at)


async def chores(bakery: Bakery) -> dict[ChoreKind, bool]:
    """Which there are, and whether each may still run."""
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        found = await uow.chores.of_account(ACCOUNT)
    return {each.ref.kind: each.finished_at is None for each in found}


async def test_who_leaves_is_let_go_of_and_nothing_is_left_to_do() -> None:
    bakery = await connected()
    await bakery.hears(Disconnected(at=LATER))
    with pytest.raises(NoCredential):
        await MemoryCredentials(bakery.world).of(ACCOUNT)
    assert bakery.case().phase.value == "stopped"
    assert isinstance(bakery.history()[-1], e.CaseStopped)
    assert bakery.world.actions == {}
    assert await chores(bakery) == {ChoreKind.PREFLIGHT: False}
    assert (bakery.payments.charges, bakery.mailer.letters) == ([], [])


async def test_the_audit_and_the_page_tell_when_it_left() -> None:
    bakery = await connected()
    bakery.now = LATER + timedelta(days=1)
    await bakery.hears(Disconnected(at=LATER))
    told = [each for each in bakery.world.audit.values() if each.action == PARTED]
    assert [(each.actor, each.at) for each in told] == [("stripe:evt_3", bakery.now)]
    assert told[0].before == {"access": "connect"}
    partings = MemoryPartings(bakery.world)
    assert await partings.in_stripe(bakery.merchant_id) == [Parted(account=ACCOUNT, at=LATER)]
    await agrees(bakery, bakery.now)
    assert await partings.in_stripe(bakery.merchant_id) == []


async def test_it_is_told_once_however_often_it_comes() -> None:
    bakery = await connected()
    for _ in range(3):
        await bakery.hears(Disconnected(at=LATER))
    assert [each.action for each in bakery.world.audit.values()].count(PARTED) == 1


async def test_one_that_has_agreed_again_since_stays() -> None:
    bakery = await connected()
    await agrees(bakery, LATER + timedelta(minutes=1))
    await bakery.hears(Disconnected(at=LATER))
    assert bakery.case().is_open
    assert await chores(bakery) == {ChoreKind.PREFLIGHT: True}


async def test_a_key_of_ones_own_needs_no_agreement() -> None:
    bakery = await connected(Access.KEY)
    await bakery.hears(Disconnected(at=LATER))
    assert bakery.case().is_open
    assert (await MemoryCredentials(bakery.world).of(ACCOUNT)).key == "rk_test_0001"


async def test_an_account_that_was_only_registered_leaves_all_the_same() -> None:
    bakery = await Bakery().opens()
    await bakery.hears(Disconnected())
    assert not bakery.case().is_open
    assert bakery.world.accounts == {}


async def test_who_was_killed_between_letting_go_and_stopping_stops_the_rest() -> None:
    bakery = await connected()

    def die(step: str) -> None:
        if step == "before a transaction" and not bakery.world.accounts:
            raise RuntimeError("killed")

    bakery.watch = die
    ref = await bakery.keeps(Disconnected(at=LATER))
    with pytest.raises(RuntimeError, match="killed"):
        await bakery.process(ref)
    assert bakery.case().is_open
    bakery.watch = lambda _: None
    await bakery.process(ref)
    assert not bakery.case().is_open
    assert await bakery.inbox.read(ref) is None


async def test_what_comes_of_it_afterwards_reaches_nobody() -> None:
    bakery = await connected()
    await bakery.hears(Disconnected(at=LATER))
    before = len(bakery.world.inbox)
    await bakery.keeps(FAILED)
    assert len(bakery.world.inbox) == before
