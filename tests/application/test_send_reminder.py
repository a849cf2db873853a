"""SendReminder: at most once a step, never after the end, never into the void unnoticed."""

from hashlib import sha256
from uuid import uuid4
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from adapters.memory.registry import MemoryRegistry
from adapters.memory.world import HeldMessage
from application.ports.stores import NewMessage
from application.ports.suppressions import Suppression, hash_of
from application.use_cases.unsubscribe import Unsubscribe
from domain.invoice import InvoiceStatus, Profile
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from tests.application.bakery import Bakery
from tests.builders import DAY, HOUR, MONDAY, a_customer, declined


async def test_the_letter_goes_to_the_customer_with_a_link() -> None:
    bakery = await Bakery().opens(last_failure=declined("expired_card", "ch_first"))
    assert await bakery.does_what_is_next() is ActionKind.REMINDER
    (letter,) = bakery.mailer.letters
    assert letter.to == "anna@example.com"
    assert letter.message_id == f"{bakery.case_id}.1@bakery.example.com"
    assert "https://bakery.example.com/r/" in letter.text
    assert bakery.now - MONDAY < 2 * HOUR


async def test_a_crash_after_the_mark_loses_the_letter_and_never_doubles_it() -> None:
    bakery = await Bakery().opens()
    ref = await bakery.due()
    assert ref is not None
    action = await bakery.actions.read(ref)
    assert action is not None
    bakery.now = action.due_at
    write = bakery.carry_out.by_kind[ActionKind.REMINDER]
    await write(action)
    await write(action)
    assert len(bakery.mailer.letters) == 1


async def test_who_paid_a_moment_ago_gets_no_letter() -> None:
    bakery = await Bakery().opens()
    paid = replace(await bakery.shown(), status=InvoiceStatus.PAID, amount_paid_minor=29_00)
    bakery.shows(paid)
    await bakery.does_what_is_next()
    assert bakery.mailer.letters == []
    assert bakery.case().phase.value == "recovered"


async def test_a_customer_without_an_address_is_passed_over() -> None:
    bakery = await Bakery().opens(customer=a_customer(email=None))
    await bakery.does_what_is_next()
    assert bakery.mailer.letters == []
    assert e.ReminderSkipped in bakery.kinds()


async def test_a_mail_server_that_is_down_gets_the_letter_an_hour_later_once() -> None:
    bakery = await Bakery().opens()
    bakery.mailer.is_down = True
    await bakery.does_what_is_next()
    failed_at = bakery.now
    assert e.ReminderFailed in bakery.kinds()
    bakery.mailer.is_down = False
    assert await bakery.does_what_is_next() is ActionKind.REMINDER
    assert bakery.now - failed_at < 2 * HOUR
    assert len(bakery.mailer.letters) == 1


async def test_a_server_that_never_says_whether_it_took_the_letter_is_not_given_it_again() -> None:
    bakery = await Bakery().opens()
    bakery.mailer.is_mute = True
    await bakery.does_what_is_next()
    assert e.ReminderFailed not in bakery.kinds()
    (held,) = bakery.world.messages.values()
    assert (held.answered, held.failed) == (False, False)
    while await bakery.does_what_is_next() is not None:
        pass
    ids = [letter.message_id for letter in bakery.mailer.letters]
    assert len(ids) == len(set(ids))


async def test_an_address_that_does_not_exist_is_not_tried_again_for_this_step() -> None:
    bakery = await Bakery().opens()
    bakery.mailer.refuses.add("anna@example.com")
    await bakery.does_what_is_next()
    assert bakery.kinds().count(e.ReminderFailed) == 1
    reminder = bakery.case().reminder
    assert reminder is not None
    assert reminder.step == 2


async def test_an_invoice_that_stripe_forgot_is_not_written_about() -> None:
    bakery = await Bakery().opens()
    bakery.payments.forget_everything()
    await bakery.does_what_is_next()
    assert bakery.mailer.letters == []
    assert bakery.case().phase.value == "stopped"


async def test_what_the_mail_server_did_not_take_counts_against_nobodys_budget() -> None:
    bakery = await Bakery().opens()
    bakery.mailer.is_down = True
    await bakery.does_what_is_next()
    (held,) = bakery.world.messages.values()
    assert held.failed
    failed = bakery.world.decisions[bakery.merchant_id, bakery.case_id][-1]
    assert failed.circumstances.contacts == ()


