"""Tasks come with their causes and go with them, in one transaction each."""

from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from application.bounces import leave_alone, remember_dead
from application.ports.chores import ChoreKind, ChoreRef
from application.ports.stores import AuditEntry
from application.ports.suppressions import Suppression, hash_of
from application.ports.tasks import Task
from application.ports.team_news import Channel
from application.use_cases.lift_bounce import LiftBounce
from application.use_cases.report_problem import ReportProblem
from application.use_cases.work_task import WorkTask
from domain.policy import EndAction
from domain.recovery import events as e
from domain.recovery.transitions import Phase
from domain.tasks import TO_BEGIN_WITH, TaskKind
from tests.application.bakery import FAILED, Bakery
from tests.builders import ACCOUNT, DAY, MONDAY, a_customer, a_policy, an_invoice, declined

PERSON = uuid4()
ANNA = "anna@example.com"


def tasks(bakery: Bakery) -> list[Task]:
    return list(bakery.world.tasks.values())


def open_kinds(bakery: Bakery) -> list[TaskKind]:
    return [task.kind for task in tasks(bakery) if task.done_at is None]


def told(bakery: Bakery) -> list[tuple[str, str]]:
    """What the audit log says of tasks: who, what."""
    return [
        (entry.actor.partition(":")[0], entry.action)
        for _, entry in sorted(bakery.world.audit.items(), key=lambda item: item[0][1])
        if entry.subject.startswith("task:")
    ]


async def bounces(bakery: Bakery, why: Suppression = Suppression.BOUNCED) -> None:
    email = (await bakery.shown()).customer.email  # type: ignore[union-attr]
    assert email is not None
    about = f"case:{bakery.ref.case_id}"
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await leave_alone(uow, email, why, actor="worker", subject=about, at=bakery.now)


async def test_a_large_amount_is_somebodys_task_until_it_is_paid() -> None:
    bakery = await Bakery().opens(amount_remaining_minor=1_500_00)
    (task,) = tasks(bakery)
    assert (task.kind, task.case_id) == (TaskKind.LARGE_AMOUNT, bakery.ref.case_id)
    assert (task.amount_minor, task.currency) == (1_500_00, "eur")
    assert (task.opened_at, task.assignee) == (MONDAY, None)
    assert task.due_at > MONDAY + DAY
    await bakery.runs_until(bakery.now + 10 * DAY)
    assert bakery.case().phase is Phase.RECOVERED
    (task,) = tasks(bakery)
    assert task.done_at is not None
    assert task.done_by is None
    assert told(bakery) == [("stripe", "raise_task"), ("worker", "settle_task")]


async def test_what_is_not_large_or_only_watched_is_nobodys_task() -> None:
    assert tasks(await Bakery().opens()) == []
    raised = []
    for number in range(20):  # half of them fall to the held out
        bakery = Bakery(a_policy(hold_out_percent=50, name=f"policy {number}"))
        await bakery.opens(amount_remaining_minor=1_500_00)
        raised.append((bakery.case().held_out, len(tasks(bakery))))
    assert set(raised) == {(True, 0), (False, 1)}


async def test_the_merchant_says_what_is_large() -> None:
    bakery = Bakery()
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await uow.hand_off.keep(replace(TO_BEGIN_WITH, large={"eur": 29_00}), MONDAY)
    await bakery.opens()
    assert open_kinds(bakery) == [TaskKind.LARGE_AMOUNT]


@pytest.mark.parametrize("how", ["go_on", "leave", "take_back"])
async def test_a_report_is_a_task_until_it_is_answered_or_taken_back(how: str) -> None:
    bakery = await Bakery().opens()
    problem = ReportProblem(cases=bakery.cases)
    await problem(bakery.ref, e.Problem.AMOUNT, "I paid in May.")
    (task,) = tasks(bakery)
    assert (task.kind, task.about) == (TaskKind.SOMETHING_WRONG, "amount")
    assert task.is_answered_on_case
    work = WorkTask(open_uow=bakery.cases.open_uow, clock=lambda: bakery.now)
    assert not await work.done(bakery.merchant_id, task.task_id, PERSON)
    match how:
        case "go_on":
            await problem.go_on(bakery.ref, PERSON)
        case "leave":
            await problem.leave(bakery.ref, PERSON)
        case _:
            await problem.take_back(bakery.ref)
    assert open_kinds(bakery) == []
    assert not await work.reopen(bakery.merchant_id, task.task_id, PERSON)


