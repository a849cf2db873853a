"""TXT records over the wire: long ones in one piece, none is none, and silence is not none."""

import pytest

from adapters.dns import names
from adapters.dns.names import DnsNames
from application.errors import Unavailable
from tests.adapters.name_server import NameServer


async def test_a_record_that_is_longer_than_a_string_comes_in_one_piece() -> None:
    async with NameServer().running() as server:
        server.zone["cc1._domainkey.shop.example"] = ["v=DKIM1; k=rsa; p=" + "A" * 392]
        found = await DnsNames(["127.0.0.1"], server.port).texts("cc1._domainkey.shop.example")
    assert found == ("v=DKIM1; k=rsa; p=" + "A" * 392,)


async def test_all_records_of_a_name_come() -> None:
    async with NameServer().running() as server:
        server.zone["_dmarc.shop.example"] = ["one", "two"]
        found = await DnsNames(["127.0.0.1"], server.port).texts("_dmarc.shop.example")
    assert sorted(found) == ["one", "two"]


async def test_a_name_that_does_not_exist_has_none() -> None:
    async with NameServer().running() as server:
        server.zone["shop.example"] = []
        asks = DnsNames(["127.0.0.1"], server.port)
        assert await asks.texts("nobody.example") == ()
        assert await asks.texts("shop.example") == ()


async def test_a_server_that_fails_or_is_silent_says_nothing_of_the_records(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(names, "TIMEOUT_S", 0.5)
    async with NameServer().running() as server:
        asks = DnsNames(["127.0.0.1"], server.port)
        server.refuses = True
        with pytest.raises(Unavailable):
            await asks.texts("shop.example")
        server.refuses, server.is_mute = False, True
        with pytest.raises(Unavailable):
            await asks.texts("shop.example")
