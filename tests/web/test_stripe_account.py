"""The page about the Stripe account: it tells, connects and disconnects, and never shows a key."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace

from application.errors import NotFound, Unavailable
from application.ports.chores import Chore, ChoreKind, ChoreRef, Progress
from application.ports.history import OfferedInvoice
from application.ports.stripe_accounts import (
    Access,
    AccountTaken,
    Connection,
    Holder,
    Permission,
    WrongKey,
)
from application.use_cases.connect_with_key import Connected, Pasted
from domain.decline import DeclineFamily
from tests.web.site import ACME, NOW, Site, form_token, running, sign_in, visitor
from web.merchant_parts import AccountStanding
from web.wording.permissions import PERMISSIONS, WRONG_KEYS, without

PAGE, KEY = "/settings/stripe", "rk_test_the_key_of_acme"
ACCOUNT = Connection(
    merchant_id=ACME,
    account="acct_acme",
    livemode=False,
    access=Access.KEY,
    name="Acme <Books>",
    country="DE",
)


@dataclass
class Desk:
    """What stands behind the page: one account of Acme's."""

    it: Connection = ACCOUNT
    chores: tuple[Chore, ...] = ()
    fault: Exception | None = None
    pasted: list[Pasted] = field(default_factory=list)
    asked: list[tuple[str, ChoreKind]] = field(default_factory=list)
    offered: tuple[OfferedInvoice, ...] = ()
    empty: bool = False

    async def accounts(self, merchant_id: UUID) -> Sequence[AccountStanding]:
        standing = AccountStanding(connection=self.it, chores=self.chores, offered=self.offered)
        return [standing] if merchant_id == ACME and not self.empty else []

    async def connect(self, merchant_id: UUID, pasted: Pasted, actor: str) -> Connected:
        assert merchant_id == ACME
        assert actor.startswith("user:")
        self.pasted.append(pasted)
        if self.fault is not None:
            raise self.fault
        holder = Holder(account="acct_acme", livemode=False)
        return Connected(holder=holder, missing=(), hears=True)

    async def ask(self, merchant_id: UUID, account: str, kind: ChoreKind, actor: str) -> None:
        assert actor.startswith("user:")
        assert merchant_id == ACME
        if account != self.it.account:
            raise NotFound
        self.asked.append((account, kind))

    def address(self, endpoint_id: str) -> str:
        return f"https://chase.example.com/webhooks/stripe/{endpoint_id}"


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def browser(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    house = Site(stripe_desk=desk)
    await house.open_house()
    async with running(house), visitor(house) as client:
        await sign_in(client)
        yield client


async def send(browser: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    """Fill a form of the page in and send it; what comes is where one is sent."""
    token = form_token((await browser.get(PAGE)).text)
    return await browser.post(f"{PAGE}/{path}", data={"form_token": token, **form})


def offer(amount_minor: int) -> OfferedInvoice:
    return OfferedInvoice(
        account="acct_acme",
        invoice_id=f"in_{amount_minor}",
        amount_minor=amount_minor,
        currency="eur",
        failed_at=NOW,
        family=DeclineFamily.FUNDS,
    )


def chore(kind: ChoreKind, **more: Any) -> Chore:
    ref = ChoreRef(ACME, "acct_acme", kind)
    return Chore(ref=ref, due_at=NOW, put_at=NOW, **more)


async def test_it_tells_what_is_connected(browser: httpx.AsyncClient) -> None:
    page = (await browser.get(PAGE)).text
    for words in ("Acme &lt;Books&gt;", "acct_acme", "Test", "DE", "By a key of yours"):
        assert words in page
    assert "None has come yet" in page
    assert "is missing." not in page
    assert f"{len(Permission)} permissions granted" in page


async def test_it_says_what_will_not_work_without_a_permission(
    browser: httpx.AsyncClient, desk: Desk
) -> None:
    desk.it = replace(ACCOUNT, missing=(Permission.EVENTS_READ,))
    page = (await browser.get(PAGE)).text
    assert without(Permission.EVENTS_READ) in page
    assert page.count("is missing.") == 1
    assert f"{len(Permission) - 1} permissions granted" in page


async def test_it_tells_of_events_the_import_a_refused_key_and_an_endpoint_by_hand(
    browser: httpx.AsyncClient, desk: Desk
) -> None:
    desk.it = replace(
        ACCOUNT,
        refused_at=NOW,
        last_event_at=NOW - timedelta(hours=1),
        endpoint_id="e1",
        endpoint_by_hand=True,
    )
    desk.chores = (chore(ChoreKind.IMPORT, progress=Progress(done=300, of_about=1200)),)
    page = (await browser.get(PAGE)).text
    assert "does not take the key any more" in page
    assert "None has come yet" not in page
    assert "300 of about 1200 invoices read" in page
    assert desk.address("e1") in page


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"progress": Progress(done=7)}, "7 invoices read so far"),
        ({"progress": Progress(done=9), "finished_at": NOW}, "Done: 9 invoices read"),
    ],
)
async def test_the_import_says_how_far_it_is(
    browser: httpx.AsyncClient, desk: Desk, more: dict[str, Any], words: str
) -> None:
    desk.chores = (chore(ChoreKind.IMPORT, **more),)
    assert words in (await browser.get(PAGE)).text


async def test_where_no_key_was_pasted_no_permission_is_said_to_be_granted(
    browser: httpx.AsyncClient, desk: Desk
) -> None:
    desk.it = replace(ACCOUNT, access=Access.INSTALLATION)
    page = (await browser.get(PAGE)).text
    assert "By the key of this installation" in page
    assert "permissions granted" not in page