async def test_the_day_of_the_next_try_is_the_customers_own_and_not_greenwichs() -> None:
    far = Profile(country="NZ", timezone="Pacific/Auckland")
    bakery = await Bakery().opens(profile=far)
    while not bakery.mailer.letters:
        assert await bakery.does_what_is_next() is not None
    next_at = bakery.case().next_attempt_at
    assert next_at is not None
    there = next_at.astimezone(ZoneInfo("Pacific/Auckland"))
    assert there.date() != next_at.date()
    said = bakery.mailer.letters[0].text.split("versuchen es am")[1].split("noch einmal")[0]
    assert f" {there.day}.\N{NO-BREAK SPACE}" in said


async def test_the_letter_is_of_the_kind_that_the_plan_named_and_says_what_may_be_said() -> None:
    bakery = await Bakery().opens(last_failure=declined("expired_card", "ch_first"))
    await bakery.does_what_is_next()
    (letter,) = bakery.mailer.letters
    assert letter.subject == "Eine andere Karte für Ihre Zahlung an The Bakery"
    assert "Die Karte ist abgelaufen." in letter.text


async def silence(bakery: Bakery, reason: Suppression = Suppression.UNSUBSCRIBED) -> None:
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await uow.suppressions.add(hash_of("anna@example.com"), reason, bakery.now)


def reasons(bakery: Bakery) -> list[str]:
    return [event.reason for event in bakery.history() if isinstance(event, e.ReminderSkipped)]


async def test_whoever_does_not_want_letters_gets_none_and_is_charged_all_the_same() -> None:
    bakery = await Bakery().opens()
    await silence(bakery)
    bakery.payments.will_decline("in_1")
    await bakery.runs_until(bakery.now + 30 * DAY)
    assert bakery.mailer.letters == []
    assert set(reasons(bakery)) == {"unsubscribed"}
    assert bakery.case().phase.value == "recovered"


async def test_after_the_first_letter_a_click_stops_all_that_would_follow() -> None:
    bakery = await Bakery().opens()
    for _ in range(9):
        bakery.payments.will_decline("in_1")
    await bakery.does_what_is_next()
    assert len(bakery.mailer.letters) == 1
    await silence(bakery)
    await bakery.runs_until(bakery.now + 60 * DAY)
    assert len(bakery.mailer.letters) == 1


async def test_an_address_that_its_mail_server_does_not_know_is_remembered() -> None:
    bakery = await Bakery().opens()
    for _ in range(9):
        bakery.payments.will_decline("in_1")
    bakery.mailer.refuses.add("anna@example.com")
    await bakery.does_what_is_next()
    bakery.mailer.refuses.clear()
    await bakery.runs_until(bakery.now + 6 * DAY)
    assert bakery.mailer.letters == []
    assert "bounced" in reasons(bakery)


async def test_a_letter_says_where_it_is_stopped_and_thanks_do_not() -> None:
    bakery = await Bakery().opens()
    await bakery.runs_until(bakery.now + 30 * DAY)
    first, thanks = bakery.mailer.letters[0], bakery.mailer.letters[-1]
    assert first.unsubscribe is not None
    assert first.unsubscribe in first.text
    assert first.unsubscribe.replace("/u/", "/r/") in first.text
    assert thanks.unsubscribe is None
    assert "/u/" not in thanks.html


async def test_a_link_speaks_for_the_address_that_its_letter_went_to_whatever_it_is_by_now() -> (
    None
):
    bakery = await Bakery().opens()
    for _ in range(9):
        bakery.payments.will_decline("in_1")
    await bakery.does_what_is_next()
    token = bakery.mailer.letters[0].text.split("/u/")[1].split()[0]
    registry = MemoryRegistry(bakery.world, lambda: bakery.now)
    old = await registry.link(sha256(token.encode()).digest())
    assert old is not None
    bakery.shows(replace(await bakery.shown(), customer=a_customer(email="new@example.com")))
    await Unsubscribe(open_uow=bakery.cases.open_uow, clock=lambda: bakery.now).stop(old)
    await bakery.runs_until(bakery.now + 12 * DAY)
    assert {letter.to for letter in bakery.mailer.letters[1:]} == {"new@example.com"}


async def test_a_letter_that_is_put_off_or_passed_over_is_kept_as_none() -> None:
    bakery = await Bakery().opens()
    ref = await bakery.due()
    assert ref is not None
    action = await bakery.actions.read(ref)
    assert action is not None
    bakery.now = action.due_at
    mine = HeldMessage(
        message=NewMessage(step=1, message_id="other@mail", subject="", at=bakery.now),
        account=bakery.case().account,
        customer_id=bakery.case().customer_id,
    )
    bakery.world.messages[bakery.merchant_id, uuid4(), 1] = mine
    await bakery.carry_out.by_kind[ActionKind.REMINDER](action)
    assert bakery.kinds()[-1] is e.ReminderPlanned
    assert bakery.mailer.letters == []
    assert list(bakery.world.messages.values()) == [mine]
    assert bakery.world.links == {}
