"""What mail services say of a letter: once, of where it went, and a person's word stays."""

from uuid import UUID, uuid4

from application.change_case import CaseRef, Cases
from application.ports.mail_news import Fate, LetterOf, MailNews
from application.ports.suppressions import Suppression, hash_of
from application.use_cases.hear_answer import HearAnswer
from application.use_cases.hear_of_letter import HearOfLetter
from application.use_cases.report_problem import ReportProblem
from domain.recovery.events import Problem
from domain.tasks import TaskKind
from tests.builders import MONDAY
from tests.contract.test_mail_room import wrote
from tests.contract.test_notices import a_notice
from tests.contract.worlds import Shop, World

ANNA = hash_of("anna@example.com")


async def hear(
    world: World, message_id: str, fate: Fate, event_id: str = "1", others: tuple[str, ...] = ()
) -> None:
    listens = HearOfLetter(
        registry=world.registry,
        open_uow=world.open_uow,
        answered=HearAnswer(cases=Cases(open_uow=world.open_uow, clock=world.clock)),
        clock=world.clock,
    )
    await listens(
        MailNews(source="ses", event_id=event_id, message_id=message_id, fate=fate, others=others)
    )


async def why(world: World, shop: Shop) -> Suppression | None:
    async with world.open_uow(shop.merchant_id) as uow:
        return await uow.suppressions.reason(ANNA)


async def a_letter(world: World, shop: Shop) -> tuple[UUID, str]:
    case_id = await wrote(world, shop, MONDAY, to=ANNA)
    return case_id, f"{case_id}.1@mail"


async def test_a_letter_is_found_by_its_id_whosever_it_is(world: World, shop: Shop) -> None:
    case_id, message_id = await a_letter(world, shop)
    assert await world.registry.letter(message_id) == LetterOf(
        merchant_id=shop.merchant_id, subject=f"case:{case_id}", address_hash=ANNA
    )
    notice = a_notice(shop, address_hash=ANNA)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.notices.begin(notice)
    found = await world.registry.letter(f"{notice.notice_id}@mail")
    assert found is not None
    assert (found.merchant_id, found.subject) == (shop.merchant_id, f"notice:{notice.notice_id}")
    for strange in ("", "x", f"{uuid4()}@mail", f"{uuid4()}.1@mail", "%", "'; select 1"):
        assert await world.registry.letter(strange) is None


async def test_an_address_that_does_not_exist_is_written_to_no_more(
    world: World, shop: Shop
) -> None:
    _, message_id = await a_letter(world, shop)
    await hear(world, message_id, Fate.DEAD)
    assert await why(world, shop) is Suppression.BOUNCED


async def test_who_complained_is_written_to_no_more_whatever_was_before(
    world: World, shop: Shop
) -> None:
    _, message_id = await a_letter(world, shop)
    await hear(world, message_id, Fate.DEAD)
    await hear(world, message_id, Fate.COMPLAINED, "2")
    assert await why(world, shop) is Suppression.COMPLAINED
    async with world.open_uow(shop.merchant_id) as uow:
        assert not await uow.suppressions.lift(ANNA, Suppression.UNSUBSCRIBED, MONDAY)
    await hear(world, message_id, Fate.DEAD, "3")
    assert await why(world, shop) is Suppression.COMPLAINED


async def test_a_full_mailbox_is_recorded_and_stops_nothing(world: World, shop: Shop) -> None:
    _, message_id = await a_letter(world, shop)
    await hear(world, message_id, Fate.LATER)
    assert await why(world, shop) is None


async def test_a_persons_word_outweighs_a_servers_in_either_order(world: World, shop: Shop) -> None:
    _, message_id = await a_letter(world, shop)
    await hear(world, message_id, Fate.DEAD)
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.suppressions.add(ANNA, Suppression.UNSUBSCRIBED, MONDAY)
    await hear(world, message_id, Fate.DEAD, "2")
    assert await why(world, shop) is Suppression.UNSUBSCRIBED


async def test_what_is_told_twice_is_heard_once(world: World, shop: Shop) -> None:
    _, message_id = await a_letter(world, shop)
    await hear(world, message_id, Fate.DEAD)
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.suppressions.lift(ANNA, Suppression.BOUNCED, MONDAY)
    await hear(world, message_id, Fate.DEAD)
    assert await why(world, shop) is None, "somebody has said meanwhile that it exists"


async def test_of_a_strangers_letter_nothing_is_kept(world: World, shop: Shop) -> None:
    await hear(world, f"{uuid4()}.1@elsewhere.example", Fate.COMPLAINED)
    assert await why(world, shop) is None


async def test_a_thread_and_a_fresh_link_are_found_by_the_case_in_their_ids(
    world: World, shop: Shop
) -> None:
    case_id, _ = await a_letter(world, shop)
    for message_id in (f"{case_id}@mail", f"{case_id}.2026-03-02@mail"):
        assert await world.registry.letter(message_id) == LetterOf(
            merchant_id=shop.merchant_id, subject=f"case:{case_id}", address_hash=None
        )
    for strange in (f"{case_id}", f"{case_id}.x@mail", f"{case_id}.2026-03-02.1@mail"):
        assert await world.registry.letter(strange) is None


async def test_who_answers_is_left_in_peace_until_the_merchant_has_read_it(
    world: World, shop: Shop
) -> None:
    case_id, message_id = await a_letter(world, shop)
    ref = CaseRef(shop.merchant_id, case_id)
    cases = Cases(open_uow=world.open_uow, clock=world.clock)
    assert not (await cases.read(ref)).is_questioned
    await hear(world, "changed-on-the-way@service", Fate.ANSWERED, others=(message_id,))
    case = await cases.read(ref)
    assert case.is_questioned
    assert case.pause is not None
    assert case.pause.about is Problem.ANSWERED
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.tasks.open_of(TaskKind.SOMETHING_WRONG, f"case:{case_id}") is not None
        assert await uow.suppressions.reason(ANNA) is None


async def test_an_answer_is_heard_once_also_after_the_merchant_went_on(
    world: World, shop: Shop
) -> None:
    case_id, message_id = await a_letter(world, shop)
    ref = CaseRef(shop.merchant_id, case_id)
    cases = Cases(open_uow=world.open_uow, clock=world.clock)
    await hear(world, message_id, Fate.ANSWERED)
    assert await ReportProblem(cases=cases).go_on(ref, uuid4())
    await hear(world, message_id, Fate.ANSWERED)
    assert not (await cases.read(ref)).is_questioned
    await hear(world, message_id, Fate.ANSWERED, "2")
    assert (await cases.read(ref)).is_questioned


async def test_an_answer_to_nothing_of_ours_changes_nothing(world: World, shop: Shop) -> None:
    case_id, _ = await a_letter(world, shop)
    await hear(world, "x@mail", Fate.ANSWERED, others=(f"{uuid4()}@mail", "y"))
    cases = Cases(open_uow=world.open_uow, clock=world.clock)
    assert not (await cases.read(CaseRef(shop.merchant_id, case_id))).is_questioned
