"""Letters over kept connections: what the server does wrong, and that no letter goes twice."""

import asyncio
import ssl
from typing import Any

import pytest

from adapters.email.connections import Bounds
from adapters.email.mailer import SmtpMailer
from application.breaker import Breaker, Patience
from application.ports.mailer import Handed, MailDeferred, MailRefused
from tests.adapters.scripted_smtp import HANG_UP, SILENCE, ScriptedSmtp
from tests.adapters.test_email_mailer import NOW, a_letter

BOUNDS = Bounds(timeout_s=0.3, verdict_s=0.3)
SENDER = "mail@chargechase.example"


def a_mailer(server: ScriptedSmtp, login: str = "", **given: Any) -> SmtpMailer:
    url = f"smtp://{login}127.0.0.1:{server.port}"
    return SmtpMailer(url, SENDER, lambda: NOW, **{"bounds": BOUNDS, **given})


async def test_one_connection_carries_letter_after_letter() -> None:
    async with ScriptedSmtp().running() as server:
        mailer = a_mailer(server)
        for _ in range(5):
            assert await mailer.send(a_letter()) is Handed.TAKEN
        await mailer.close()
    assert (len(server.letters), server.connections) == (5, 1)
    assert server.said[-1] == "QUIT"


async def test_there_are_never_more_connections_than_allowed() -> None:
    async with ScriptedSmtp().running() as server:
        mailer = a_mailer(server, bounds=Bounds(most=3))
        await asyncio.gather(*(mailer.send(a_letter()) for _ in range(30)))
        await mailer.close()
    assert len(server.letters) == 30
    assert server.most_at_once <= 3


async def test_a_connection_is_given_up_after_so_many_letters() -> None:
    async with ScriptedSmtp().running() as server:
        mailer = a_mailer(server, bounds=Bounds(letters=2))
        for _ in range(5):
            await mailer.send(a_letter())
        await mailer.close()
    assert server.connections == 3


async def test_a_connection_that_nobody_wants_is_closed() -> None:
    async with ScriptedSmtp().running() as server:
        mailer = a_mailer(server, bounds=Bounds(idle_s=0.05))
        await mailer.send(a_letter())
        await asyncio.sleep(0.2)
        assert server.said[-1] == "QUIT"


async def test_a_connection_that_died_between_two_letters_costs_none() -> None:
    async with ScriptedSmtp().running() as server:
        mailer = a_mailer(server)
        await mailer.send(a_letter())
        server.hang_up()
        assert await mailer.send(a_letter()) is Handed.TAKEN
    assert (len(server.letters), server.connections) == (2, 2)


@pytest.mark.parametrize("word", ["MAIL", "RCPT", "DATA"])
async def test_before_the_text_one_more_connection_is_tried_and_no_third(word: str) -> None:
    async with ScriptedSmtp(
        **{word: [HANG_UP, "354 go on" if word == "DATA" else "250"]}
    ).running() as server:
        assert await a_mailer(server).send(a_letter()) is Handed.TAKEN
    assert (len(server.letters), server.connections) == (1, 2)
    async with ScriptedSmtp(**{word: HANG_UP}).running() as server:
        with pytest.raises(MailDeferred):
            await a_mailer(server).send(a_letter())
    assert (server.letters, server.connections) == ([], 2)


@pytest.mark.parametrize("silence", [SILENCE, HANG_UP])
async def test_after_the_text_silence_is_not_a_no_and_nothing_is_sent_again(silence: str) -> None:
    async with ScriptedSmtp(text=silence).running() as server:
        assert await a_mailer(server).send(a_letter()) is Handed.UNANSWERED
    assert (len(server.letters), server.connections) == (1, 1)


@pytest.mark.parametrize(
    "script",
    [
        {"banner": "421 too busy"},
        {"banner": "554 not you"},
        {"banner": SILENCE},
        {"banner": HANG_UP},
        {"MAIL": SILENCE},
        {"MAIL": "451 later"},
        {"RCPT": "421 closing"},
        {"RCPT": "450 greylisted"},
        {"RCPT": "452 too many"},
        {"RCPT": SILENCE},
        {"DATA": "451 later"},
        {"DATA": SILENCE},
        {"text": "452 no room"},
        {"text": "421 closing"},
    ],
)
async def test_whatever_is_for_now_is_deferred_and_certainly_not_sent(
    script: dict[str, str],
) -> None:
    async with ScriptedSmtp(**script).running() as server:
        with pytest.raises(MailDeferred):
            await a_mailer(server).send(a_letter())


