"""Several open invoices of one customer: one letter tells of all, and nobody hears twice."""

from msgspec.structs import replace

from application.case_ids import case_id_for
from application.change_case import CaseRef
from domain.invoice import InvoiceStatus
from domain.recovery import commands as c
from domain.recovery.events import Pauser
from domain.recovery.signals import InvoiceNews, InvoiceSignal
from tests.application.bakery import Bakery
from tests.builders import ACCOUNT, MONDAY, a_customer, an_invoice, declined

SECOND = InvoiceSignal(invoice_id="in_2", news=InvoiceNews.FAILED)
AMOUNT = "9,50\N{NO-BREAK SPACE}\N{EURO SIGN}"
LISTED = f"Rechnung BREAD-2: {AMOUNT}"
ALSO = "Auch dies ist noch offen"


async def two_open(**second: object) -> Bakery:
    bakery = await Bakery().opens()
    given = {
        "invoice_id": "in_2",
        "number": "BREAD-2",
        "amount_remaining_minor": 9_50,
        "last_failure": declined(charge="ch_second"),
        **second,
    }
    bakery.shows(an_invoice(**given))
    await bakery.hears(SECOND)
    return bakery


def second_of(bakery: Bakery) -> CaseRef:
    return CaseRef(bakery.merchant_id, case_id_for(ACCOUNT, "in_2"))


async def test_the_letter_about_one_tells_of_the_other() -> None:
    bakery = await two_open()
    await bakery.does_what_is_next()
    (letter,) = bakery.mailer.letters
    assert ALSO in letter.text
    assert LISTED in letter.text
    assert "BREAD-2" in letter.html


async def test_an_invoice_without_a_number_is_told_of_by_its_amount() -> None:
    bakery = await two_open(number=None)
    await bakery.does_what_is_next()
    assert f"\n{AMOUNT}\n" in bakery.mailer.letters[0].text


async def test_what_was_paid_a_moment_ago_is_not_told_of() -> None:
    bakery = await two_open()
    shown = await bakery.payments.read_invoice(ACCOUNT, "in_2")
    assert shown is not None
    bakery.shows(replace(shown, status=InvoiceStatus.PAID, amount_remaining_minor=0))
    await bakery.does_what_is_next()
    (letter,) = bakery.mailer.letters
    assert ALSO not in letter.text


async def test_what_somebody_asked_quiet_for_is_not_told_of() -> None:
    bakery = await two_open()
    await bakery.cases.change(second_of(bakery), c.PauseCase(by=Pauser.MERCHANT))
    await bakery.does_what_is_next()
    assert ALSO not in bakery.mailer.letters[0].text


async def test_what_somebody_else_owes_is_not_told_of() -> None:
    bakery = await two_open(customer=a_customer(customer_id="cus_bea", email="bea@example.com"))
    await bakery.does_what_is_next()
    (letter,) = bakery.mailer.letters
    assert (letter.to, ALSO in letter.text) == ("anna@example.com", False)


async def test_a_single_invoice_is_written_of_as_before() -> None:
    bakery = await Bakery().opens()
    await bakery.does_what_is_next()
    assert ALSO not in bakery.mailer.letters[0].text
    assert bakery.now > MONDAY
