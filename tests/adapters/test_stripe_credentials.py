"""Each account is called by its own credential, at the double: the key, the header, the refusal."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from msgspec.structs import replace

from adapters.stripe.client import StripeConnection
from adapters.stripe.payments import StripePayments
from adapters.stripe.records import StripeListings
from application.ports.payments import Paid, Refused, StripeUnavailable
from application.ports.stripe_accounts import Credential, NoCredential
from tests.builders import MONDAY
from tests.stripe_shop import PAYS, Shop, a_shop, access_to

MERCHANT_ID = UUID(int=1)
SHOP, KEY, NEXT_KEY = "acct_shop", "rk_test_of_the_shop", "rk_test_of_the_shop_2"
ALL = ["rak_invoice_write", "rak_payment_intent_read", "rak_charge_read", "rak_event_read"]


class Keys:
    """A keyring, and what has been told of it."""

    def __init__(self) -> None:
        self.known: dict[str, Credential] = {}
        self.stored: dict[str, Credential] = {}  # what is read when something was forgotten
        self.told: list[tuple[str, bool]] = []

    async def of(self, account: str) -> Credential:
        if account not in self.known:
            if account not in self.stored:
                raise NoCredential(account)
            self.known[account] = self.stored[account]
        return self.known[account]

    def forget(self, account: str) -> None:
        self.known.pop(account, None)

    async def tell(self, account: str, credential: Credential, refused: bool) -> None:
        assert credential.merchant_id == MERCHANT_ID
        self.stored[account] = replace(credential, refused=refused)
        self.told.append((account, refused))


class Stage:
    """The platform, a shop with an account of its own, and our way to both."""

    def __init__(self, platform: Shop) -> None:
        access = access_to(platform.base, api_key=f"sk_test_{SHOP}", own_account=SHOP)
        self.platform, self.shop, self.keys = platform, Shop(platform.double, access), Keys()
        ours = access_to(platform.base, own_account=None)
        self._connection = StripeConnection(ours, keyring=self.keys, tell_refused=self.keys.tell)
        self.payments = StripePayments(self._connection)
        self.records = StripeListings(self._connection, 1000)

    async def control(self, path: str, **body: Any) -> None:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.platform.base}/_double/{path}", json=body) as answer,
        ):
            assert answer.status == 200, await answer.text()

    async def allow(self, key: str, permissions: list[str] | None) -> None:
        await self.control("keys", account=SHOP, key=key, permissions=permissions)

    def use(self, key: str | None, **more: Any) -> None:
        """What is stored of the shop's account from now on."""
        names = more.pop("names_account", key is None)
        self.keys.stored[SHOP] = Credential(
            key=key, names_account=names, merchant_id=MERCHANT_ID, **more
        )

    async def pay(self, invoice: str) -> Any:
        return await self.payments.pay_invoice(SHOP, invoice, idempotency_key=f"pay {invoice}")


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_shop() as platform:
        stage = Stage(platform)
        # An account that the platform has no part in, as long as nobody says so.
        await stage.control("accounts", id=SHOP, platform="")
        await stage.allow(KEY, ALL)
        try:
            yield stage
        finally:
            await stage._connection.close()


async def test_a_merchants_own_key_charges_in_the_merchants_own_account(stage: Stage) -> None:
    invoice = await stage.shop.invoice(PAYS)
    stage.use(KEY)
    assert isinstance(await stage.pay(invoice), Paid)
    assert stage.shop.captures(invoice) == 1


async def test_the_platforms_key_acts_for_an_account_that_agreed(stage: Stage) -> None:
    await stage.control("accounts", id=SHOP, platform="acct_rehearsal")
    invoice = await stage.shop.invoice(PAYS)
    stage.use(None)
    assert isinstance(await stage.pay(invoice), Paid)


async def test_two_accounts_are_called_in_turn_each_by_its_own(stage: Stage) -> None:
    theirs, ours = await stage.shop.invoice(PAYS), await stage.platform.invoice(PAYS)
    stage.use(KEY)
    stage.keys.stored["acct_rehearsal"] = Credential(names_account=False, merchant_id=MERCHANT_ID)
    for account, invoice in ((SHOP, theirs), ("acct_rehearsal", ours)) * 2:
        assert await stage.payments.read_invoice(account, invoice) is not None
    assert await stage.payments.read_invoice("acct_rehearsal", theirs) is None


async def test_a_revoked_key_moves_no_money_and_is_told_of(stage: Stage) -> None:
    invoice = await stage.shop.invoice(PAYS)
    stage.use(KEY)
    await stage.allow(KEY, None)
    assert await stage.pay(invoice) == Refused(reason="key_revoked")
    with pytest.raises(StripeUnavailable, match="key_revoked"):
        await stage.payments.read_invoice(SHOP, invoice)
    assert stage.shop.captures(invoice) == 0
    assert stage.keys.told[0] == (SHOP, True)


async def test_it_is_told_of_once_and_its_return_once(stage: Stage) -> None:
    invoice = await stage.shop.invoice(PAYS)
    stage.use(KEY, refused=True)
    await stage.allow(KEY, None)
    with pytest.raises(StripeUnavailable):
        await stage.payments.read_invoice(SHOP, invoice)
    assert stage.keys.told == [], "it was known"
    await stage.allow(KEY, ALL)
    assert await stage.payments.read_invoice(SHOP, invoice) is not None
    assert stage.keys.told == [(SHOP, False)]


async def test_a_key_that_was_pasted_meanwhile_is_used_at_once(stage: Stage) -> None:
    invoice = await stage.shop.invoice(PAYS)
    stage.use(KEY)
    assert await stage.payments.read_invoice(SHOP, invoice) is not None
    await stage.allow(KEY, None)
    await stage.allow(NEXT_KEY, ALL)
    stage.use(NEXT_KEY)
    assert isinstance(await stage.pay(invoice), Paid)
    assert stage.keys.told == []
    assert stage.shop.captures(invoice) == 1


async def test_an_account_that_took_its_agreement_back_is_told_of_too(stage: Stage) -> None:
    invoice = await stage.shop.invoice(PAYS)
    stage.use(None)
    assert await stage.pay(invoice) == Refused(reason="deauthorised")
    assert stage.keys.told == [(SHOP, True)]


async def test_a_missing_permission_says_nothing_about_the_key(stage: Stage) -> None:
    invoice = await stage.shop.invoice(PAYS)
    stage.use(KEY)
    await stage.allow(KEY, ["rak_charge_read"])
    assert await stage.pay(invoice) == Refused(reason="permission_missing")
    assert stage.keys.told == []


CALLS: list[Callable[[Stage], Any]] = [
    lambda stage: stage.payments.read_invoice(SHOP, "in_1"),
    lambda stage: stage.records.open_invoices(SHOP, MONDAY, None),
]


@pytest.mark.parametrize("call", CALLS, ids=["read", "list"])
async def test_of_an_account_that_is_not_connected_nothing_is_asked(
    stage: Stage, call: Callable[[Stage], Any]
) -> None:
    with pytest.raises(StripeUnavailable):
        await call(stage)
    assert await stage.pay("in_1") == Refused(reason="deauthorised")


async def test_no_key_is_in_what_an_error_says(stage: Stage) -> None:
    stage.use(KEY)
    await stage.allow(KEY, None)
    with pytest.raises(StripeUnavailable) as refused:
        await stage.records.open_invoices(SHOP, MONDAY, None)
    assert KEY not in f"{refused.value!r} {refused.value.__cause__!r}"
