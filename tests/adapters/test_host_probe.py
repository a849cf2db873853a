"""Asking a host who it is: over https that holds, nothing inside, no detours, not for ever."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.hosts.probe import PATH, WebHostProbe, may_be_asked
from adapters.secrets.host_answers import SignedHostAnswers

Say = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def host(say: Say, trust: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_get(PATH, say)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=trust)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def ask(port: int, name: str = "localhost", scheme: str = "http") -> str | None:
    base = f"{scheme}://127.0.0.1:{port}"
    return await WebHostProbe(base, is_local=True, timeout_s=2).ask(name)


def saying(text: str, status: int = 200, **headers: str) -> Say:
    async def say(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text, status=status, headers=headers)

    return say


async def test_what_a_host_says_is_told_as_it_is() -> None:
    async with host(saying(" an answer\n")) as port:
        assert await ask(port) == "an answer"


async def test_a_host_is_asked_by_its_name() -> None:
    async def say(request: web.Request) -> web.StreamResponse:
        return web.Response(text=SignedHostAnswers(("k" * 32,)).answer(request.host.split(":")[0]))

    async with host(say) as port:
        assert await ask(port) in SignedHostAnswers(("new" * 12, "k" * 32)).known("localhost")


async def test_another_page_a_detour_and_a_flood_are_no_answer() -> None:
    async with host(saying("not here", 404)) as port:
        assert await ask(port) == ""
    async with host(saying("", 302, Location=f"http://localhost{PATH}")) as port:
        assert await ask(port) == ""
    async with host(saying("a" * 1_000_000)) as port:
        assert len(await ask(port) or "") <= 200


async def test_nobody_there_and_nobody_who_answers_is_nothing() -> None:
    async def sleep(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        raise AssertionError

    async with host(sleep) as port:
        probe = WebHostProbe(f"http://127.0.0.1:{port}", is_local=True, timeout_s=0.2)
        assert await probe.ask("localhost") is None
    assert await ask(port) is None
    assert await ask(port, "no-such-host.invalid") is None


async def test_a_certificate_must_hold(tmp_path: Path) -> None:
    certificate, key = _self_signed(tmp_path)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(certificate, key)
    async with host(saying("an answer"), serving) as port:
        assert await ask(port, scheme="https") is None
        trust = ssl.create_default_context(cafile=str(certificate))
        base = f"https://127.0.0.1:{port}"
        assert await WebHostProbe(base, is_local=True, trust=trust).ask("localhost") == "an answer"


async def test_a_name_that_leads_inside_is_not_asked() -> None:
    async with host(saying("the secret of the machine")) as port:
        probe = WebHostProbe(f"http://127.0.0.1:{port}", timeout_s=2)
        assert await probe.ask("localhost") is None


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
    ],
)
def test_no_address_inside_is_ever_asked(address: str) -> None:
    assert not may_be_asked(address, local=False)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111"])
def test_public_addresses_are_asked_unless_we_are_on_a_machine_of_our_own(address: str) -> None:
    assert may_be_asked(address, local=False)
    assert not may_be_asked(address, local=True)


def _self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file
