"""Letters over SMTP, to the rehearsal's mailbox and to servers that behave badly."""

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import given
from hypothesis import strategies as st

from adapters.email.connections import Bounds
from adapters.email.mailer import SmtpMailer, _mailbox
from adapters.email.server import arguments
from application.ports.mailer import Handed, Letter, MailDeferred, MailRefused, Picture

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def a_letter(**changes: Any) -> Letter:
    given: dict[str, Any] = {
        "message_id": "case-1.1@bakery.example",
        "thread_id": "case-1@shop.example",
        "to": "anna@example.com",
        "to_name": "Anna Bäcker",
        "sender_name": "Nordlicht Bäckerei",
        "reply_to": "help@bakery.example",
        "subject": "Your payment of 29,00 € to Nordlicht",
        "text": "Hello Anna,\n.\nyours",
        "html": "<p>Hello Anna</p>",
    }
    return Letter(**{**given, **changes})


class Postbox:
    """A mail server that keeps what it takes and answers as it is told."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.letters: list[tuple[str, list[str], EmailMessage]] = []
        self.silent_after_data = False
        self.hangs_up_after_data = False

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "rcpt" in self.answers:
            return self.answers["rcpt"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        message = email.message_from_bytes(cast("bytes", envelope.content), policy=default)
        sender = envelope.mail_from or ""
        self.letters.append((sender, envelope.rcpt_tos, cast("EmailMessage", message)))
        if self.silent_after_data:
            await asyncio.sleep(5)
        if self.hangs_up_after_data:
            cast("asyncio.Transport", server.transport).abort()
        return self.answers.get("data", "250 OK")


@asynccontextmanager
async def mailing_to(
    box: Postbox, timeout_s: float = 2.0, answers: str = ""
) -> AsyncIterator[SmtpMailer]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(box, hostname="localhost", enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    sender = "ChargeChase <mail@chargechase.example>"
    try:
        bounds = Bounds(timeout_s=timeout_s, verdict_s=timeout_s)
        yield SmtpMailer(
            f"smtp://127.0.0.1:{port}", sender, lambda: NOW, bounds=bounds, answers=answers
        )
    finally:
        server.close()


async def test_an_answer_goes_to_the_merchant_and_we_hear_of_it() -> None:
    box = Postbox()
    async with mailing_to(box, answers="answers@in.chargechase.example") as mailer:
        await mailer.send(a_letter())
        await mailer.send(a_letter(reply_to=None))
    told = [message["Reply-To"] for _, _, message in box.letters]
    assert told == ["help@bakery.example, answers@in.chargechase.example", None]


async def test_a_letter_arrives_with_its_headers_and_both_of_its_texts() -> None:
    box = Postbox()
    async with mailing_to(box) as mailer:
        await mailer.send(a_letter())
    [(sender, recipients, message)] = box.letters
    assert sender == "mail@chargechase.example"
    assert recipients == ["anna@example.com"]
    assert message["From"] == "Nordlicht Bäckerei <mail@chargechase.example>"
    assert message["To"] == "Anna Bäcker <anna@example.com>"
    assert message["Reply-To"] == "help@bakery.example"
    assert message["Subject"] == "Your payment of 29,00 € to Nordlicht"
    assert message["Message-ID"] == "<case-1.1@bakery.example>"
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = message.iter_parts()
    assert text.get_content().splitlines() == ["Hello Anna,", ".", "yours"]
    assert html.get_content().strip() == "<p>Hello Anna</p>"


async def test_a_domain_in_letters_of_the_world_is_served() -> None:
    box = Postbox()
    async with mailing_to(box) as mailer:
        await mailer.send(a_letter(to="anna@müller.example"))
    assert box.letters[0][1] == ["anna@xn--mller-kva.example"]


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
@pytest.mark.parametrize(
    ("answer", "error"), [("550 no", MailRefused), ("451 later", MailDeferred)]
)
async def test_5xx_is_for_good_and_4xx_for_now(
    step: str, answer: str, error: type[Exception]
) -> None:
    async with mailing_to(Postbox(**{step: answer})) as mailer:
        with pytest.raises(error, match=answer[:3]):
            await mailer.send(a_letter())


@pytest.mark.parametrize(
    ("step", "answer", "is_dead"),
    [
        ("rcpt", "550 no such user", True),
        ("rcpt", "550 5.1.1 no such user", True),
        ("rcpt", "550 5.1.10 null MX", True),
        ("rcpt", "551 moved away", True),
        ("rcpt", "550 5.7.1 we do not like your address", False),
        ("rcpt", "552 5.2.2 mailbox full", False),
        ("rcpt", "554 no", False),
        ("mail", "550 5.1.1 who are you", False),
        ("data", "550 5.1.1 spam", False),
    ],
)
async def test_only_where_the_address_is_wrong_is_it_called_dead(
    step: str, answer: str, is_dead: bool
) -> None:
    async with mailing_to(Postbox(**{step: answer})) as mailer:
        with pytest.raises(MailRefused) as refusal:
            await mailer.send(a_letter())
    assert refusal.value.is_dead is is_dead


async def test_one_click_stops_such_letters_and_where_there_is_none_no_header_says_so() -> None:
    box = Postbox()
    async with mailing_to(box) as mailer:
        await mailer.send(a_letter(unsubscribe="https://pay.bakery.example/u/abc"))
        await mailer.send(a_letter())
    with_it, without = (message for *_, message in box.letters)
    assert with_it["List-Unsubscribe"] == "<https://pay.bakery.example/u/abc>"
    assert with_it["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert without["List-Unsubscribe"] is None
    assert without["List-Unsubscribe-Post"] is None


async def test_a_refusal_does_not_repeat_the_address() -> None:
    async with mailing_to(Postbox(rcpt="550 no mailbox anna@example.com here")) as mailer:
        with pytest.raises(MailRefused) as refusal:
            await mailer.send(a_letter())
    assert "anna" not in str(refusal.value)


async def test_silence_after_the_text_was_handed_over_counts_as_sent() -> None:
    box = Postbox()
    box.silent_after_data = True
    async with mailing_to(box, timeout_s=0.2) as mailer:
        assert await mailer.send(a_letter()) is Handed.UNANSWERED
    assert len(box.letters) == 1


async def test_a_connection_that_is_cut_after_the_text_counts_as_sent() -> None:
    box = Postbox()
    box.hangs_up_after_data = True
    async with mailing_to(box) as mailer:
        await mailer.send(a_letter())
    assert len(box.letters) == 1


async def test_no_server_and_a_silent_server_are_certainly_not_sent() -> None:
    nobody = SmtpMailer("smtp://127.0.0.1:1", "mail@chargechase.example", lambda: NOW)
    with pytest.raises(MailDeferred):
        await nobody.send(a_letter())
    mute = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = mute.sockets[0].getsockname()[1]
    mailer = SmtpMailer(
        f"smtp://127.0.0.1:{port}",
        "mail@chargechase.example",
        lambda: NOW,
        bounds=Bounds(timeout_s=0.2),
    )
    with pytest.raises(MailDeferred):
        await mailer.send(a_letter())
    mute.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "anna@example.com\r\nBcc: all@example.com"},
        {"to": "anna@example.com, all@example.com"},
        {"to": "nobody"},
        {"to": ""},
        {"to": "@example.com"},
        {"to": "jürgen@example.com"},
        {"to": "anna@" + "x" * 300 + ".example"},
        {"subject": "Hello\r\nBcc: all@example.com"},
        {"subject": "Hello\nthere"},
        {"reply_to": "help@bakery.example\nBcc: all@example.com"},
        {"message_id": "case-1@bakery.example>\r\nBcc: all@example.com"},
    ],
)
async def test_a_line_break_or_a_second_address_in_a_header_is_refused(
    changes: dict[str, str],
) -> None:
    box = Postbox()
    async with mailing_to(box) as mailer:
        with pytest.raises(MailRefused):
            await mailer.send(a_letter(**changes))
    assert box.letters == []


@given(name=st.text(max_size=120))
def test_a_name_can_hold_anything_and_still_changes_no_other_header(name: str) -> None:
    message, plain = composed(sender_name=name, to_name=name), composed()
    assert message.keys() == plain.keys()
    for header in ("From", "To"):
        addresses = [address.addr_spec for address in message[header].addresses]
        assert addresses == [address.addr_spec for address in plain[header].addresses]


def composed(**changes: Any) -> EmailMessage:
    mailer = SmtpMailer("smtp://127.0.0.1:1", "mail@chargechase.example", lambda: NOW)
    letter = a_letter(**changes)
    raw = mailer._compose(letter, _mailbox(letter.to, letter.to_name))
    return cast("EmailMessage", email.message_from_bytes(raw, policy=default))


@pytest.mark.parametrize(
    ("url", "encrypted", "start_tls"),
    [
        ("smtps://me:pw%40@mail.example", True, None),
        ("smtp://me:pw%40@mail.example:587", False, True),
        ("smtp://mail.example", False, True),
        ("smtp://mail.example?tls=off", False, False),
        ("smtp://me:pw%40@mail.example?tls=off", False, True),
        ("smtp://me:pw%40@127.0.0.1:2525", False, None),
    ],
)
def test_a_letter_leaves_this_machine_inside_tls_unless_told_otherwise_and_a_password_always(
    url: str, encrypted: bool, start_tls: bool | None
) -> None:
    server = arguments(url)
    assert (server["use_tls"], server["start_tls"]) == (encrypted, start_tls)
    assert server["password"] in (None, "pw@")


def test_a_picture_goes_along_inside_the_letter_and_is_no_attachment() -> None:
    picture = Picture(cid="abc@shop.example", png=b"\x89PNG and so on")
    message = composed(html='<p><img src="cid:abc@shop.example"></p>', picture=picture)
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    image = next(part for part in message.walk() if part.get_content_type() == "image/png")
    assert image["Content-ID"] == "<abc@shop.example>"
    assert image.get_content_disposition() == "inline"
    assert image.get_payload(decode=True) == picture.png
    assert list(message.iter_attachments()) == []