async def test_an_end_that_waits_is_a_task_whatever_became_of_the_report() -> None:
    policy = a_policy(end=EndAction.CANCEL_SUBSCRIPTION, confirm_end=True)
    bakery = await Bakery(policy).opens()
    await ReportProblem(cases=bakery.cases)(bakery.ref, e.Problem.OTHER, "")
    await bakery.runs_until(bakery.now + 60 * DAY)
    assert bakery.case().end_waits
    assert open_kinds(bakery) == [TaskKind.CONFIRM_END]
    (task,) = [task for task in tasks(bakery) if task.done_at is None]
    assert task.about == "cancel_subscription"


async def test_a_letter_that_bounces_is_a_task_once() -> None:
    bakery = await Bakery().opens()
    bakery.mailer.refuses.add(a_customer().email or "")
    await bakery.runs_until(bakery.now + 5 * DAY)
    dead = [task for task in tasks(bakery) if task.kind is TaskKind.DEAD_ADDRESS]
    assert len(dead) == 1
    assert dead[0].case_id == bakery.ref.case_id
    assert "example.com" not in dead[0].subject


async def test_an_address_that_is_right_again_is_nobodys_task() -> None:
    bakery = await Bakery().opens()
    await bounces(bakery)
    assert open_kinds(bakery) == [TaskKind.DEAD_ADDRESS]
    lift = LiftBounce(open_uow=bakery.cases.open_uow, clock=lambda: bakery.now)
    address_hash = hash_of(a_customer().email or "")
    assert not await lift(uuid4(), address_hash, PERSON)
    assert open_kinds(bakery) == [TaskKind.DEAD_ADDRESS]
    assert await lift(bakery.merchant_id, address_hash, PERSON)
    assert not await lift(bakery.merchant_id, address_hash, PERSON)
    assert open_kinds(bakery) == []
    actions = [entry.action for entry in bakery.world.audit.values()]
    assert actions.count("lift_bounce") == 1


@pytest.mark.parametrize("why", [Suppression.COMPLAINED, Suppression.UNSUBSCRIBED])
async def test_their_own_word_is_not_the_merchants_to_lift(why: Suppression) -> None:
    bakery = await Bakery().opens()
    await bounces(bakery, why)
    lift = LiftBounce(open_uow=bakery.cases.open_uow, clock=lambda: bakery.now)
    assert not await lift(bakery.merchant_id, hash_of(a_customer().email or ""), PERSON)
    wanted = [TaskKind.COMPLAINT] if why is Suppression.COMPLAINED else []
    assert open_kinds(bakery) == wanted


async def test_another_address_settles_it() -> None:
    bakery = await Bakery().opens()
    await bounces(bakery)
    bakery.shows(
        replace(
            await bakery.shown(),
            customer=a_customer(email="new@example.com"),
            last_failure=declined(charge="ch_second"),
        )
    )
    await bakery.hears(FAILED)
    assert open_kinds(bakery) == []


async def test_an_address_stays_dead_over_all_that_is_owed() -> None:
    bakery = await Bakery().opens()
    await bounces(bakery)
    second = replace(FAILED, invoice_id="in_2")
    failure = declined(charge="ch_other")
    bakery.shows(an_invoice(invoice_id="in_2", last_failure=failure))
    await bakery.hears(second)
    other = next(case for _, case in bakery.world.cases if case != bakery.ref.case_id)
    await ReportProblem(cases=bakery.cases)(bakery.ref, e.Problem.OTHER, "")
    await ReportProblem(cases=bakery.cases).leave(bakery.ref, PERSON)
    dead = [task for task in tasks(bakery) if task.kind is TaskKind.DEAD_ADDRESS]
    assert [(task.case_id, task.done_at) for task in dead] == [(other, None)]


async def test_a_new_debt_of_somebody_whom_no_letter_reaches_is_a_task_again() -> None:
    bakery = Bakery()
    address_hash = hash_of(a_customer().email or "")
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await uow.suppressions.add(address_hash, Suppression.BOUNCED, MONDAY - 30 * DAY)
    await bakery.opens()
    assert tasks(bakery) == []
    await bakery.runs_until(bakery.now + 5 * DAY)
    (task,) = tasks(bakery)
    assert (task.kind, task.case_id) == (TaskKind.DEAD_ADDRESS, bakery.ref.case_id)
    work = WorkTask(open_uow=bakery.cases.open_uow, clock=lambda: bakery.now)
    if task.done_at is None:
        assert await work.done(bakery.merchant_id, task.task_id, PERSON)
    await bakery.runs_until(bakery.now + 9 * DAY)
    assert len(tasks(bakery)) == 1


async def test_whoever_chose_it_is_to_hear_of_it_and_a_worker_is_rung() -> None:
    bakery = Bakery()
    await bakery.opens()
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await uow.hand_off.slack("services/T/B/x", MONDAY)
    await bounces(bakery)
    (task,) = tasks(bakery)
    held = [each.notice for each in bakery.world.news.values()]
    assert {notice.channel for notice in held} == {Channel.MAIL, Channel.SLACK}
    assert {notice.task_id for notice in held} == {task.task_id}
    chore = bakery.world.chores[ChoreRef(bakery.merchant_id, ACCOUNT, ChoreKind.TELL)]
    assert chore.chore.due_at == bakery.now


