"""Choosing a sending domain: each change is told, and nothing is kept of what changed meanwhile."""

from uuid import uuid4

import pytest

from adapters.memory.sending import MemoryNames
from adapters.memory.unit_of_work import units_of_work
from adapters.memory.world import MemoryWorld
from application.errors import NotFound
from application.use_cases.sending_domain import SendingDomains
from domain.records import State
from domain.sending import AddressUnfit
from tests.builders import DAY, MONDAY
from tests.contract.test_sending import a_key

MARA = "user:mara"


class Office:
    """One merchant, one zone, one clock."""

    def __init__(self) -> None:
        self.now, self.merchant_id = MONDAY, uuid4()
        self.world, self.names = MemoryWorld(), MemoryNames()
        self.domains = SendingDomains(
            open_uow=units_of_work(self.world), names=self.names, clock=lambda: self.now
        )

    async def choose(self, address: str = "billing@shop.example") -> None:
        await self.domains.choose(self.merchant_id, a_key(), address, MARA)

    def set_records(self) -> None:
        self.names.zone["cc1._domainkey.shop.example"] = (a_key().public.record,)
        self.names.zone["_dmarc.shop.example"] = ("v=DMARC1; p=none",)

    async def stands(self) -> bool:
        it = await self.domains.check(self.merchant_id)
        assert it is not None
        return it.stands

    def told(self) -> list[tuple[str, str]]:
        return [(entry.action, entry.actor) for entry in self.world.audit.values()]


async def test_a_domain_stands_when_its_records_do_and_each_change_is_told() -> None:
    office = Office()
    await office.choose()
    assert not await office.stands()
    office.set_records()
    assert await office.stands()
    office.now += DAY
    office.names.zone.clear()
    assert not await office.stands()
    await office.domains.remove(office.merchant_id, MARA)
    await office.domains.remove(office.merchant_id, MARA)
    assert office.told() == [
        ("choose_sending_domain", MARA),
        ("sending_domain_stands", "sending"),
        ("sending_domain_lost", "sending"),
        ("remove_sending_domain", MARA),
    ]
    assert "billing" not in str(office.world.audit)


async def test_a_record_of_a_parent_counts_for_dmarc() -> None:
    office = Office()
    await office.choose("billing@mail.shop.example")
    office.names.zone["cc1._domainkey.mail.shop.example"] = (a_key().public.record,)
    office.names.zone["_dmarc.shop.example"] = ("v=DMARC1; p=none",)
    assert await office.stands()


async def test_name_servers_that_are_away_take_nothing_back() -> None:
    office = Office()
    await office.choose()
    office.set_records()
    assert await office.stands()
    office.names.is_down = True
    office.now += DAY
    assert await office.stands()
    office.now += 3 * DAY
    assert not await office.stands()


async def test_who_has_no_domain_has_nothing_to_look_at_or_to_change() -> None:
    office = Office()
    assert await office.domains.check(office.merchant_id) is None
    with pytest.raises(NotFound):
        await office.domains.rotate(office.merchant_id, a_key(), MARA)
    with pytest.raises(AddressUnfit):
        await office.choose("nobody")
    assert office.told() == []


async def test_a_new_key_waits_beside_the_one_that_signs() -> None:
    office = Office()
    await office.choose()
    office.set_records()
    assert await office.stands()
    selector = await office.domains.next_selector(office.merchant_id)
    await office.domains.rotate(office.merchant_id, a_key(selector, 1), MARA)
    it = await office.domains.check(office.merchant_id)
    assert it is not None
    assert (it.stands, it.dkim) == (True, State.RIGHT)
    assert [key.found for key in it.keys] == [True, False]


async def test_what_was_found_of_a_domain_that_is_no_more_is_not_kept() -> None:
    office = Office()
    await office.choose()
    office.set_records()
    look = office.names.texts

    async def meanwhile(name: str) -> tuple[str, ...]:
        if "_dmarc" in name:
            await office.choose("billing@another.example")
        return await look(name)

    office.names.texts = meanwhile  # type: ignore[method-assign]
    it = await office.domains.check(office.merchant_id)
    assert it is not None
    assert (it.domain, it.stands) == ("another.example", False)
