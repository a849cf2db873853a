"""What a decision rests on is read before it, kept with it, and read no oftener than needed."""

from datetime import date
from hashlib import sha256
from uuid import UUID

from msgspec.structs import replace

from application.basis import OWN
from application.change_case import CaseRef, Cases
from application.ports.learning import LearnedVersion
from application.ports.stores import NewMessage
from domain.invoice import Profile
from domain.recovery import commands as c
from domain.recovery.basis import Circumstances
from domain.recovery.explain import Decision
from domain.timing.knowledge import Knowledge
from tests.application.bakery import Bakery
from tests.builders import DAY, HOUR, MONDAY, NEW_VISA, an_invoice, declined, to_open


def decisions(bakery: Bakery, case_id: UUID | None = None) -> tuple[Decision, ...]:
    return bakery.world.decisions[bakery.merchant_id, case_id or bakery.case_id]


def around(bakery: Bakery) -> Circumstances:
    return decisions(bakery)[-1].circumstances


async def test_the_number_of_chance_follows_from_the_case_and_its_version() -> None:
    bakery = await Bakery().opens()
    bakery.payments.will_decline("in_1")
    await bakery.runs_until(MONDAY + 4 * DAY)
    for decision in decisions(bakery):
        name = f"{bakery.case_id}:{decision.version}".encode()
        assert decision.circumstances.draw == int(sha256(name).hexdigest()[:8], 16)
        assert decision.circumstances.merchant == OWN


async def test_the_refusals_of_the_card_on_file_are_read_on_all_invoices() -> None:
    bakery = await Bakery().opens()
    other = CaseRef(bakery.merchant_id, UUID(int=2))
    second = an_invoice(invoice_id="in_2", last_failure=declined(charge="ch_2", at=MONDAY + HOUR))
    bakery.now = MONDAY + DAY
    await bakery.cases.change(other, c.OpenCase(account="acct_bakery", invoice=second))
    (opened,) = decisions(bakery, other.case_id)
    assert opened.circumstances.use.month == (MONDAY,)


async def test_messages_of_all_cases_of_a_person_are_read_and_who_leads() -> None:
    bakery = await Bakery().opens()
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        message = NewMessage(step=1, message_id="m", subject="s", at=MONDAY)
        await uow.messages.begin(bakery.case_id, message)
    bakery.now = MONDAY + HOUR
    other = CaseRef(bakery.merchant_id, UUID(int=2))
    await bakery.cases.change(other, to_open(invoice_id="in_2", last_failure=declined(charge="c")))
    (opened,) = decisions(bakery, other.case_id)
    assert opened.circumstances.contacts == (MONDAY,)
    assert opened.circumstances.spoken_for
    await bakery.cases.change(bakery.ref, c.RequestAuthentication())
    assert not around(bakery).spoken_for


async def test_holidays_of_the_customers_country_are_read_up_to_the_end_of_the_case() -> None:
    asked: list[tuple[str | None, date, date]] = []

    def holidays(country: str | None, first: date, last: date) -> tuple[date, ...]:
        asked.append((country, first, last))
        return (date(2026, 3, 8),)

    bakery = await Bakery().opens()
    cases = Cases(open_uow=bakery.cases.open_uow, clock=lambda: bakery.now, holidays=holidays)
    ref = CaseRef(bakery.merchant_id, UUID(int=3))
    french = to_open(
        invoice_id="in_3", last_failure=declined(charge="c"), profile=Profile(country="FR")
    )
    await cases.change(ref, french)
    assert decisions(bakery, ref.case_id)[0].circumstances.holidays == (date(2026, 3, 8),)
    bakery.now = MONDAY + DAY
    await cases.change(ref, c.RequestAuthentication())
    window_over = (MONDAY + bakery.policy.window).date()
    assert asked == [
        ("FR", MONDAY.date(), window_over),
        ("FR", (MONDAY + DAY).date(), window_over),
    ]


async def test_without_an_address_the_card_says_the_country() -> None:
    asked: list[str | None] = []
    bakery = await Bakery().opens(
        last_failure=declined(charge="c", card=replace(NEW_VISA, country="DE"))
    )

    def asks(country: str | None, first: date, last: date) -> tuple[date, ...]:
        asked.append(country)
        return ()

    cases = Cases(
        open_uow=bakery.cases.open_uow,
        clock=lambda: bakery.now,
        holidays=asks,
    )
    await cases.change(bakery.ref, c.RequestAuthentication())
    assert asked == ["DE"]


async def test_a_decision_names_the_knowledge_that_it_was_made_on() -> None:
    bakery = await Bakery().opens()
    assert decisions(bakery)[-1].knowledge_version == 0
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        learned = Knowledge()
        await uow.knowledge.keep(
            LearnedVersion(version=1, own=learned, whole=learned, made_at=MONDAY)
        )
    await bakery.cases.change(bakery.ref, c.RequestAuthentication())
    assert decisions(bakery)[-1].knowledge_version == 1


async def test_the_end_of_a_case_asks_for_nothing_around_it() -> None:
    bakery = await Bakery().opens()
    await bakery.cases.change(bakery.ref, c.WriteOff())
    assert around(bakery) == Circumstances(draw=around(bakery).draw, merchant=OWN)
    late = c.RecordPayment(amount_minor=1, by="customer")  # type: ignore[arg-type]
    await bakery.cases.change(bakery.ref, late)
    assert decisions(bakery)[-1].knowledge_version == 0


async def test_an_invoice_without_customer_or_card_can_be_taken_up() -> None:
    bakery = await Bakery().opens(customer=None, card=None, last_failure=None)
    assert bakery.case().is_open
    assert around(bakery).contacts == ()


async def test_what_became_of_charges_is_written_down_to_be_learned_from() -> None:
    bakery = await Bakery().opens()
    bakery.payments.will_decline("in_1")
    await bakery.runs_until(MONDAY + 10 * DAY)
    taught = [held.lesson for held in bakery.world.lessons.values()]
    charges = [lesson.succeeded for lesson in taught if hasattr(lesson, "succeeded")]
    assert charges == [False, True]
    assert {lesson.situation.merchant for lesson in taught} == {OWN}
