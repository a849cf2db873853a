"""Two streams: what is wrong with one holds up no letter of the other."""

import email
from email.policy import default
from uuid import UUID

import pytest

from adapters.email.mailer import SmtpMailer
from adapters.email.streams import StreamedMailer
from application.breaker import Breaker, Patience
from application.ports.mailer import Handed, MailDeferred, MailRefused, Stream
from tests.adapters.scripted_smtp import ScriptedSmtp
from tests.adapters.test_email_connections import BOUNDS
from tests.adapters.test_email_mailer import NOW, a_letter

MERCHANT = UUID("00000000-0000-4000-8000-00000000000a")


def streamed(server: ScriptedSmtp, other: ScriptedSmtp, wishes: str = "") -> StreamedMailer:
    def mailer(to: ScriptedSmtp, sender: str) -> SmtpMailer:
        breaker = Breaker(Patience(failures=1))
        url = f"smtp://127.0.0.1:{to.port}{wishes}"
        return SmtpMailer(url, sender, lambda: NOW, bounds=BOUNDS, breaker=breaker)

    return StreamedMailer(
        {
            Stream.REMINDERS: mailer(server, "dunning@news.chargechase.example"),
            Stream.ANSWERS: mailer(other, "mail@chargechase.example"),
        }
    )


async def test_each_stream_has_its_own_server_sender_and_breaker() -> None:
    async with (
        ScriptedSmtp(MAIL="550 not this sender").running() as server,
        ScriptedSmtp().running() as other,
    ):
        mailer = streamed(server, other)
        with pytest.raises(MailRefused):
            await mailer.send(a_letter())
        with pytest.raises(MailDeferred, match="left alone"):
            await mailer.send(a_letter())
        thanks = a_letter(stream=Stream.ANSWERS)
        assert await mailer.send(thanks) is Handed.TAKEN
        await mailer.close()
    sent = email.message_from_bytes(other.letters[0], policy=default)
    assert sent["From"].addresses[0].addr_spec == "mail@chargechase.example"


async def test_over_one_server_a_refused_sender_of_reminders_holds_up_no_thanks() -> None:
    script = {"MAIL": ["550 not this sender", "250 ok"]}
    async with ScriptedSmtp(**script).running() as server:
        mailer = streamed(server, server)
        with pytest.raises(MailRefused):
            await mailer.send(a_letter())
        assert await mailer.send(a_letter(stream=Stream.ANSWERS)) is Handed.TAKEN
        await mailer.close()


async def test_letters_say_what_complaints_are_sorted_by() -> None:
    async with ScriptedSmtp().running() as server:
        mailer = streamed(server, server, "?stream=dunning&configuration-set=main")
        await mailer.send(a_letter(merchant_id=MERCHANT))
        plain = streamed(server, server)
        await plain.send(a_letter())
        await mailer.close()
        await plain.close()
    told, untold = (email.message_from_bytes(raw, policy=default) for raw in server.letters)
    assert told["Feedback-ID"] == f"{MERCHANT.hex}:reminders:chargechase"
    assert told["X-PM-Message-Stream"] == "dunning"
    assert told["X-PM-Metadata-letter"] == a_letter().message_id
    assert told["X-SES-CONFIGURATION-SET"] == "main"
    assert {"Feedback-ID", "X-PM-Message-Stream", "X-PM-Metadata-letter"}.isdisjoint(untold.keys())
