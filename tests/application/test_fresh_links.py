"""A fresh link goes once to the address on file, if anything is still owed."""

from hashlib import sha256
from typing import Any

import pytest
from msgspec.structs import replace

from adapters.email.render import JinjaLetters
from adapters.memory.chores import MemoryChoreQueue
from adapters.memory.registry import MemoryRegistry
from application.customer_links import CustomerLinks
from application.ports.chores import ChoreKind, ChoreRef
from application.ports.link_requests import GOOD_FOR, RequestState
from application.ports.mailer import Letter
from application.ports.payments import StripeUnavailable
from application.ports.stores import LINK_LIFE
from application.ports.suppressions import Suppression, hash_of
from application.use_cases.ask_fresh_link import AskFreshLink
from application.use_cases.send_fresh_links import AGAIN_AFTER, SendFreshLinks
from domain.invoice import InvoiceStatus
from tests.application.bakery import Bakery
from tests.builders import ACCOUNT, DAY, MONDAY

OLD = sha256(b"old").digest()


class Desk:
    """A bakery with one open case, an expired link to it, and the chore that answers requests."""

    def __init__(self, bakery: Bakery) -> None:
        self.bakery = bakery
        self.queue = MemoryChoreQueue(bakery.world)
        registry = MemoryRegistry(bakery.world, lambda: bakery.now)
        units, clock = bakery.cases.open_uow, bakery.cases.clock
        self.ask = AskFreshLink(registry=registry, open_uow=units, clock=clock)
        self.registry = registry
        self.chore = ChoreRef(bakery.merchant_id, ACCOUNT, ChoreKind.FRESH_LINKS)
        self.send = SendFreshLinks(
            payments=bakery.payments,
            registry=registry,
            mailer=bakery.mailer,
            renderer=JinjaLetters(),
            new_token=lambda: "fresh",
            open_uow=units,
            clock=clock,
            links=CustomerLinks("https://app.example.com"),
            mail_domain="mail.example.com",
        )

    async def run(self) -> None:
        """The chore's run, to its end."""
        while (chore := await self.queue.read(self.chore)) is not None:
            if not (await self.send(chore)).running:
                return

    @property
    def fresh(self) -> list[Letter]:
        """What it sent."""
        return [each for each in self.bakery.mailer.letters if "/r/fresh" in each.text]

    @property
    def states(self) -> list[RequestState]:
        """How far the requests are."""
        return [state for _, state in self.bakery.world.link_requests.values()]


@pytest.fixture
async def desk() -> Desk:
    bakery = await Bakery().opens()
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await uow.links.keep(OLD, bakery.ref.case_id, MONDAY, hash_of("anna@example.com"))
    bakery.now = MONDAY + DAY
    return Desk(bakery)


async def test_it_goes_to_the_address_on_file_and_opens_the_page(desk: Desk) -> None:
    await desk.ask(OLD)
    await desk.run()
    (letter,) = desk.fresh
    assert letter.to == "anna@example.com"
    assert "29" in letter.subject
    assert letter.unsubscribe == "https://app.example.com/u/fresh"
    target = await desk.registry.link(sha256(b"fresh").digest())
    assert target is not None
    desk.bakery.now += LINK_LIFE
    assert await desk.registry.link(sha256(b"fresh").digest()) is None
    assert desk.states == [RequestState.SENT]


async def test_once_a_day_however_often_it_is_asked_and_run(desk: Desk) -> None:
    for _ in range(3):
        await desk.ask(OLD)
        await desk.run()
    assert len(desk.fresh) == 1
    desk.bakery.now += DAY
    await desk.ask(OLD)
    await desk.run()
    assert [letter.message_id for letter in desk.fresh] == [
        f"{desk.bakery.ref.case_id}.{day}@mail.example.com" for day in ("2026-03-03", "2026-03-04")
    ]


async def test_a_link_that_never_was_asks_for_nothing(desk: Desk) -> None:
    await desk.ask(sha256(b"guessed").digest())
    assert desk.states == []
    assert await desk.queue.read(desk.chore) is None


@pytest.mark.parametrize("status", [InvoiceStatus.PAID, InvoiceStatus.VOID])
async def test_nothing_is_written_where_nothing_is_owed(desk: Desk, status: InvoiceStatus) -> None:
    shown = await desk.bakery.payments.read_invoice(ACCOUNT, "in_1")
    assert shown is not None
    desk.bakery.payments.put(ACCOUNT, replace(shown, status=status))
    await desk.ask(OLD)
    await desk.run()
    assert (desk.fresh, desk.states) == ([], [RequestState.REFUSED])


@pytest.mark.parametrize("reason", Suppression)
async def test_nobody_writes_to_an_address_that_letters_do_not_go_to(
    desk: Desk, reason: Suppression
) -> None:
    async with desk.bakery.cases.open_uow(desk.bakery.merchant_id) as uow:
        await uow.suppressions.add(hash_of("anna@example.com"), reason, MONDAY)
    await desk.ask(OLD)
    await desk.run()
    assert (desk.fresh, desk.states) == ([], [RequestState.REFUSED])


async def test_a_mail_server_that_says_later_is_asked_later(desk: Desk) -> None:
    desk.bakery.mailer.is_down = True
    await desk.ask(OLD)
    await desk.run()
    assert desk.states == [RequestState.WAITING]
    chore = await desk.queue.read(desk.chore)
    assert chore is not None
    assert chore.due_at == desk.bakery.now + AGAIN_AFTER
    desk.bakery.mailer.is_down = False
    desk.bakery.now += AGAIN_AFTER
    await desk.run()
    assert (len(desk.fresh), desk.states) == (1, [RequestState.SENT])


async def test_hours_later_nobody_waits_for_it_any_more(desk: Desk) -> None:
    await desk.ask(OLD)
    desk.bakery.now += GOOD_FOR + AGAIN_AFTER
    await desk.run()
    assert (desk.fresh, desk.states) == ([], [RequestState.REFUSED])


async def test_an_address_that_does_not_exist_is_remembered(desk: Desk) -> None:
    desk.bakery.mailer.refuses.add("anna@example.com")
    await desk.ask(OLD)
    await desk.run()
    assert desk.states == [RequestState.REFUSED]
    async with desk.bakery.cases.open_uow(desk.bakery.merchant_id) as uow:
        assert await uow.suppressions.reason(hash_of("anna@example.com")) is Suppression.BOUNCED


async def test_while_stripe_is_away_the_request_waits(desk: Desk) -> None:
    desk.bakery.payments.is_down = True
    await desk.ask(OLD)
    with pytest.raises(StripeUnavailable):
        await desk.run()
    assert desk.states == [RequestState.WAITING]


async def test_a_request_that_comes_while_the_run_ends_is_not_forgotten(desk: Desk) -> None:
    await desk.ask(OLD)
    await desk.run()
    assert await desk.queue.read(desk.chore) is None
    desk.bakery.now += DAY
    await desk.ask(OLD)
    chore: Any = await desk.queue.read(desk.chore)
    await desk.send._rest(chore)  # it has looked, saw nobody, and somebody asked just then
    assert await desk.queue.read(desk.chore) is not None
    await desk.run()
    assert len(desk.fresh) == 2
