"""After connecting: what Stripe thinks of the key is noted, asked anew, and let go of at last."""

from datetime import timedelta

import pytest

from adapters.memory.agreeing import MemoryAgreeing
from adapters.memory.chores import MemoryChoreQueue
from adapters.memory.connections import MemoryCredentials
from application.ports.chores import Chore, ChoreKind, ChoreRef
from application.ports.payments import StripeUnavailable
from application.ports.stripe_accounts import Access, NewConnection, NoCredential, Permission
from application.use_cases.check_permissions import CheckPermissions
from application.use_cases.connect_with_key import Pasted
from application.use_cases.let_go import LetGo
from application.use_cases.note_refused_key import NoteRefusedKey
from tests.application.test_connect_with_key import HOLDER, KEY, MERCHANT_ID, Desk
from tests.builders import ACCOUNT, MONDAY


class House(Desk):
    """A connected account, and what is done for it afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.oauth = MemoryAgreeing()
        self.credentials = MemoryCredentials(self.world, livemode=False)
        shared = {"open_uow": self.open_uow, "clock": lambda: MONDAY}
        self.note = NoteRefusedKey(**shared)
        self.check_permissions = CheckPermissions(
            check=self.check, credentials=self.credentials, **shared
        )
        self.let_go = LetGo(
            check=self.check, credentials=self.credentials, oauth=self.oauth, **shared
        )

    async def agree(self) -> None:
        """The account is reached by an agreement instead of a key."""
        self.oauth.agreed.add(ACCOUNT)
        async with self.open_uow(MERCHANT_ID) as uow:
            await uow.connections.put(NewConnection(holder=HOLDER, access=Access.CONNECT), MONDAY)

    async def chore(self, kind: ChoreKind) -> Chore:
        async with self.open_uow(MERCHANT_ID) as uow:
            await uow.chores.put(ACCOUNT, kind, MONDAY)
        chore = await MemoryChoreQueue(self.world).read(ChoreRef(MERCHANT_ID, ACCOUNT, kind))
        assert chore is not None
        return chore

    def done(self) -> list[str]:
        """What the audit log says was done."""
        return [entry.action for _, entry in sorted(self.world.audit.items())]


async def test_a_refused_key_is_noted_once_and_its_return_too() -> None:
    house = House()
    await house.connect()
    for _ in range(2):
        await house.note(MERCHANT_ID, ACCOUNT, refused=True)
    assert house.held().connection.refused_at == MONDAY
    for _ in range(2):
        await house.note(MERCHANT_ID, ACCOUNT, refused=False)
    assert house.held().connection.refused_at is None
    told = "connect_with_key key_refused raise_task key_accepted settle_task".split()
    assert house.done() == told


async def test_of_an_account_that_was_let_go_nothing_is_noted() -> None:
    house = House()
    await house.note(MERCHANT_ID, ACCOUNT, refused=True)
    assert house.done() == []


async def test_a_permission_that_was_taken_away_is_found_within_a_week() -> None:
    house = House()
    await house.connect()
    house.check.lacking[KEY] = (Permission.INVOICES_WRITE,)
    chore = await house.check_permissions(await house.chore(ChoreKind.PREFLIGHT))
    assert house.held().connection.missing == (Permission.INVOICES_WRITE,)
    assert chore.due_at == MONDAY + timedelta(days=7)


async def test_of_an_account_without_a_key_no_permissions_are_asked() -> None:
    house = House()
    await house.agree()
    chore = await house.check_permissions(await house.chore(ChoreKind.PREFLIGHT))
    assert chore.finished_at == MONDAY


async def test_who_leaves_takes_our_endpoint_and_the_key_along() -> None:
    house = House()
    await house.connect()
    ref = ChoreRef(MERCHANT_ID, ACCOUNT, ChoreKind.LEAVE)
    for _ in range(2):  # the second time there is nothing left to let go
        await house.let_go(ref)
    assert house.check.endpoints == {}
    assert house.world.connections == {}
    with pytest.raises(NoCredential):
        await house.credentials.of(ACCOUNT)
    assert house.done() == ["connect_with_key", "let_go"]


async def test_an_agreement_is_given_back_to_stripe() -> None:
    house = House()
    await house.agree()
    await house.let_go(ChoreRef(MERCHANT_ID, ACCOUNT, ChoreKind.LEAVE))
    assert house.oauth.agreed == set()
    assert house.world.connections == {}


async def test_while_stripe_is_away_the_key_is_kept_to_clear_up_with() -> None:
    house = House()
    await house.agree()
    house.oauth.away = True
    with pytest.raises(StripeUnavailable):
        await house.let_go(ChoreRef(MERCHANT_ID, ACCOUNT, ChoreKind.LEAVE))
    assert house.world.connections != {}


async def test_a_signing_secret_that_is_none_is_refused_before_anything_is_kept() -> None:
    house = House()
    with pytest.raises(Exception, match="not_a_secret"):
        await house.connect(secret="the secret")
    assert house.world.connections == {}


def test_nothing_of_the_key_is_told_by_what_is_pasted() -> None:
    assert KEY not in repr(Pasted(key=KEY, secret="whsec_of_the_endpoint"))


def tasks_of(house: House) -> list[tuple[str, str, bool]]:
    """What each is about, and whether it is open."""
    return [(each.subject, each.about, each.done_at is None) for each in house.world.tasks.values()]


async def test_a_permission_that_is_taken_away_is_a_task_until_it_is_back() -> None:
    house = House()
    await house.connect()
    assert tasks_of(house) == []
    house.check.lacking[KEY] = (Permission.INVOICES_WRITE,)
    for _ in range(2):
        await house.check_permissions(await house.chore(ChoreKind.PREFLIGHT))
    assert tasks_of(house) == [(f"account:{ACCOUNT}", "invoices_write", True)]
    house.check.lacking[KEY] = ()
    await house.check_permissions(await house.chore(ChoreKind.PREFLIGHT))
    assert tasks_of(house) == [(f"account:{ACCOUNT}", "invoices_write", False)]


async def test_a_refused_key_is_a_task_until_another_is_pasted() -> None:
    house = House()
    await house.connect()
    await house.note(MERCHANT_ID, ACCOUNT, refused=True)
    assert tasks_of(house) == [(f"key:{ACCOUNT}", "key_refused", True)]
    await house.connect()
    assert tasks_of(house) == [(f"key:{ACCOUNT}", "key_refused", False)]


async def test_an_account_that_has_gone_is_nobodys_task() -> None:
    house = House()
    await house.connect()
    await house.note(MERCHANT_ID, ACCOUNT, refused=True)
    await house.let_go(ChoreRef(MERCHANT_ID, ACCOUNT, ChoreKind.LEAVE))
    assert [is_open for *_, is_open in tasks_of(house)] == [False]
