"""A letter from a merchant's own domain: the receiver checks the signature on the bytes it got."""

import email
from collections.abc import Callable
from email.policy import default
from uuid import UUID, uuid4

import dkim
import pytest

from adapters.dns.names import DnsNames
from adapters.email.mailer import SmtpMailer
from adapters.memory.sending import MemoryIdentities
from adapters.memory.unit_of_work import units_of_work
from adapters.memory.world import MemoryWorld
from application.errors import Unavailable
from application.ports.mailer import Handed, MailDeferred
from application.ports.sending import Identity
from application.use_cases.sending_domain import SendingDomains
from tests.adapters.name_server import NameServer
from tests.adapters.scripted_smtp import ScriptedSmtp
from tests.adapters.test_email_connections import BOUNDS, SENDER
from tests.adapters.test_email_mailer import NOW, a_letter
from tests.contract.test_sending import a_key

MERCHANT = UUID("00000000-0000-4000-8000-00000000000a")
UNSUBSCRIBE = "https://pay.bakery.example/u/" + "a" * 43


def asking(server: NameServer) -> Callable[..., bytes | None]:
    """The receiver's look at the key."""

    def look(name: bytes, timeout: int = 5) -> bytes | None:
        texts = server.zone.get(name.decode().rstrip("."))
        return texts[0].encode() if texts else None

    return look


async def received(server: NameServer, **letter: str) -> bytes:
    """What arrives of a letter of a merchant who chose a domain, once its records are there."""
    world = MemoryWorld()
    domains = SendingDomains(
        open_uow=units_of_work(world),
        names=DnsNames(["127.0.0.1"], server.port),
        clock=lambda: NOW,
    )
    await domains.choose(MERCHANT, a_key(), "Billing@Bakery.example", "user:1")
    await domains.check(MERCHANT)
    async with ScriptedSmtp().running() as box:
        mailer = SmtpMailer(
            f"smtp://127.0.0.1:{box.port}",
            SENDER,
            lambda: NOW,
            identities=MemoryIdentities(world),
            bounds=BOUNDS,
        )
        given = a_letter(merchant_id=MERCHANT, unsubscribe=UNSUBSCRIBE, **letter)
        assert await mailer.send(given) is Handed.TAKEN
        await mailer.close()
    return undotted(box.letters[0])


def undotted(raw: bytes) -> bytes:
    lines = raw.split(b"\r\n")
    return b"\r\n".join(line[1:] if line.startswith(b"..") else line for line in lines)


def with_records(server: NameServer) -> None:
    server.zone["cc1._domainkey.bakery.example"] = [a_key().public.record]
    server.zone["_dmarc.bakery.example"] = ["v=DMARC1; p=reject; adkim=s"]


async def test_the_receiver_finds_the_signature_right_and_aligned() -> None:
    async with NameServer().running() as server:
        with_records(server)
        raw = await received(server, text="Hello,\n.\n..dots and ümlauts\n\n\n")
    message = email.message_from_bytes(raw, policy=default)
    assert message["From"].addresses[0].addr_spec == "billing@bakery.example"
    assert message["From"].addresses[0].display_name == "Nordlicht Bäckerei"
    tags = dict(
        part.strip().split("=", 1) for part in message["DKIM-Signature"].split(";") if "=" in part
    )
    assert (tags["d"], tags["s"], tags["a"]) == ("bakery.example", "cc1", "rsa-sha256")
    covered = [name.strip() for name in tags["h"].lower().split(":")]
    assert covered.count("from") == covered.count("subject") == covered.count("to") == 2
    assert {"date", "message-id", "list-unsubscribe", "list-unsubscribe-post", "reply-to"} <= set(
        covered
    )
    assert {"mime-version", "content-type"} <= set(covered)
    assert dkim.verify(raw, dnsfunc=asking(server))


@pytest.mark.parametrize(
    "tamper",
    [
        lambda raw: raw.replace(b"Hello", b"Hallo", 1),
        lambda raw: raw.replace(b"Subject: ", b"Subject: Re: ", 1),
        lambda raw: b"From: somebody@else.example\r\n" + raw,
        lambda raw: b"Subject: Win a prize\r\n" + raw,
        lambda raw: b"Reply-To: somebody@else.example\r\n" + raw,
        lambda raw: raw.replace(b"/u/a", b"/u/b", 1),
    ],
)
async def test_whatever_is_changed_or_added_on_the_way_breaks_it(
    tamper: Callable[[bytes], bytes],
) -> None:
    async with NameServer().running() as server:
        with_records(server)
        raw = await received(server)
        assert dkim.verify(raw, dnsfunc=asking(server))
        assert not dkim.verify(tamper(raw), dnsfunc=asking(server))


async def test_without_its_records_a_letter_comes_from_the_installation_unsigned() -> None:
    async with NameServer().running() as server:
        server.zone["cc1._domainkey.bakery.example"] = [a_key().public.record]  # and no DMARC
        raw = await received(server)
    message = email.message_from_bytes(raw, policy=default)
    assert message["From"].addresses[0].addr_spec == SENDER
    assert message["From"].addresses[0].display_name == "Nordlicht Bäckerei"
    assert message["Reply-To"] == "help@bakery.example"
    assert message["DKIM-Signature"] is None


async def test_while_it_is_not_known_who_sends_nothing_goes() -> None:
    class Away:
        async def of(self, merchant_id: UUID) -> Identity | None:
            raise Unavailable("Postgres")

    async with ScriptedSmtp().running() as box:
        url = f"smtp://127.0.0.1:{box.port}"
        mailer = SmtpMailer(url, SENDER, lambda: NOW, identities=Away(), bounds=BOUNDS)
        with pytest.raises(MailDeferred):
            await mailer.send(a_letter(merchant_id=uuid4()))
    assert box.letters == []
