"""Customers who read their mail, with the rehearsal Stripe and a small stand-in for our page."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from rehearsal.customers import FIRST_PAUSE_S, Customers
from rehearsal.diary import Diary
from rehearsal.link_visit import NotNow, recovery_link
from rehearsal.mail_store import MailStore
from rehearsal.stripe_double import DoubleOptions, StripeDouble
from rehearsal.web_form import post_forms

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = timedelta(days=7)


class OurPage:
    """`/r/{token}` as ChargeChase shows it: one form with a hidden input, then a redirect."""

    def __init__(self) -> None:
        self.hosted: dict[str, str] = {}
        self.visits: list[str] = []
        self.answers_first: list[int] = []
        self.url = ""

    async def show(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        self.visits.append(token)
        if self.answers_first:
            return web.Response(status=self.answers_first.pop(0))
        form = (
            f'<form method="post" action="/r/{token}"><input type="hidden" name="csrf" value="x">'
        )
        page = web.Response(
            text=f"{form}<button>Continue</button></form>", content_type="text/html"
        )
        page.set_cookie("csrf", "x")
        return page

    async def act(self, request: web.Request) -> web.Response:
        given = await request.post()
        if given.get("csrf") != request.cookies.get("csrf"):
            return web.Response(status=403)
        raise web.HTTPSeeOther(self.hosted[request.match_info["token"]])


@contextlib.asynccontextmanager
async def serving(page: OurPage) -> AsyncIterator[OurPage]:
    app = web.Application()
    app.router.add_get("/r/{token}", page.show)
    app.router.add_post("/r/{token}", page.act)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    page.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield page
    finally:
        await runner.cleanup()


class Town:
    """One customer of the wished kind whose renewal has failed, and a letter about it to come."""

    def __init__(self, folder: Path, double: StripeDouble, page: OurPage) -> None:
        self.double, self.page, self.now = double, page, MONDAY
        self.store, self.diary = MailStore(folder / "mail.sqlite"), Diary(folder / "mail.sqlite")
        self.person: dict[str, Any] = {}
        self.invoice: dict[str, Any] = {}
        self.customers = Customers(self.store, self.diary, lambda: self.now, double.base_url)

    async def settle(self, temperament: str, reacts: str, with_phone: bool) -> None:
        async with aiohttp.ClientSession(self.double.base_url) as session:
            seed = {"scene": "burst", "n": 20, "mix": {temperament: 1}, "spread_s": 0}
            await (await session.post("/_double/seed", json=seed)).read()
            self.double.world.step_to(self.double.world.seconds() + 5)
            people = await (await session.get("/_double/people")).json()
            self.person = next(
                p
                for p in people
                if p["reacts"] == reacts
                and p["opens_mail_after_s"] is not None
                and (p["phone"] is not None or not with_phone)
            )
            await self.look(session)
        self.page.hosted["abc"] = self.invoice["hosted_invoice_url"]

    async def look(self, session: aiohttp.ClientSession) -> None:
        key = {"Authorization": "Bearer sk_test_rehearsal"}
        query = {"customer": self.person["customer"]}
        found = await (await session.get("/v1/invoices", params=query, headers=key)).json()
        self.invoice = found["data"][0]
        found = await (
            await session.get("/v1/subscriptions", params={**query, "status": "all"}, headers=key)
        ).json()
        self.subscription = found["data"][0]

    def write(self, message_id: str = "<first@merchant>", references: str = "") -> None:
        letter = EmailMessage()
        letter["From"], letter["To"] = "Fern & Ink <billing@fern.example>", self.person["email"]
        letter["Subject"], letter["Message-ID"] = "Your payment did not go through", message_id
        if references:
            letter["References"] = references
        letter.set_content(f"Please have a look: {self.page.url}/r/abc\n\nThank you.")
        self.store.keep("billing@fern.example", [self.person["email"]], letter.as_bytes(), self.now)

    def text(self) -> None:
        words = f"Fern & Ink: another card is needed. {self.page.url}/r/abc STOP to end"
        self.store.keep_text("+15005550006", self.person["phone"], words, self.now)

    async def pass_time(self, span: timedelta = LATER) -> None:
        self.now += span
        await self.customers.round()
        await self.customers.settled()
        async with aiohttp.ClientSession(self.double.base_url) as session:
            await self.look(session)

    @property
    def outcome(self) -> str | None:
        return self.diary.outcomes().get(self.person["email"].lower())


@contextlib.asynccontextmanager
async def a_town(
    folder: Path, temperament: str, reacts: str, *, with_phone: bool = False
) -> AsyncIterator[Town]:
    double = StripeDouble(DoubleOptions())
    await double.start()
    try:
        async with serving(OurPage()) as page:
            town = Town(folder, double, page)
            await town.settle(temperament, reacts, with_phone)
            yield town
            town.store.close()
            town.diary.close()
    finally:
        await double.stop()


async def test_a_customer_with_a_new_card_pays_through_the_link(tmp_path: Path) -> None:
    async with a_town(tmp_path, "lost_card", "new_card") as town:
        assert town.invoice["status"] == "open"
        town.write()
        await town.pass_time()
        assert town.invoice["status"] == "paid"
        assert town.outcome == "done on Stripe's page"


async def test_nobody_acts_before_the_mail_is_opened(tmp_path: Path) -> None:
    async with a_town(tmp_path, "lost_card", "new_card") as town:
        town.write()
        opens = timedelta(seconds=town.person["opens_mail_after_s"])
        await town.pass_time(opens - timedelta(seconds=1))
        assert town.page.visits == []
        await town.pass_time(timedelta(seconds=2))
        assert town.page.visits == ["abc"]


async def test_a_text_is_answered_like_a_letter(tmp_path: Path) -> None:
    async with a_town(tmp_path, "lost_card", "new_card", with_phone=True) as town:
        town.text()
        await town.pass_time()
        assert town.invoice["status"] == "paid"
        assert town.diary.outcomes()[town.person["phone"]] == "done on Stripe's page"


async def test_an_authentication_is_given_with_the_card_on_file(tmp_path: Path) -> None:
    async with a_town(tmp_path, "authentication", "pays_by_page") as town:
        town.write()
        await town.pass_time()
        assert town.invoice["status"] == "paid"


async def test_who_wants_to_leave_cancels_the_subscription(tmp_path: Path) -> None:
    async with a_town(tmp_path, "cancels", "cancels") as town:
        town.write()
        await town.pass_time()
        assert town.subscription["status"] == "canceled"
        assert town.invoice["status"] != "paid"


async def test_who_never_reacts_does_not(tmp_path: Path) -> None:
    async with a_town(tmp_path, "pay_day", "never") as town:
        town.write()
        await town.pass_time()
        assert (town.page.visits, town.outcome) == ([], None)


async def test_the_letters_of_one_thread_are_answered_once(tmp_path: Path) -> None:
    async with a_town(tmp_path, "lost_card", "new_card") as town:
        town.write("<first@merchant>")
        town.write("<second@merchant>", references="<first@merchant>")
        await town.pass_time()
        town.write("<third@merchant>", references="<first@merchant> <second@merchant>")
        await town.pass_time()
        assert town.page.visits == ["abc"]


async def test_a_page_that_is_down_is_tried_again(tmp_path: Path) -> None:
    async with a_town(tmp_path, "lost_card", "new_card") as town:
        town.page.answers_first = [503]
        town.write()
        await town.pass_time()
        assert town.outcome is None
        await town.pass_time()
        assert town.page.visits == ["abc"]  # not at once: the page gets a moment
        await asyncio.sleep(FIRST_PAUSE_S + 0.1)
        await town.pass_time()
        assert town.invoice["status"] == "paid"


async def test_a_link_that_is_refused_is_not_tried_again(tmp_path: Path) -> None:
    async with a_town(tmp_path, "lost_card", "new_card") as town:
        town.page.answers_first = [410]
        town.write()
        await town.pass_time()
        await town.pass_time()
        assert town.page.visits == ["abc"]
        assert town.outcome == "turned away: /r/abc answered 410"


async def test_a_restarted_mailbox_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    async with a_town(tmp_path, "lost_card", "new_card") as town:
        town.write()
        await town.pass_time(timedelta())
        town.customers = Customers(
            town.store, Diary(tmp_path / "mail.sqlite"), lambda: town.now, town.double.base_url
        )
        await town.pass_time()
        await town.pass_time()
        assert town.page.visits == ["abc"]
        assert town.invoice["status"] == "paid"


async def test_mail_waits_while_the_double_cannot_say_who_the_customer_is(tmp_path: Path) -> None:
    async with a_town(tmp_path, "lost_card", "new_card") as town:
        town.write()
        nowhere = Customers(town.store, town.diary, lambda: town.now, "http://127.0.0.1:9")
        with pytest.raises(NotNow):
            await nowhere.round()
        await town.pass_time()
        assert town.invoice["status"] == "paid"


async def test_mail_to_strangers_is_left_alone(tmp_path: Path) -> None:
    async with a_town(tmp_path, "lost_card", "new_card") as town:
        town.person = {**town.person, "email": "team@merchant.example"}
        town.write()
        await town.pass_time()
        assert town.diary.read_up_to() == 1
        assert town.page.visits == []


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Please: http://127.0.0.1:8000/r/aB-3_x.", ""),
        ("(http://127.0.0.1:8000/r/aB-3_x)", ""),
        ("no link here", '<a href="http://127.0.0.1:8000/r/aB-3_x">Card</a>'),
    ],
)
def test_the_link_is_found_as_a_reader_finds_it(text: str, html: str) -> None:
    assert recovery_link(text, html) == "http://127.0.0.1:8000/r/aB-3_x"


def test_a_form_is_sent_as_a_browser_would_send_it() -> None:
    page = """<form action="/search"><input name="q"></form>
      <form method="POST" action="pay?x=1"><input type="hidden" name="csrf" value="t">
      <input type="radio" name="pm" value="a"><input type="radio" name="pm" value="b" checked>
      <input type="checkbox" name="news"><button name="go" value="1">Pay</button>
      <button name="go2" value="2">No</button></form><input name="outside" value="x">"""
    page += '<form method="post"><button name="go" value="3">Later</button></form>'
    form, later = post_forms("http://shop.example/i/1", page)
    assert (later.action, later.values) == ("http://shop.example/i/1", {"go": "3"})
    assert form.action == "http://shop.example/i/pay?x=1"
    assert form.values == {"csrf": "t", "pm": "b", "go": "1"}
