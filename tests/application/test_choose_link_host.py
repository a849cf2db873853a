"""Choosing a host for links: proven before it is used, told when it changes, and no door of others
is knocked at."""

from uuid import UUID, uuid4

import pytest

from adapters.memory.link_hosts import MemoryHostProbe, MemoryLinkHosts
from adapters.memory.sending import MemoryNames
from adapters.memory.unit_of_work import units_of_work
from adapters.memory.world import MemoryWorld
from adapters.secrets.host_answers import SignedHostAnswers
from application.customer_links import CustomerLinks, at_host
from application.use_cases.choose_link_host import ChooseLinkHost
from domain.link_host import HostUnfit
from domain.records import State
from tests.builders import DAY, MONDAY

MARA = "user:mara"
HOST = "pay.shop.example"
KEY = "a secret key of forty characters, at least"


class Office:
    """Two merchants, one zone, one web."""

    def __init__(self) -> None:
        self.now, self.merchant_id, self.other_id = MONDAY, uuid4(), uuid4()
        self.world, self.names, self.probe = MemoryWorld(), MemoryNames(), MemoryHostProbe()
        self.links = CustomerLinks("https://chase.example", MemoryLinkHosts(self.world))
        self.choice = ChooseLinkHost(
            open_uow=units_of_work(self.world),
            names=self.names,
            probe=self.probe,
            answers=SignedHostAnswers((f"{KEY} of today", KEY)),
            new_proof=lambda: uuid4().hex,
            clock=lambda: self.now,
            own_host="chase.example",
        )

    async def choose(self, name: str = HOST, merchant_id: UUID | None = None) -> None:
        await self.choice.choose(merchant_id or self.merchant_id, name, MARA)

    def set_record(self, merchant_id: UUID | None = None) -> None:
        it = self.world.link_hosts[merchant_id or self.merchant_id]
        known = self.names.zone.get(it.record_name, ())
        self.names.zone[it.record_name] = (*known, it.record_value)

    def leads_here(self, key: str = KEY) -> None:
        self.probe.says[HOST] = SignedHostAnswers((key,)).answer(HOST)

    async def stands(self, merchant_id: UUID | None = None) -> bool:
        it = await self.choice.check(merchant_id or self.merchant_id)
        assert it is not None
        return it.stands

    async def link(self) -> str:
        return (await self.links.of(self.merchant_id)).page("token")

    def told(self) -> list[tuple[str, str]]:
        return [(entry.action, entry.actor) for entry in self.world.audit.values()]


async def test_links_change_when_the_host_is_proven_and_back_when_it_is_not() -> None:
    office = Office()
    await office.choose()
    assert not await office.stands()
    office.set_record()
    assert not await office.stands()
    assert await office.link() == "https://chase.example/r/token"
    office.leads_here()
    assert await office.stands()
    assert await office.link() == "https://pay.shop.example/r/token"
    office.now += DAY
    office.probe.says.clear()
    assert not await office.stands()
    assert await office.link() == "https://chase.example/r/token"
    await office.choice.remove(office.merchant_id, MARA)
    await office.choice.remove(office.merchant_id, MARA)
    assert office.told() == [
        ("choose_link_host", MARA),
        ("link_host_stands", "link_host"),
        ("link_host_lost", "link_host"),
        ("remove_link_host", MARA),
    ]


async def test_a_host_is_asked_only_once_its_record_says_whose_it_is() -> None:
    office = Office()
    await office.choose()
    office.leads_here()
    assert not await office.stands()
    assert office.probe.asked == []
    office.set_record()
    assert await office.stands()
    assert office.probe.asked == [HOST]


async def test_what_another_installation_says_is_not_our_answer() -> None:
    office = Office()
    await office.choose()
    office.set_record()
    office.leads_here("another installation's secret key")
    it = await office.choice.check(office.merchant_id)
    assert it is not None
    assert (it.page, it.stands) == (State.WRONG, False)


async def test_name_servers_that_are_away_take_nothing_back() -> None:
    office = Office()
    await office.choose()
    office.set_record()
    office.leads_here()
    assert await office.stands()
    office.names.is_down = True
    office.now += DAY
    assert await office.stands()
    office.now += 3 * DAY
    assert not await office.stands()


async def test_the_second_merchant_with_a_record_is_told_that_it_is_taken() -> None:
    office = Office()
    await office.choose()
    office.set_record()
    office.leads_here()
    assert await office.stands()
    await office.choose(merchant_id=office.other_id)
    office.set_record(office.other_id)
    it = await office.choice.check(office.other_id)
    assert it is not None
    assert (it.taken, it.stands, it.record) == (True, False, State.RIGHT)
    await office.choice.remove(office.merchant_id, MARA)
    assert await office.stands(office.other_id)


async def test_the_same_host_again_changes_nothing_and_a_new_one_needs_a_proof_of_its_own() -> None:
    office = Office()
    await office.choose()
    office.set_record()
    office.leads_here()
    assert await office.stands()
    before = office.world.link_hosts[office.merchant_id]
    await office.choose(f" {HOST.upper()}")
    assert office.world.link_hosts[office.merchant_id] == before
    await office.choose("bills.shop.example")
    after = office.world.link_hosts[office.merchant_id]
    assert not after.stands
    assert after.proof != before.proof


async def test_who_has_none_has_nothing_to_look_at_and_nothing_unfit_is_kept() -> None:
    office = Office()
    assert await office.choice.check(office.merchant_id) is None
    with pytest.raises(HostUnfit):
        await office.choose("chase.example")
    assert office.told() == []


async def test_what_was_found_of_a_host_that_is_no_more_is_not_kept() -> None:
    office = Office()
    await office.choose()
    office.set_record()
    office.leads_here()
    ask = office.probe.ask

    async def meanwhile(host: str) -> str | None:
        await office.choose("bills.shop.example")
        return await ask(host)

    office.probe.ask = meanwhile  # type: ignore[method-assign]
    it = await office.choice.check(office.merchant_id)
    assert it is not None
    assert (it.host, it.stands) == ("bills.shop.example", False)


def test_a_host_has_scheme_and_port_of_the_installation() -> None:
    assert at_host("https://chase.example", HOST) == "https://pay.shop.example"
    assert at_host("http://127.0.0.1:8000", HOST) == "http://pay.shop.example:8000"