async def test_whatever_undoes_the_cause_undoes_the_task() -> None:
    """A transaction that fails leaves neither."""
    bakery = await Bakery().opens()
    subject = f"case:{bakery.ref.case_id}"

    async def dies() -> None:
        async with bakery.cases.open_uow(bakery.merchant_id) as uow:
            await remember_dead(uow, ANNA, actor="worker", subject=subject, at=bakery.now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await dies()
    assert tasks(bakery) == []
    assert bakery.world.news == {}


async def test_a_notice_that_bounces_is_a_task_about_nobodys_case() -> None:
    bakery = await Bakery().opens()
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await remember_dead(uow, ANNA, actor="expiry", subject=f"notice:{uuid4()}", at=bakery.now)
    (task,) = tasks(bakery)
    assert (task.case_id, task.amount_minor) == (None, None)


async def test_nobody_is_asked_about_who_unsubscribed() -> None:
    bakery = await Bakery().opens()
    await bounces(bakery, Suppression.UNSUBSCRIBED)
    await bakery.runs_until(bakery.now + 5 * DAY)
    assert tasks(bakery) == []


class Team:
    """A bakery of three with a task, and the person who works on it."""

    def __init__(self, bakery: Bakery) -> None:
        self.bakery = bakery
        self.work = WorkTask(open_uow=bakery.cases.open_uow, clock=lambda: bakery.now)
        self.owner = next(user for owner, user in bakery.world.roles if owner == bakery.merchant_id)
        self.mara = uuid4()
        bakery.world.roles[bakery.merchant_id, self.mara] = "owner"

    def task(self) -> Task:
        return tasks(self.bakery)[0]

    def notices(self) -> list[tuple[str, UUID | None]]:
        held = [each.notice for each in self.bakery.world.news.values()]
        return [(notice.occasion.value, notice.user_id) for notice in held]


@pytest.fixture
async def team() -> Team:
    bakery = await Bakery().opens(amount_remaining_minor=1_500_00)
    bakery.world.news.clear()
    return Team(bakery)


async def test_a_task_is_given_and_whoever_is_given_it_hears_of_it(team: Team) -> None:
    merchant_id, task_id = team.bakery.merchant_id, team.task().task_id
    assert await team.work.assign(merchant_id, task_id, team.mara, team.owner)
    assert await team.work.assign(merchant_id, task_id, team.mara, team.owner)
    assert team.task().assignee == team.mara
    assert team.notices() == [("assigned", team.mara)]
    assert told(team.bakery)[-1] == ("user", "assign_task")
    assert await team.work.assign(merchant_id, task_id, team.owner, team.owner)
    assert await team.work.assign(merchant_id, task_id, None, team.owner)
    assert team.notices() == [("assigned", team.mara)]


async def test_strangers_are_given_nothing_and_change_nothing(team: Team) -> None:
    merchant_id, task_id = team.bakery.merchant_id, team.task().task_id
    before = (dict(team.bakery.world.tasks), len(team.bakery.world.audit))
    assert not await team.work.assign(merchant_id, task_id, uuid4(), team.owner)
    for stranger in (uuid4(), UUID(int=0)):
        assert not await team.work.assign(stranger, task_id, None, team.owner)
        assert not await team.work.done(stranger, task_id, team.owner)
        assert not await team.work.reopen(stranger, task_id, team.owner)
        assert not await team.work.done(merchant_id, stranger, team.owner)
    assert (team.bakery.world.tasks, len(team.bakery.world.audit)) == before


async def test_it_is_done_once_and_may_be_taken_back(team: Team) -> None:
    merchant_id, task_id = team.bakery.merchant_id, team.task().task_id
    assert await team.work.done(merchant_id, task_id, team.owner)
    assert not await team.work.done(merchant_id, task_id, team.mara)
    assert team.task().done_by == team.owner
    assert await team.work.reopen(merchant_id, task_id, team.mara)
    assert not await team.work.reopen(merchant_id, task_id, team.mara)
    assert team.task().done_at is None
    assert [action for _, action in told(team.bakery)][1:] == ["finish_task", "reopen_task"]


async def test_no_person_stands_in_the_log_of_tasks(team: Team) -> None:
    await bounces(team.bakery)
    entries: list[AuditEntry] = list(team.bakery.world.audit.values())
    assert not any("@" in str(entry.after) + entry.subject for entry in entries)
    assert any(entry.action == "raise_task" for entry in entries)
