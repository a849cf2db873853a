"""A customer says that something is wrong: nobody charges or writes before it is answered."""

from uuid import uuid4

from application.use_cases.report_problem import ReportProblem
from domain.recovery import events as e
from domain.recovery.transitions import Phase
from tests.application.bakery import Bakery
from tests.builders import DAY, HOUR

CHARGED_OR_WRITTEN = (e.AttemptStarted, e.ReminderStarted)


async def reported(about: e.Problem = e.Problem.CANCELLED) -> tuple[Bakery, ReportProblem, int]:
    """The bakery, the use case, and how long the history was by then."""
    bakery = await Bakery().opens()
    await bakery.runs_until(bakery.now + HOUR)
    problem = ReportProblem(cases=bakery.cases)
    await problem(bakery.ref, about, "I left in May.")
    return bakery, problem, len(bakery.history())


def acts_after(bakery: Bakery, known: int) -> list[e.Event]:
    return [each for each in bakery.history()[known:] if isinstance(each, CHARGED_OR_WRITTEN)]


async def test_nobody_charges_or_writes_before_the_end_of_the_case() -> None:
    bakery, _, known = await reported()
    await bakery.runs_until(bakery.now + 60 * DAY)
    assert acts_after(bakery, known) == []
    assert bakery.case().phase is Phase.LOST


async def test_once_the_merchant_has_answered_the_chase_goes_on() -> None:
    bakery, problem, known = await reported()
    await bakery.runs_until(bakery.now + 2 * DAY)
    assert await problem.go_on(bakery.ref, uuid4())
    assert not await problem.go_on(bakery.ref, uuid4())
    await bakery.runs_until(bakery.now + 7 * DAY)
    assert acts_after(bakery, known)


async def test_a_merchants_no_ends_it_and_their_name_stands_in_the_log() -> None:
    bakery, problem, known = await reported()
    person = uuid4()
    assert await problem.leave(bakery.ref, person)
    assert not await problem.leave(bakery.ref, person)
    await bakery.runs_until(bakery.now + 60 * DAY)
    assert acts_after(bakery, known) == []
    assert bakery.case().phase is Phase.STOPPED
    actors = {entry.actor for entry in bakery.world.audit.values()}
    assert {"customer", f"user:{person}"} <= actors


async def test_what_was_not_reported_cannot_be_answered_nor_taken_back() -> None:
    bakery = await Bakery().opens()
    problem, before = ReportProblem(cases=bakery.cases), bakery.history()
    await problem.take_back(bakery.ref)
    assert not await problem.go_on(bakery.ref, uuid4())
    assert not await problem.leave(bakery.ref, uuid4())
    assert bakery.history() == before


async def test_a_customer_who_reports_and_pays_has_paid() -> None:
    bakery, problem, _ = await reported(e.Problem.AMOUNT)
    await problem.take_back(bakery.ref)
    await bakery.runs_until(bakery.now + 10 * DAY)
    assert bakery.case().phase is Phase.RECOVERED