@pytest.mark.parametrize(
    ("script", "is_dead"),
    [
        ({"RCPT": "550 5.1.1 no such user"}, True),
        ({"RCPT": "552 5.2.2 mailbox full"}, False),
        ({"MAIL": "550 5.7.1 not this sender"}, False),
        ({"text": "554 5.7.1 spam"}, False),
    ],
)
async def test_what_is_refused_for_good_is_refused(script: dict[str, str], is_dead: bool) -> None:
    async with ScriptedSmtp(**script).running() as server:
        with pytest.raises(MailRefused) as refused:
            await a_mailer(server).send(a_letter())
    assert refused.value.is_dead is is_dead


async def test_after_a_refusal_the_next_letter_begins_anew_on_the_same_connection() -> None:
    async with ScriptedSmtp(RCPT=["550 5.1.1 no", "250 ok"]).running() as server:
        mailer = a_mailer(server)
        with pytest.raises(MailRefused):
            await mailer.send(a_letter())
        assert await mailer.send(a_letter()) is Handed.TAKEN
    assert server.connections == 1
    assert server.said == ["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA"]


async def test_421_closes_its_connection_and_the_next_letter_takes_another() -> None:
    async with ScriptedSmtp(RCPT=["421 closing", "250 ok"]).running() as server:
        mailer = a_mailer(server)
        with pytest.raises(MailDeferred, match="SMTP 421"):
            await mailer.send(a_letter())
        assert await mailer.send(a_letter()) is Handed.TAKEN
    assert server.connections == 2


async def test_where_tls_is_wanted_and_not_offered_nothing_is_sent() -> None:
    async with ScriptedSmtp().running() as server:
        mailer = a_mailer(server)
        mailer._connections._server["start_tls"] = True  # what any host but this machine gets
        with pytest.raises(MailDeferred, match="TLS"):
            await mailer.send(a_letter())
    assert "MAIL" not in server.said


async def test_a_server_that_is_not_who_it_says_it_is_gets_nothing() -> None:
    async with ScriptedSmtp(EHLO="250-hi\r\n250 STARTTLS", STARTTLS="220 go").running() as server:
        mailer = a_mailer(server)
        mailer._connections._server["tls_context"] = ssl.create_default_context()
        with pytest.raises(MailDeferred):
            await mailer.send(a_letter())
    assert "MAIL" not in server.said


async def test_a_server_that_refuses_the_password_gets_no_letter_and_costs_none() -> None:
    script = {"EHLO": "250-hi\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 wrong"}
    async with ScriptedSmtp(**script).running() as server:
        with pytest.raises(MailDeferred, match="SMTP 535"):
            await a_mailer(server, login="me:secret@").send(a_letter())
    assert "MAIL" not in server.said


async def test_who_refuses_letter_after_letter_is_left_alone_for_a_while() -> None:
    now = 0.0
    breaker = Breaker(Patience(failures=3, pause_s=30), lambda: now)
    async with ScriptedSmtp(MAIL=["550 no"] * 3 + ["250 ok"]).running() as server:
        mailer = a_mailer(server, breaker=breaker)
        for _ in range(3):
            with pytest.raises(MailRefused):
                await mailer.send(a_letter())
        said = len(server.said)
        with pytest.raises(MailDeferred, match="left alone"):
            await mailer.send(a_letter())
        assert len(server.said) == said
        now = 31.0
        assert await mailer.send(a_letter()) is Handed.TAKEN


async def test_addresses_that_do_not_exist_say_nothing_against_the_server() -> None:
    breaker = Breaker(Patience(failures=3))
    async with ScriptedSmtp(RCPT="550 5.1.1 no such user").running() as server:
        mailer = a_mailer(server, breaker=breaker)
        for _ in range(6):
            with pytest.raises(MailRefused):
                await mailer.send(a_letter())


async def test_dots_at_the_beginning_of_lines_arrive_as_they_were() -> None:
    async with ScriptedSmtp().running() as server:
        await a_mailer(server).send(a_letter(text=".\n..two\nend"))
    assert b"\r\n..\r\n...two\r\nend\r\n" in server.letters[0]
