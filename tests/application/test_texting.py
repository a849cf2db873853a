"""A text of a campaign: only by a word that stands, at most once, and stopped at once."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from adapters.memory.world import HeldSuppression
from application.ports.suppressions import Suppression, hash_of
from application.ports.text_consents import ConsentBy, TextConsent
from application.ports.text_news import Answered, Undelivered
from application.use_cases.hear_texts import HearTexts
from application.use_cases.send_reminder import SendReminder
from domain.decline import DeclineFamily
from domain.invoice import TEXTS_AGREED, InvoiceStatus, Profile
from domain.policy import Channel, Plan, Step, Template
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from tests.application.bakery import Bakery
from tests.builders import DAY, HOUR, a_customer, a_policy, declined

NUMBER, ENTERED = "+491713920055", "+491713920056"
TEXT = Step(template=Template.UPDATE_CARD, after=HOUR, channel=Channel.SMS)
LETTER = Step(template=Template.UPDATE_CARD, after=4 * DAY)
POLICY = a_policy(plans={DeclineFamily.NEEDS_NEW_DETAILS: Plan(campaign=(TEXT, LETTER))})
AGREED = a_customer(phone="0171 3920055", texts_agreed_on=date(2026, 2, 1))


async def a_bakery(**invoice: object) -> Bakery:
    given = {
        "last_failure": declined("expired_card", "ch_first"),
        "customer": AGREED,
        "profile": Profile(country="DE", timezone="Europe/Berlin"),
    }
    return await Bakery(POLICY).opens(**{**given, **invoice})


async def word(bakery: Bakery) -> TextConsent | None:
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        return await uow.text_consents.latest(bakery.case_id)


async def agrees(bakery: Bakery, number: str = ENTERED) -> None:
    consent = TextConsent(
        number=number,
        number_hash=hash_of(number),
        by=ConsentBy.CUSTOMER,
        wording="texts/1/de",
        given_at=bakery.now,
    )
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await uow.text_consents.give(bakery.case_id, consent)


async def silences(bakery: Bakery, address: str, why: Suppression) -> None:
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await uow.suppressions.add(hash_of(address), why, bakery.now)


def hearing(bakery: Bakery) -> HearTexts:
    reminder = bakery.carry_out.by_kind[ActionKind.REMINDER]
    assert isinstance(reminder, SendReminder)
    assert reminder.texting is not None
    return HearTexts(
        cases=bakery.cases,
        registry=reminder.registry,
        renderer=reminder.texting.renderer,
        clock=lambda: bakery.now,
    )


def skipped(bakery: Bakery) -> list[str]:
    return [event.reason for event in bakery.history() if isinstance(event, e.ReminderSkipped)]


async def test_by_the_merchants_word_a_text_goes_and_the_word_is_recorded() -> None:
    bakery = await a_bakery()
    assert await bakery.does_what_is_next() is ActionKind.REMINDER
    (text,) = bakery.texter.texts
    assert text.to == NUMBER
    assert text.body.startswith("The Bakery: F\u00fcr 29,00 \u20ac braucht es eine andere Karte.")
    assert "https://bakery.example.com/r/" in text.body
    assert text.message_id == f"{bakery.case_id}.1@bakery.example.com"
    assert bakery.mailer.letters == []
    held = await word(bakery)
    assert held is not None
    assert (held.number, held.by, held.wording) == (NUMBER, ConsentBy.MERCHANT, TEXTS_AGREED)
    assert held.given_at == datetime(2026, 2, 1, tzinfo=UTC)
    (message,) = bakery.world.messages.values()
    assert message.message.channel is Channel.SMS
    assert "/r/" not in message.message.subject


async def test_no_number_stands_where_it_does_not_belong() -> None:
    bakery = await a_bakery()
    await bakery.does_what_is_next()
    world = bakery.world
    for rows in (world.cases, world.decisions, world.audit, world.customers, world.messages):
        assert "3920055" not in repr(rows)


async def test_what_the_customer_said_counts_before_what_the_merchant_says() -> None:
    bakery = await a_bakery()
    await agrees(bakery)
    await bakery.does_what_is_next()
    assert [text.to for text in bakery.texter.texts] == [ENTERED]


@pytest.mark.parametrize(
    ("customer", "why"),
    [
        (a_customer(), "no_consent"),
        (a_customer(phone="0171 3920055"), "no_consent"),
        (replace(AGREED, texts_agreed_on=date(2027, 1, 1)), "no_consent"),
        (replace(AGREED, phone=None), "no_number"),
        (replace(AGREED, phone="030 123456"), "no_number"),
    ],
)
async def test_without_a_word_or_a_number_the_step_is_passed_over_with_its_reason(
    customer: object, why: str
) -> None:
    bakery = await a_bakery(customer=customer)
    await bakery.does_what_is_next()
    assert bakery.texter.texts == []
    assert skipped(bakery) == [why]
    assert await bakery.does_what_is_next() is ActionKind.REMINDER
    assert len(bakery.mailer.letters) == 1


async def test_without_a_carrier_nobody_is_texted() -> None:
    bakery = Bakery(POLICY)
    right = bakery.carry_out.by_kind[ActionKind.REMINDER]
    parts = {name: getattr(right, name) for name in SendReminder.__slots__}
    mute = SendReminder(**{**parts, "texting": None})
    bakery.carry_out.by_kind[ActionKind.REMINDER] = mute  # type: ignore[index]
    await bakery.opens(last_failure=declined("expired_card", "ch_first"), customer=AGREED)
    await bakery.does_what_is_next()
    assert skipped(bakery) == ["no_sender"]


async def test_a_word_that_was_taken_back_stands_against_the_merchants_too() -> None:
    bakery = await a_bakery()
    await agrees(bakery, NUMBER)
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await uow.text_consents.withdraw(bakery.case_id, bakery.now)
    await bakery.does_what_is_next()
    assert skipped(bakery) == ["no_consent"]
    assert bakery.texter.texts == []


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (NUMBER, Suppression.UNSUBSCRIBED),
        (NUMBER, Suppression.BOUNCED),
        ("anna@example.com", Suppression.UNSUBSCRIBED),
        ("anna@example.com", Suppression.COMPLAINED),
    ],
)
async def test_whoever_wants_no_messages_gets_no_text(address: str, why: Suppression) -> None:
    bakery = await a_bakery()
    await silences(bakery, address, why)
    await bakery.does_what_is_next()
    assert bakery.texter.texts == []
    assert skipped(bakery)[0] == why.value


async def test_whose_mail_bounced_is_texted_all_the_same() -> None:
    bakery = await a_bakery()
    await silences(bakery, "anna@example.com", Suppression.BOUNCED)
    await bakery.does_what_is_next()
    assert len(bakery.texter.texts) == 1


async def test_who_paid_a_moment_ago_gets_no_text() -> None:
    bakery = await a_bakery()
    paid = replace(await bakery.shown(), status=InvoiceStatus.PAID, amount_paid_minor=29_00)
    bakery.shows(paid)
    await bakery.does_what_is_next()
    assert bakery.texter.texts == []


async def test_a_stop_while_the_text_is_made_ready_is_in_time() -> None:
    bakery = await a_bakery()
    await agrees(bakery)
    ref = await bakery.due()
    assert ref is not None
    action = await bakery.actions.read(ref)
    assert action is not None
    bakery.now, begun = action.due_at, list[str]()

    def stop(step: str) -> None:
        """Before the third transaction: it was looked at, and not committed yet."""
        begun.extend([step] if step == "before a transaction" else [])
        if len(begun) == 3:
            told = HeldSuppression(reason=Suppression.UNSUBSCRIBED, at=bakery.now)
            bakery.world.suppressions[bakery.merchant_id, hash_of(ENTERED)] = told

    bakery.watch = stop
    await bakery.carry_out.by_kind[ActionKind.REMINDER](action)
    assert bakery.texter.texts == []
    assert skipped(bakery) == ["unsubscribed"]


async def test_a_crash_after_the_mark_loses_the_text_and_never_doubles_it() -> None:
    bakery = await a_bakery()
    ref = await bakery.due()
    assert ref is not None
    action = await bakery.actions.read(ref)
    assert action is not None
    bakery.now = action.due_at
    write = bakery.carry_out.by_kind[ActionKind.REMINDER]
    await write(action)
    await write(action)
    assert len(bakery.texter.texts) == 1


async def test_a_carrier_that_is_down_gets_the_text_an_hour_later_once() -> None:
    bakery = await a_bakery()
    bakery.texter.is_down = True
    await bakery.does_what_is_next()
    assert e.ReminderFailed in bakery.kinds()
    bakery.texter.is_down = False
    assert await bakery.does_what_is_next() is ActionKind.REMINDER
    assert len(bakery.texter.texts) == 1


async def test_what_the_carrier_knew_of_a_stop_is_remembered() -> None:
    bakery = await a_bakery()
    bakery.texter.stopped.add(NUMBER)
    await bakery.does_what_is_next()
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        assert await uow.suppressions.reason(hash_of(NUMBER)) is Suppression.UNSUBSCRIBED
    reminder = bakery.case().reminder
    assert reminder is not None
    assert reminder.step == 2


async def test_a_number_that_no_mobile_has_is_remembered_as_such() -> None:
    bakery = await a_bakery()
    bakery.texter.refuses.add(NUMBER)
    await bakery.does_what_is_next()
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        assert await uow.suppressions.reason(hash_of(NUMBER)) is Suppression.BOUNCED


async def test_once_it_is_paid_the_number_is_gone_and_its_hash_is_not() -> None:
    bakery = await a_bakery()
    await bakery.does_what_is_next()
    assert NUMBER in repr(bakery.world.text_consents)
    paid = replace(await bakery.shown(), status=InvoiceStatus.PAID, amount_paid_minor=29_00)
    bakery.shows(paid)
    await bakery.runs_until(bakery.now + 30 * DAY)
    assert bakery.case().phase.value == "recovered"
    assert NUMBER not in repr(bakery.world.text_consents)
    held = await word(bakery)
    assert held is not None
    assert held.number_hash == hash_of(NUMBER)


async def test_a_stop_after_the_end_is_heard_all_the_same() -> None:
    bakery = await a_bakery()
    await bakery.does_what_is_next()
    await bakery.runs_until(bakery.now + 60 * DAY)
    await hearing(bakery).answer(Answered(number=NUMBER, words="STOP"))
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        assert await uow.suppressions.reason(hash_of(NUMBER)) is Suppression.UNSUBSCRIBED


async def test_what_did_not_arrive_counts_against_nobodys_budget() -> None:
    bakery = await a_bakery()
    await bakery.does_what_is_next()
    news = Undelivered(number=NUMBER, reason="Twilio 30003")
    await hearing(bakery).undelivered(bakery.ref, 1, news)
    assert bakery.history()[-1] == e.ReminderFailed(at=bakery.now, step=1, reason="Twilio 30003")
    (message,) = bakery.world.messages.values()
    assert message.failed
    assert bakery.case().letters == ()
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        assert await uow.suppressions.reason(hash_of(NUMBER)) is None


async def test_news_of_another_number_are_not_held_against_this_one() -> None:
    bakery = await a_bakery()
    await bakery.does_what_is_next()
    news = Undelivered(number=ENTERED, reason="Twilio 30005", is_dead=True)
    await hearing(bakery).undelivered(bakery.ref, 1, news)
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        for number in (NUMBER, ENTERED):
            assert await uow.suppressions.reason(hash_of(number)) is None
