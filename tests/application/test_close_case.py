"""CloseCase: before a case is lost, one more look whether the money came."""

import pytest
from msgspec.structs import replace

from application.ports.payments import StripeUnavailable
from domain.invoice import InvoiceStatus
from domain.recovery.actions import ActionKind
from tests.application.bakery import Bakery
from tests.builders import declined


async def a_case_at_its_end() -> Bakery:
    """A fault in the set-up: nothing is tried, nobody is written to, and the window runs out."""
    fault = declined("invalid_business_account", "ch_first")
    return await Bakery().opens(last_failure=fault)


async def test_the_window_ends_and_the_case_is_lost() -> None:
    bakery = await a_case_at_its_end()
    assert await bakery.does_what_is_next() is ActionKind.CLOSE
    assert bakery.case().phase.value == "lost"


async def test_a_payment_whose_event_never_came_is_found() -> None:
    bakery = await a_case_at_its_end()
    shown = await bakery.shown()
    bakery.shows(replace(shown, status=InvoiceStatus.PAID, amount_paid_minor=29_00))
    await bakery.does_what_is_next()
    assert bakery.case().phase.value == "recovered"


async def test_an_invoice_that_stripe_forgot_is_not_called_lost() -> None:
    bakery = await a_case_at_its_end()
    bakery.payments.forget_everything()
    await bakery.does_what_is_next()
    assert bakery.case().phase.value == "stopped"


async def test_no_case_is_called_lost_without_that_look() -> None:
    bakery = await a_case_at_its_end()
    bakery.payments.is_down = True
    with pytest.raises(StripeUnavailable):
        await bakery.does_what_is_next()
    assert bakery.case().is_open
    ref = await bakery.due()
    assert ref is not None
    action = await bakery.actions.read(ref)
    assert action is not None
    bakery.payments.is_down = False
    await bakery.does_what_is_next()
    await bakery.carry_out.by_kind[ActionKind.CLOSE](action)
    assert bakery.case().phase.value == "lost"
