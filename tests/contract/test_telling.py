"""From a cause to a mail and a post: over memory and over Postgres, to a Slack on this machine."""

from adapters.email.team import JinjaNews
from adapters.memory.mailer import MemoryMailer
from adapters.slack.webhook import SlackWebhook
from application.ports.chores import ChoreKind, ChoreRef
from application.tasks import Cause, raise_task
from application.use_cases.tell_team import TellTeam
from application.use_cases.work_task import WorkTask
from domain.tasks import TaskKind
from tests.builders import DAY, HOUR, a_customer
from tests.contract.test_hand_off import PATH
from tests.contract.worlds import Shop, World, a_case
from tests.slack_double import SlackDouble, slack_double
from web.wording.tasks import news_teller


def a_teller(world: World, mail: MemoryMailer, double: SlackDouble) -> TellTeam:
    return TellTeam(
        open_uow=world.open_uow,
        pages=world.hand_off_pages,
        teams=world.teams,
        doors=world.doors,
        slack=SlackWebhook(double.base),
        mailer=mail,
        renderer=JinjaNews(),
        word=news_teller("https://app.example.com", world.clock),
        clock=world.clock,
        mail_domain="mail.example.com",
    )


async def run(world: World, shop: Shop, tell: TellTeam) -> None:
    """What rings at this hour."""
    due = ChoreRef(shop.merchant_id, shop.account, ChoreKind.TELL)
    chore = await world.chores.read(due)
    assert chore is not None
    assert chore.due_at <= world.now
    await tell(chore)


async def test_a_task_is_told_once_given_away_and_told_of_when_it_is_late(
    world: World, shop: Shop
) -> None:
    case_id, mail = await a_case(world, shop), MemoryMailer()
    (ada,) = await world.teams.of(shop.merchant_id)
    cause = Cause(
        kind=TaskKind.DEAD_ADDRESS,
        subject="address:1",
        case_id=case_id,
        amount_minor=29_00,
        currency="eur",
    )
    with slack_double() as double:
        tell = a_teller(world, mail, double)
        async with world.open_uow(shop.merchant_id) as uow:
            await uow.customers.keep(shop.account, a_customer(name="A <b> & @here"))
            await uow.hand_off.slack(PATH, world.now)
            assert await raise_task(uow, cause, actor="worker", at=world.now)
            task = await uow.tasks.open_of(cause.kind, cause.subject)
        assert task is not None
        await run(world, shop, tell)
        assert [letter.to for letter in mail.letters] == [ada.email]
        # A name with an @ in it may be an address.
        assert "reaches a customer:" in double.texts()[1]
        assert "29.00 EUR" in double.texts()[1]
        assert (a_customer().email or "") not in str(double.posts) + mail.letters[0].text
        work = WorkTask(open_uow=world.open_uow, clock=world.clock)
        assert await work.assign(shop.merchant_id, task.task_id, ada.user_id, by=case_id)
        await run(world, shop, tell)
        world.now = task.due_at + DAY
        await run(world, shop, tell)
        assert await work.done(shop.merchant_id, task.task_id, ada.user_id)
        world.now += DAY + HOUR
        await run(world, shop, tell)
    subjects = [letter.subject for letter in mail.letters]
    assert subjects == ["A new task", "A task is yours now", "1 task overdue"]
    assert len(double.posts) == 2
