"""A merchant agrees in Stripe: the way back is good once, here, and for them; nothing dangles."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from adapters.memory.agreeing import MemoryAgreeing, MemoryPartings
from adapters.memory.connections import MemoryAgreements, MemoryCredentials
from adapters.memory.key_check import MemoryKeyCheck
from adapters.memory.unit_of_work import units_of_work
from adapters.memory.world import MemoryWorld
from application.ports.agreeing import Agreed, NotAgreed
from application.ports.chores import PERIODIC, ChoreKind
from application.ports.payments import StripeUnavailable
from application.ports.stripe_accounts import (
    Access,
    AccountTaken,
    Connection,
    Endpoint,
    Holder,
    NewConnection,
)
from application.use_cases.begin_agreement import LASTS, BeginAgreement
from application.use_cases.finish_agreement import Answer, FinishAgreement
from tests.builders import ACCOUNT, MONDAY

MARA, OTTO = UUID(int=1), UUID(int=2)
BACK = "https://chase.example.com/settings/stripe/agreed"
HOLDER = Holder(account=ACCOUNT, livemode=False, name="Acme Books", country="DE")
AGREED = Agreed(account=ACCOUNT, livemode=False, scope="read_write")


class Desk:
    """An installation in test mode that is a platform, and Stripe as far as agreeing goes."""

    def __init__(self) -> None:
        self.world, self.oauth, self.check = MemoryWorld(), MemoryAgreeing(), MemoryKeyCheck()
        self.open_uow = units_of_work(self.world)
        self.now, self.states = MONDAY, 0
        self.oauth.codes = {f"ac_{number}": AGREED for number in range(9)}
        self.oauth.holders = {ACCOUNT: HOLDER}
        agreements = MemoryAgreements(self.world, self.clock)
        self.begin = BeginAgreement(
            oauth=self.oauth,
            agreements=agreements,
            clock=self.clock,
            new_state=self._state,
            redirect_uri=BACK,
            livemode=False,
        )
        self.finish = FinishAgreement(
            oauth=self.oauth,
            agreements=agreements,
            credentials=MemoryCredentials(self.world),
            check=self.check,
            open_uow=self.open_uow,
            clock=self.clock,
            livemode=False,
        )

    def clock(self) -> datetime:
        return self.now

    def _state(self) -> str:
        self.states += 1
        return f"state-{self.states}"

    async def goes(self, merchant_id: UUID = MARA, session: str = "s-mara") -> str:
        """Off to Stripe; the state in the address."""
        url = await self.begin(merchant_id, session)
        return url.split("state=")[1].split("&")[0]

    async def returns(
        self, state: str, merchant_id: UUID = MARA, session: str = "s-mara", **said: str
    ) -> Holder:
        answer = Answer(state=state, **({"code": "ac_1"} | said))
        return await self.finish(merchant_id, session, answer, "user:1")

    async def agrees(
        self, merchant_id: UUID = MARA, session: str = "s", code: str = "ac_1"
    ) -> Holder:
        state = await self.goes(merchant_id, session)
        return await self.returns(state, merchant_id, session, code=code)

    async def connections(self, merchant_id: UUID = MARA) -> list[Connection]:
        async with self.open_uow(merchant_id) as uow:
            return list(await uow.connections.all())

    async def has_key(self, merchant_id: UUID, key: str = "rk_test_0001") -> None:
        """The account is connected by a key, with an endpoint made for it."""
        self.check.endpoints["we_1"] = "https://chase.example.com/webhooks/stripe/e1"
        endpoint = Endpoint(endpoint_id="e1", stripe_id="we_1", secrets=("whsec_1",))
        new = NewConnection(holder=HOLDER, access=Access.KEY, key=key, endpoint=endpoint)
        async with self.open_uow(merchant_id) as uow:
            await uow.connections.put(new, self.now)


async def test_who_agrees_is_connected_without_a_key_and_the_work_begins() -> None:
    desk = Desk()
    assert await desk.agrees() == HOLDER
    (connection,) = await desk.connections()
    assert (connection.account, connection.access) == (ACCOUNT, Access.CONNECT)
    assert (connection.name, connection.connected_at) == ("Acme Books", MONDAY)
    assert desk.world.connections[ACCOUNT, False].key is None
    async with desk.open_uow(MARA) as uow:
        kinds = {each.ref.kind for each in await uow.chores.of_account(ACCOUNT)}
    assert kinds == {*PERIODIC, ChoreKind.IMPORT}


async def test_the_audit_tells_of_it_and_nothing_keeps_state_session_or_code() -> None:
    desk = Desk()
    state = await desk.goes()
    assert "state-1" not in repr(desk.world.agreements)
    assert "s-mara" not in repr(desk.world.agreements)
    await desk.returns(state)
    (told,) = desk.world.audit.values()
    assert (told.action, told.actor) == ("connect_by_agreement", "user:1")
    assert told.after == {"access": "connect"}
    assert "ac_1" not in repr(told)
    assert "ac_1" not in repr(Answer(code="ac_1"))


async def test_a_way_back_is_good_once() -> None:
    desk = Desk()
    state = await desk.goes()
    await desk.returns(state)
    with pytest.raises(NotAgreed, match="agreement_stale"):
        await desk.returns(state, code="ac_2")
    assert "ac_2" in desk.oauth.codes


@pytest.mark.parametrize(
    ("merchant_id", "session"), [(OTTO, "s-mara"), (MARA, "s-otto"), (OTTO, "s-otto"), (MARA, "")]
)
async def test_nobody_else_comes_back_in_its_place_and_then_it_is_gone(
    merchant_id: UUID, session: str
) -> None:
    desk = Desk()
    state = await desk.goes()
    with pytest.raises(NotAgreed, match="agreement_stale"):
        await desk.returns(state, merchant_id, session)
    with pytest.raises(NotAgreed, match="agreement_stale"):
        await desk.returns(state)
    assert desk.oauth.agreed == set()


@pytest.mark.parametrize("state", ["", "state-2", "state-1 ", "STATE-1"])
async def test_a_state_that_is_absent_or_changed_is_no_good(state: str) -> None:
    desk = Desk()
    await desk.goes()
    with pytest.raises(NotAgreed, match="agreement_stale"):
        await desk.returns(state)


async def test_the_way_back_is_open_for_ten_minutes() -> None:
    desk = Desk()
    early, late = await desk.goes(), await desk.goes()
    desk.now += LASTS - timedelta(seconds=1)
    await desk.returns(early)
    desk.now += timedelta(seconds=1)
    with pytest.raises(NotAgreed, match="agreement_stale"):
        await desk.returns(late, code="ac_2")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"error": "access_denied", "code": ""}, "agreement_denied"),
        ({"error": "server_error", "code": ""}, "agreement_refused"),
        ({"error": "access_denied"}, "agreement_denied"),  # with a code as well
        ({"code": ""}, "agreement_refused"),
        ({"code": "ac_unknown"}, "agreement_code"),
    ],
)
async def test_who_did_not_agree_is_not_connected(said: dict[str, str], reason: str) -> None:
    desk = Desk()
    state = await desk.goes()
    with pytest.raises(NotAgreed, match=reason):
        await desk.returns(state, MARA, **said)
    with pytest.raises(NotAgreed, match="agreement_stale"):
        await desk.returns(state)
    assert (await desk.connections(), desk.oauth.agreed) == ([], set())


@pytest.mark.parametrize(
    ("agreed", "reason"),
    [
        (replace(AGREED, scope="read_only"), "agreement_read_only"),
        (replace(AGREED, livemode=True), "agreement_wrong_mode"),
    ],
)
async def test_an_agreement_that_does_not_fit_is_given_back(agreed: Agreed, reason: str) -> None:
    desk = Desk()
    desk.oauth.codes["ac_1"] = agreed
    with pytest.raises(NotAgreed, match=reason):
        await desk.agrees()
    assert (await desk.connections(), desk.oauth.agreed) == ([], set())


async def test_an_account_that_another_has_by_key_stays_theirs_and_nothing_dangles() -> None:
    desk = Desk()
    await desk.has_key(OTTO)
    with pytest.raises(AccountTaken):
        await desk.agrees()
    assert desk.oauth.agreed == set()
    (theirs,) = await desk.connections(OTTO)
    assert theirs.access is Access.KEY
    assert await desk.connections() == []


async def test_an_account_that_another_agreed_for_goes_on_for_them() -> None:
    """An agreement is one for the whole platform: to give it back would cut the other off."""
    desk = Desk()
    await desk.agrees(OTTO, "s-otto")
    with pytest.raises(AccountTaken):
        await desk.agrees(code="ac_2")
    assert desk.oauth.agreed == {ACCOUNT}
    assert [each.merchant_id for each in await desk.connections(OTTO)] == [OTTO]


async def test_agreeing_to_less_than_before_cuts_nobody_off() -> None:
    desk = Desk()
    await desk.agrees()
    desk.oauth.codes["ac_2"] = replace(AGREED, scope="read_only")
    with pytest.raises(NotAgreed, match="agreement_read_only"):
        await desk.agrees(code="ac_2")
    assert desk.oauth.agreed == {ACCOUNT}
    assert len(await desk.connections()) == 1


async def test_agreeing_again_renews() -> None:
    desk = Desk()
    await desk.agrees()
    desk.now += timedelta(days=1)
    desk.oauth.holders[ACCOUNT] = replace(HOLDER, name="Acme & Daughters")
    await desk.agrees(code="ac_2")
    (connection,) = await desk.connections()
    assert (connection.name, connection.connected_at) == ("Acme & Daughters", MONDAY)


async def test_who_had_a_key_loses_it_and_the_endpoint_made_with_it() -> None:
    desk = Desk()
    await desk.has_key(MARA)
    await desk.agrees()
    held = desk.world.connections[ACCOUNT, False]
    assert (held.connection.access, held.key, held.secrets) == (Access.CONNECT, None, ())
    assert held.connection.endpoint_id is None
    assert desk.check.endpoints == {}


async def test_a_key_with_an_endpoint_made_by_hand_leaves_it_to_the_hand() -> None:
    desk = Desk()
    await desk.has_key(MARA)
    held = desk.world.connections[ACCOUNT, False]
    by_hand = replace(held.connection, endpoint_stripe_id=None)
    desk.world.connections[ACCOUNT, False] = replace(held, connection=by_hand)
    await desk.agrees()
    assert list(desk.check.endpoints) == ["we_1"]


async def test_a_stripe_that_is_away_connects_nobody_and_the_next_try_does() -> None:
    desk = Desk()
    state = await desk.goes()
    desk.oauth.away = True
    with pytest.raises(StripeUnavailable):
        await desk.returns(state)
    desk.oauth.away = False
    assert await desk.agrees() == HOLDER


async def test_an_agreement_that_cannot_be_given_back_now_still_says_why() -> None:
    desk = Desk()
    await desk.has_key(OTTO)

    desk.oauth.keeps = True
    with pytest.raises(AccountTaken):
        await desk.agrees()


async def test_nobody_has_parted_who_is_still_there() -> None:
    desk = Desk()
    await desk.agrees()
    assert await MemoryPartings(desk.world).in_stripe(MARA) == []
