"""A letter over a cap waits, says why, and goes when there is room; thanks do not wait."""

from uuid import uuid4

import pytest
from msgspec.structs import replace

from application.ports.mail_limits import LastHour, MailLimits
from application.ports.suppressions import Suppression, hash_of
from domain.invoice import InvoiceStatus
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from tests.application.bakery import Bakery
from tests.application.test_calendar import PAID
from tests.builders import DAY, HOUR
from tests.contract.test_notices import a_notice
from tests.contract.worlds import Shop

ANNA = hash_of("anna@example.com")


async def come_back(bakery: Bakery, count: int) -> None:
    """So many letters to other people turned out to be to nobody."""
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        for _ in range(count):
            await uow.suppressions.add(uuid4().bytes * 2, Suppression.BOUNCED, bakery.now)


def waited_for(bakery: Bakery) -> list[str]:
    planned = [event for event in bakery.history() if isinstance(event, e.ReminderPlanned)]
    whys = [event.why for event in planned if event.why is not None]
    return [one.rule for why in whys for one in why.rejected if one.rule.startswith("mail")]


async def until_the_first_letter_is_due(bakery: Bakery) -> None:
    action = await bakery.actions.read(await bakery.due())  # type: ignore[arg-type]
    assert action is not None
    assert action.kind is ActionKind.REMINDER
    bakery.now = action.due_at


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"per_minute": 1}, "mail_minute"),
        ({"per_day": 1}, "mail_day"),
        ({"per_recipient": 1}, "mail_recipient"),
    ],
)
async def test_a_letter_over_a_cap_waits_and_goes_once(limits: dict[str, int], why: str) -> None:
    bakery = await Bakery().opens()
    await until_the_first_letter_is_due(bakery)
    bakery.gate.limits = MailLimits(**limits)
    await another_letter(bakery)
    await bakery.does_what_is_next()
    assert bakery.mailer.letters == []
    assert waited_for(bakery) == [why]
    assert bakery.held == [why]
    assert bakery.case().phase.value == "waiting"
    while not bakery.mailer.letters:
        assert await bakery.does_what_is_next() is not None
    assert bakery.mailer.letters[0].message_id.endswith(".1@bakery.example.com")


async def another_letter(bakery: Bakery) -> None:
    """Just before, to the same address, by another case of the merchant's."""
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        shop = Shop(bakery.merchant_id, "acct_another")
        await uow.notices.begin(a_notice(shop, begun_at=bakery.now, address_hash=ANNA))


async def test_while_too_many_of_a_merchants_letters_come_back_the_others_wait() -> None:
    bakery = await Bakery().opens()
    await until_the_first_letter_is_due(bakery)
    await come_back(bakery, 10)
    began = bakery.now
    await bakery.does_what_is_next()
    assert waited_for(bakery) == ["mail_merchant_paused"]
    while not bakery.mailer.letters:
        assert await bakery.does_what_is_next() is not None
    assert HOUR <= bakery.now - began < DAY


async def test_while_too_many_of_all_letters_come_back_none_goes_and_stripe_is_not_asked() -> None:
    bakery = await Bakery().opens()
    hours = [LastHour(went=100, dead=50), LastHour(went=100)]

    async def everybody() -> LastHour:
        return hours.pop(0)

    bakery.gate.everybody = everybody

    def seconds() -> float:
        return bakery.now.timestamp()

    bakery.gate.monotonic = seconds
    await until_the_first_letter_is_due(bakery)
    bakery.payments.is_down = True
    await bakery.does_what_is_next()
    bakery.payments.is_down = False
    assert waited_for(bakery) == ["mail_all_paused"]
    await bakery.does_what_is_next()
    assert len(bakery.mailer.letters) == 1


async def test_thanks_do_not_wait() -> None:
    bakery = await Bakery().opens()
    await until_the_first_letter_is_due(bakery)
    await bakery.does_what_is_next()
    bakery.gate.limits = MailLimits(per_minute=1, per_day=1, per_recipient=1)
    await come_back(bakery, 20)
    await pays(bakery)
    await bakery.does_what_is_next()
    assert len(bakery.mailer.letters) == 2
    assert bakery.held == []


async def pays(bakery: Bakery) -> None:
    shown = await bakery.shown()
    bakery.shows(replace(shown, status=InvoiceStatus.PAID, amount_paid_minor=29_00))
    await bakery.hears(PAID)
