"""The mailbox: letters in over real SMTP, read back over HTTP."""

import asyncio
import contextlib
import smtplib
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from adapters.mail_services.postmark import postmark_news
from rehearsal.mail_store import MailStore
from rehearsal.mailbox import AnswersOptions, MailboxOptions, serve
from tests.rehearsal.phones import serving

MONDAY = datetime(2026, 11, 23, 9, 5, tzinfo=UTC)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Mailbox:
    def __init__(self, session: aiohttp.ClientSession, smtp_port: int) -> None:
        self.session, self.smtp_port = session, smtp_port

    async def send(self, raw: bytes, to: str = "ada@customer.example") -> None:
        def send() -> None:
            with smtplib.SMTP("127.0.0.1", self.smtp_port) as smtp:
                smtp.sendmail("billing@fern.example", [to], raw)

        await asyncio.to_thread(send)

    async def page(self, path: str, status: int = 200) -> str:
        async with self.session.get(path) as response:
            assert response.status == status
            return await response.text()

    async def feed(self, query: str = "") -> list[dict[str, str]]:
        async with self.session.get(f"/api/messages{query}") as response:
            messages: list[dict[str, str]] = (await response.json())["messages"]
            return messages


@contextlib.asynccontextmanager
async def a_mailbox(folder: Path, answers: AnswersOptions | None = None) -> AsyncIterator[Mailbox]:
    options = MailboxOptions(
        http_port=free_port(),
        smtp_port=free_port(),
        data_file=folder / "mail.sqlite",
        clock=lambda: MONDAY,
        answers=answers,
    )
    serving = asyncio.create_task(serve(options))
    async with aiohttp.ClientSession(f"http://127.0.0.1:{options.http_port}") as session:
        await _until_it_answers(session)
        yield Mailbox(session, options.smtp_port)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


async def _until_it_answers(session: aiohttp.ClientSession) -> None:
    for _ in range(200):
        with contextlib.suppress(aiohttp.ClientError):
            await (await session.get("/")).read()
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the mailbox does not answer")


def a_letter(subject: str = "Your payment", text: str = "Hello Ada", html: str = "") -> bytes:
    letter = EmailMessage()
    letter["From"], letter["To"] = "Fern & Ink <billing@fern.example>", "ada@customer.example"
    letter["Subject"] = subject
    letter.set_content(text)
    if html:
        letter.add_alternative(html, subtype="html")
    return letter.as_bytes()


async def test_an_empty_mailbox_says_what_will_come(tmp_path: Path) -> None:
    async with a_mailbox(tmp_path) as mailbox:
        assert "No mail yet." in await mailbox.page("/")


async def test_letters_are_listed_newest_first_with_the_rehearsal_s_time(tmp_path: Path) -> None:
    async with a_mailbox(tmp_path) as mailbox:
        for number in (1, 2):
            await mailbox.send(a_letter(f"Letter {number}"))
        page = await mailbox.page("/")
        assert page.index("Letter 2") < page.index("Letter 1")
        assert "23 Nov 09:05" in page


async def test_a_letter_is_shown_with_its_text_and_headers(tmp_path: Path) -> None:
    async with a_mailbox(tmp_path) as mailbox:
        await mailbox.send(a_letter("Ärger mit der Karte €", "Grüße"))
        page = await mailbox.page("/messages/1")
        assert "Ärger mit der Karte €" in page
        assert "Grüße" in page
        assert "Content-Type" in page


async def test_the_html_of_a_letter_can_neither_run_nor_send_anything(tmp_path: Path) -> None:
    async with a_mailbox(tmp_path) as mailbox:
        await mailbox.send(a_letter(html="<script>alert(1)</script><p>Hello</p>"))
        assert "<script>alert" not in await mailbox.page("/messages/1")
        async with mailbox.session.get("/messages/1/letter") as response:
            policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "sandbox" in policy
        assert "allow-scripts" not in policy


async def test_what_a_stranger_writes_is_shown_as_text(tmp_path: Path) -> None:
    async with a_mailbox(tmp_path) as mailbox:
        await mailbox.send(a_letter("<img src=x onerror=alert(1)>", "<b>bold</b>"))
        for path in ("/", "/messages/1"):
            page = await mailbox.page(path)
            assert "<img src=x" not in page
            assert "<b>bold</b>" not in page