@pytest.mark.parametrize(("found", "words"), [(1, "1 event that had never"), (4, "4 events that")])
async def test_events_that_did_not_reach_us_are_told_of(
    browser: httpx.AsyncClient, desk: Desk, found: int, words: str
) -> None:
    done = {"last_ok_at": NOW, "progress": Progress(done=9, found=found)}
    desk.chores = (chore(ChoreKind.RECONCILE, **done),)
    page = (await browser.get(PAGE)).text
    assert words in page
    assert "Compared with Stripe" in page


@pytest.mark.parametrize(("told", "words"), [(1, "1 customer<"), (12, "12 customers<")])
async def test_who_was_told_of_an_expiring_card_is_counted(
    browser: httpx.AsyncClient, desk: Desk, told: int, words: str
) -> None:
    desk.chores = (chore(ChoreKind.EXPIRY),)
    assert "card expires" not in (await browser.get(PAGE)).text
    desk.chores = (chore(ChoreKind.EXPIRY, found_ever=told),)
    page = (await browser.get(PAGE)).text
    assert "Told that their card expires" in page
    assert words in page


async def test_what_is_open_of_before_is_chased_only_if_the_merchant_says_so(
    browser: httpx.AsyncClient, desk: Desk
) -> None:
    assert "of before" not in (await browser.get(PAGE)).text
    desk.offered = (offer(29_00), offer(71_00))
    page = (await browser.get(PAGE)).text
    assert "2 invoices of before are still open: 100.00\u00a0EUR." in page
    assert "Nobody chases them yet." in page
    await send(browser, "take-up", account="acct_acme")
    assert desk.asked == [("acct_acme", ChoreKind.TAKE_UP)]
    desk.chores = (chore(ChoreKind.TAKE_UP),)
    page = (await browser.get(PAGE)).text
    assert "Their cases are being opened." in page
    assert "/settings/stripe/take-up" not in page


async def test_the_past_is_read_when_asked_for_and_the_page_looks_how_far_it_is(
    browser: httpx.AsyncClient, desk: Desk
) -> None:
    assert "every 2s" not in (await browser.get(PAGE)).text
    await send(browser, "import", account="acct_acme")
    assert desk.asked == [("acct_acme", ChoreKind.IMPORT)]
    desk.chores = (chore(ChoreKind.IMPORT, progress=Progress(done=7)),)
    page = (await browser.get(PAGE)).text
    assert "every 2s" in page
    assert "/settings/stripe/import" not in page


async def test_who_has_connected_nothing_is_told_what_to_do(
    browser: httpx.AsyncClient, desk: Desk
) -> None:
    desk.empty = True
    page = (await browser.get(PAGE)).text
    assert "No account is connected yet." in page
    assert "/settings/stripe/connect" in page


async def test_a_pasted_key_goes_to_the_desk_and_is_seen_nowhere(
    browser: httpx.AsyncClient, desk: Desk
) -> None:
    answer = await send(browser, "connect", key=KEY, secret="whsec_1")
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert [(each.key, each.secret) for each in desk.pasted] == [(KEY, "whsec_1")]
    assert KEY not in (await browser.get(PAGE)).text


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        *[(WrongKey(reason), reason) for reason in WRONG_KEYS],
        (AccountTaken(), "account_taken"),
        (Unavailable("away"), "unavailable"),
    ],
)
async def test_each_refusal_has_a_sentence_and_the_key_is_not_in_the_address(
    browser: httpx.AsyncClient, desk: Desk, fault: Exception, reason: str
) -> None:
    desk.fault = fault
    where = (await send(browser, "connect", key=KEY)).headers["location"]
    assert where == f"{PAGE}?refused={reason}"
    assert WRONG_KEYS[reason][0] in (await browser.get(where)).text


async def test_a_word_from_outside_gets_onto_no_page(browser: httpx.AsyncClient) -> None:
    assert "made_up" not in (await browser.get(f"{PAGE}?refused=made_up")).text


async def test_only_who_types_the_id_disconnects(browser: httpx.AsyncClient, desk: Desk) -> None:
    answer = await send(browser, "disconnect", account="acct_acme", typed="yes")
    assert "Nothing was disconnected." in (await browser.get(answer.headers["location"])).text
    assert desk.asked == []
    await send(browser, "disconnect", account="acct_acme", typed=" acct_acme ")
    assert desk.asked == [("acct_acme", ChoreKind.LEAVE)]


async def test_an_account_of_others_is_as_absent_as_none(browser: httpx.AsyncClient) -> None:
    answer = await send(browser, "disconnect", account="acct_other", typed="acct_other")
    assert answer.status_code == 404


async def test_who_is_leaving_is_told_so_and_asked_no_more(
    browser: httpx.AsyncClient, desk: Desk
) -> None:
    desk.chores = (chore(ChoreKind.LEAVE),)
    page = (await browser.get(PAGE)).text
    assert "is being disconnected" in page
    assert "/settings/stripe/disconnect" not in page


async def test_a_form_without_its_token_does_nothing(
    browser: httpx.AsyncClient, desk: Desk
) -> None:
    assert (await browser.post(f"{PAGE}/connect", data={"key": KEY})).status_code == 403
    assert desk.pasted == []


async def test_without_a_desk_there_is_no_page_and_no_way_to_it(mara: httpx.AsyncClient) -> None:
    assert (await mara.get(PAGE)).status_code == 404
    assert PAGE not in (await mara.get("/cases")).text


def test_every_permission_has_its_words() -> None:
    assert set(PERMISSIONS) == set(Permission)
