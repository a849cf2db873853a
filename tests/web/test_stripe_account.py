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
from application.ports.stripe_accounts import (
    Access,
    AccountTaken,
    Connection,
    Holder,
    Permission,
    WrongKey,
)
from application.use_cases.connect_with_key import Connected, Pasted
from tests.web.site import ACME, NOW, Site, form_token, running, sign_in, visitor
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
    left: list[tuple[UUID, str]] = field(default_factory=list)

    async def connections(self, merchant_id: UUID) -> Sequence[tuple[Connection, Sequence[Chore]]]:
        return [(self.it, self.chores)] if merchant_id == ACME else []

    async def connect(self, merchant_id: UUID, pasted: Pasted, actor: str) -> Connected:
        assert merchant_id == ACME
        assert actor.startswith("user:")
        self.pasted.append(pasted)
        if self.fault is not None:
            raise self.fault
        holder = Holder(account="acct_acme", livemode=False)
        return Connected(holder=holder, missing=(), hears=True)

    async def disconnect(self, merchant_id: UUID, account: str, actor: str) -> None:
        assert actor.startswith("user:")
        if account != self.it.account:
            raise NotFound
        self.left.append((merchant_id, account))

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


def chore(kind: ChoreKind, **more: Any) -> Chore:
    ref = ChoreRef(ACME, "acct_acme", kind)
    return Chore(ref=ref, due_at=NOW, put_at=NOW, **more)


async def test_it_tells_what_is_connected(browser: httpx.AsyncClient) -> None:
    page = (await browser.get(PAGE)).text
    for words in ("Acme &lt;Books&gt;", "acct_acme", "Test", "DE", "By a key of yours"):
        assert words in page
    assert "None has come yet" in page
    assert "missing." not in page


async def test_it_says_what_will_not_work_without_a_permission(
    browser: httpx.AsyncClient, desk: Desk
) -> None:
    desk.it = replace(ACCOUNT, missing=(Permission.EVENTS_READ,))
    page = (await browser.get(PAGE)).text
    assert without(Permission.EVENTS_READ) in page
    assert page.count("missing.") == 1


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
    assert desk.left == []
    await send(browser, "disconnect", account="acct_acme", typed=" acct_acme ")
    assert desk.left == [(ACME, "acct_acme")]


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