async def test_the_feed_gives_those_of_one_customer_after_a_message(tmp_path: Path) -> None:
    async with a_mailbox(tmp_path) as mailbox:
        await mailbox.send(a_letter("one"), to="ada@customer.example")
        await mailbox.send(a_letter("two"), to="bob@customer.example")
        await mailbox.send(a_letter("three"), to="Ada@Customer.example")
        hers = await mailbox.feed("?to=ada@customer.example")
        assert [m["subject"] for m in hers] == ["one", "three"]
        assert [m["subject"] for m in await mailbox.feed("?after=2")] == ["three"]
        assert hers[0]["text"].strip() == "Hello Ada"


async def test_letters_survive_a_restart(tmp_path: Path) -> None:
    async with a_mailbox(tmp_path) as mailbox:
        await mailbox.send(a_letter("kept"))
    async with a_mailbox(tmp_path) as mailbox:
        assert "kept" in await mailbox.page("/")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no headers at all",
        b"Subject: =?utf-8?b?////?=\r\nContent-Type: text/plain; charset=klingon\r\n\r\n\xff\xfe",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nbroken",
        b"From: <<<@@@\r\nTo: ,,,\r\nReferences: \x00\r\n\r\n\x00",
    ],
)
async def test_a_broken_letter_is_kept_and_shown_as_well_as_it_can_be(
    tmp_path: Path, raw: bytes
) -> None:
    async with a_mailbox(tmp_path) as mailbox:
        await mailbox.send(raw)
        await mailbox.page("/")
        await mailbox.page("/messages/1")
        assert len(await mailbox.feed()) == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/messages/99", 404),
        ("/messages/99/letter", 404),
        ("/messages/x", 404),
        ("/?before=x", 400),
        ("/api/messages?after=-1", 400),
        ("/api/messages?after=99999999999999999999", 400),
        ("/static/../pages.py", 404),
        ("/static/%2e%2e/pages.py", 404),
    ],
)
async def test_a_senseless_address_gets_a_clear_answer(
    tmp_path: Path, path: str, status: int
) -> None:
    async with a_mailbox(tmp_path) as mailbox:
        await mailbox.page(path, status)


async def test_the_search_finds_part_of_an_address_and_takes_wildcards_literally(
    tmp_path: Path,
) -> None:
    async with a_mailbox(tmp_path) as mailbox:
        await mailbox.send(a_letter("hers"))
        assert "hers" in await mailbox.page("/?to=ADA")
        assert "hers" not in await mailbox.page("/?to=%25")


def test_the_oldest_letters_make_room(tmp_path: Path) -> None:
    store = MailStore(tmp_path / "mail.sqlite", keep_newest=3)
    for number in range(5):
        store.keep("a@b.example", ["ada@customer.example"], a_letter(str(number)), MONDAY)
    assert [m.subject for m in store.newest(10)] == ["4", "3", "2"]
    store.close()


def one_that_asks_for_answers(reply_to: str) -> bytes:
    message = EmailMessage()
    message["From"] = "billing@fern.example"
    message["To"] = "ada@customer.example"
    message["Reply-To"] = reply_to
    message["Subject"] = "Your payment"
    message["Message-ID"] = "<case.2@mail.example>"
    message["References"] = "<case@mail.example>"
    message.set_content("Hello")
    return message.as_bytes()


async def test_somebody_writes_back_and_the_product_is_told_as_postmark_tells_it(
    tmp_path: Path,
) -> None:
    told: list[tuple[str, bytes]] = []

    async def hear(request: web.Request) -> web.Response:
        told.append((request.headers["Authorization"], await request.read()))
        return web.Response(text="{}")

    product = web.Application()
    product.router.add_post("/webhooks/mail/postmark", hear)
    async with serving(product) as url:
        answers = AnswersOptions(product_url=url, secret="s3cret", address="answers@in.example")
        async with a_mailbox(tmp_path, answers) as mailbox:
            await mailbox.send(one_that_asks_for_answers("hello@fern.example, answers@in.example"))
            await mailbox.send(one_that_asks_for_answers("hello@fern.example"))
            heard, unheard = (await mailbox.feed())[0]["id"], (await mailbox.feed())[1]["id"]
            assert "Write back" in await mailbox.page(f"/messages/{heard}")
            assert "Write back" not in await mailbox.page(f"/messages/{unheard}")
            async with mailbox.session.post(f"/messages/{heard}/answer") as page:
                assert "heard that this person wrote back" in await page.text()
            async with mailbox.session.post(f"/messages/{unheard}/answer") as page:
                assert "did not take the answer" in await page.text()
    [(password, raw)] = told
    assert password == aiohttp.encode_basic_auth("postmark", "s3cret")
    (news,) = postmark_news(raw)
    assert (news.message_id, news.others) == ("case.2@mail.example", ("case@mail.example",))
