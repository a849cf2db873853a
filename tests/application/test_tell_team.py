"""The team hears of tasks: by mail and by Slack, at least once, for a bounded number of tries."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.email.team import JinjaNews
from adapters.memory.chores import MemoryChoreQueue
from adapters.memory.hand_off import MemorySlackDoors, MemoryTeams
from adapters.memory.mailer import MemoryMailer
from adapters.memory.slack import MemorySlack
from adapters.memory.task_pages import MemoryHandOffPages
from adapters.memory.unit_of_work import units_of_work
from adapters.memory.world import HeldNews, MemoryWorld
from application.case_ids import task_id
from application.ports.accounts import UserRecord
from application.ports.chores import Chore, ChoreKind, ChoreRef
from application.ports.registry import ConnectedAccount, MerchantProfile
from application.ports.tasks import Task
from application.ports.team_news import MOST_TOLD, MOST_TRIES
from application.tasks import Cause, raise_task
from application.use_cases.tell_team import TellTeam
from application.use_cases.work_task import WorkTask
from domain.tasks import TaskKind
from tests.builders import ACCOUNT, DAY, HOUR, MONDAY
from web.wording.tasks import news_teller

MERCHANT_ID = UUID(int=1)
REF = ChoreRef(MERCHANT_ID, ACCOUNT, ChoreKind.TELL)
PATH = "services/T/B/x"


class Office:
    """A team of two who both hear of tasks, and a channel."""

    def __init__(self) -> None:
        self.now = MONDAY
        self.world = MemoryWorld(wall=lambda: self.now)
        self.world.merchants[MERCHANT_ID] = MerchantProfile(
            merchant_id=MERCHANT_ID, name="Bakery", timezone="Europe/Berlin", reply_to=None
        )
        self.world.accounts[ACCOUNT, False] = ConnectedAccount(
            merchant_id=MERCHANT_ID, account=ACCOUNT, livemode=False, own=True
        )
        self.ada, self.bob = self._hires("ada"), self._hires("bob")
        self.open_uow = units_of_work(self.world)
        self.mail, self.slack = MemoryMailer(), MemorySlack()
        self.work = WorkTask(open_uow=self.open_uow, clock=self.clock)
        self.tell = TellTeam(
            open_uow=self.open_uow,
            pages=MemoryHandOffPages(self.world),
            teams=MemoryTeams(self.world),
            doors=MemorySlackDoors(self.world),
            slack=self.slack,
            mailer=self.mail,
            renderer=JinjaNews(),
            word=news_teller("https://app.example.com", self.clock),
            clock=self.clock,
            mail_domain="mail.example.com",
        )

    def clock(self) -> datetime:
        return self.now

    def _hires(self, name: str) -> UUID:
        user = UserRecord(user_id=uuid4(), email=f"{name}@bakery.example", password_hash="-")
        self.world.users[user.email] = user
        self.world.roles[MERCHANT_ID, user.user_id] = "owner"
        self.world.hearers[MERCHANT_ID, user.user_id] = True
        return user.user_id

    async def posts_to_slack(self) -> None:
        async with self.open_uow(MERCHANT_ID) as uow:
            await uow.hand_off.slack(PATH, self.now)

    async def asks(self, number: int = 1, kind: TaskKind = TaskKind.DEAD_ADDRESS) -> UUID:
        cause = Cause(kind=kind, subject=f"address:{number}")
        async with self.open_uow(MERCHANT_ID) as uow:
            assert await raise_task(uow, cause, actor="worker", at=self.now)
        return task_id(kind, cause.subject, self.now)

    async def chore(self) -> Chore:
        found = await MemoryChoreQueue(self.world).read(REF)
        assert found is not None
        return found

    async def runs(self) -> Chore:
        """What is due now."""
        async with self.open_uow(MERCHANT_ID) as uow:
            await uow.chores.put(ACCOUNT, ChoreKind.TELL, self.now)
        return await self.tell(await self.chore())

    def to(self) -> list[str]:
        return sorted(letter.to.partition("@")[0] for letter in self.mail.letters)

    def held(self) -> list[HeldNews]:
        return list(self.world.news.values())

    def task(self, number: UUID) -> Task:
        return self.world.tasks[MERCHANT_ID, number]


@pytest.fixture
async def office() -> Office:
    return Office()


async def test_a_new_task_is_mailed_to_all_who_chose_it_and_posted_once(office: Office) -> None:
    await office.posts_to_slack()
    await office.asks()
    for _ in range(3):
        await office.runs()
    assert office.to() == ["ada", "bob"]
    assert [path for path, _ in office.slack.posts] == [PATH]
    letter = office.mail.letters[0]
    assert letter.subject == "A new task"
    assert "does not exist" in letter.text
    assert "https://app.example.com/tasks" in letter.text
    assert "<title>A new task</title>" in letter.html


async def test_several_are_one_message_and_it_is_no_longer_than_it_may_be(office: Office) -> None:
    await office.posts_to_slack()
    for number in range(MOST_TOLD + 3):
        await office.asks(number)
    await office.runs()
    assert len(office.mail.letters) == 2
    ((_, news),) = office.slack.posts
    assert news.title == f"{MOST_TOLD + 3} new tasks"
    assert len(news.lines) == MOST_TOLD
    assert news.more == "And 3 more."


async def test_what_was_done_meanwhile_is_told_to_nobody(office: Office) -> None:
    await office.posts_to_slack()
    number = await office.asks()
    await office.work.done(MERCHANT_ID, number, office.ada)
    await office.runs()
    assert (office.mail.letters, office.slack.posts) == ([], [])
    assert all(held.told_at == MONDAY for held in office.held())


async def test_whoever_is_given_a_task_hears_of_it_chosen_or_not(office: Office) -> None:
    office.world.hearers.clear()
    number = await office.asks()
    await office.runs()
    assert office.mail.letters == []
    await office.work.assign(MERCHANT_ID, number, office.bob, office.ada)
    await office.runs()
    assert office.to() == ["bob"]
    assert office.mail.letters[0].subject == "A task is yours now"


async def test_a_server_that_is_away_is_asked_again_later_and_not_for_ever(office: Office) -> None:
    office.world.hearers[MERCHANT_ID, office.bob] = False
    await office.asks()
    office.mail.is_down = True
    tries = 0
    while (await office.runs()).ref:
        (held,) = office.held()
        tries += 1
        if held.failed_at is not None:
            break
        assert (await office.chore()).due_at == held.next_at > office.now
        office.now = held.next_at
    assert tries == MOST_TRIES
    office.mail.is_down = False
    office.now += 30 * DAY
    await office.runs()
    assert [letter.subject for letter in office.mail.letters] == ["1 task overdue"]


async def test_it_goes_once_the_server_is_back(office: Office) -> None:
    office.world.hearers[MERCHANT_ID, office.bob] = False
    await office.asks()
    office.mail.is_down = True
    await office.runs()
    office.mail.is_down, office.now = False, office.now + HOUR
    await office.runs()
    await office.runs()
    assert office.to() == ["ada"]


async def test_one_dead_mailbox_keeps_nobody_else_from_hearing(office: Office) -> None:
    await office.posts_to_slack()
    office.mail.refuses.add("ada@bakery.example")
    await office.asks()
    await office.runs()
    assert office.to() == ["bob"]
    assert len(office.slack.posts) == 1
    office.now += DAY
    await office.runs()
    assert sum(held.failed_at is not None for held in office.held()) == 1


async def test_a_crash_after_the_letter_tells_again_under_the_same_id(office: Office) -> None:
    office.world.hearers[MERCHANT_ID, office.bob] = False
    await office.asks()
    send = office.mail.send

    async def dies(letter: Any) -> None:
        await send(letter)
        raise ConnectionResetError

    office.mail.send = dies  # type: ignore[method-assign]
    with pytest.raises(ConnectionResetError):
        await office.runs()
    office.mail.send = send  # type: ignore[method-assign]
    await office.runs()
    assert len(office.mail.letters) == 1  # the try is counted, and the next one is later
    office.now += HOUR
    await office.runs()
    first, second = office.mail.letters
    assert first.message_id == second.message_id


@pytest.mark.parametrize("answer", [404, 410])
async def test_a_webhook_that_is_no_more_turns_slack_off_and_says_so(
    office: Office, answer: int
) -> None:
    await office.posts_to_slack()
    await office.asks()
    office.slack.answer = answer
    await office.runs()
    async with office.open_uow(MERCHANT_ID) as uow:
        slack = (await uow.hand_off.read()).slack
    assert (slack.since, slack.gone_at) == (None, MONDAY)
    assert "slack_gone" in [entry.action for entry in office.world.audit.values()]
    assert len(office.mail.letters) == 2
    office.now += HOUR
    await office.asks(2)
    await office.runs()
    assert not any(held.notice.channel == "slack" for held in office.held()[-2:])


async def test_slack_that_refuses_is_not_asked_again(office: Office) -> None:
    await office.posts_to_slack()
    await office.asks()
    office.slack.answer = 400
    await office.runs()
    office.slack.answer, office.now = 200, office.now + DAY
    office.world.tasks.clear()
    await office.runs()
    assert office.slack.posts == []


async def test_slack_that_is_away_is_asked_again(office: Office) -> None:
    await office.posts_to_slack()
    await office.asks()
    office.slack.answer = None
    await office.runs()
    office.slack.answer, office.now = 200, office.now + HOUR
    await office.runs()
    assert len(office.slack.posts) == 1


async def test_each_morning_whoever_has_something_overdue_hears_of_it_once(
    office: Office,
) -> None:
    mine, nobodys = await office.asks(1), await office.asks(2)
    await office.work.assign(MERCHANT_ID, mine, office.bob, office.bob)
    await office.posts_to_slack()
    await office.runs()
    office.mail.letters.clear()
    office.now = max(office.task(mine).due_at, office.task(nobodys).due_at) + HOUR
    await office.runs()
    assert office.mail.letters == []  # in the evening nobody is told
    chore = await office.chore()
    assert chore.due_at.astimezone().minute == 0
    for _ in range(2):
        office.now = chore.due_at + HOUR
        await office.runs()
    subjects = {letter.to: letter.subject for letter in office.mail.letters}
    assert subjects == {
        "ada@bakery.example": "1 task overdue",
        "bob@bakery.example": "2 tasks overdue",
    }
    assert len(office.mail.letters) == 2
    assert office.slack.posts[-1][1].title == "2 tasks overdue"
    office.now += DAY
    await office.runs()
    assert len(office.mail.letters) == 4


async def test_without_anything_overdue_nobody_hears_anything(office: Office) -> None:
    for _ in range(5):
        office.now += DAY
        await office.runs()
    assert (office.mail.letters, office.held()) == ([], [])


async def test_what_comes_while_a_run_ends_does_not_wait_until_the_morning(office: Office) -> None:
    await office.asks()
    send = office.mail.send

    async def meanwhile(letter: Any) -> None:
        office.mail.send = send  # type: ignore[method-assign]
        await office.asks(2)
        await send(letter)

    office.mail.send = meanwhile  # type: ignore[method-assign]
    await office.runs()
    assert (await office.chore()).due_at == office.now
    await office.runs()
    assert len(office.mail.letters) == 4
    assert (await office.chore()).due_at > office.now + timedelta(hours=1)


async def test_no_address_and_no_name_with_one_leaves_the_house(office: Office) -> None:
    await office.posts_to_slack()
    await office.asks()
    await office.runs()
    ((_, news),) = office.slack.posts
    assert "@" not in news.title + "".join(line.text for line in news.lines)
