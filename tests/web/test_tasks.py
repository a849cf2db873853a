"""The list of tasks and what people say to them; people at risk; foreign ids are absent ones."""

from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from application.ports.accounts import MOST_TASKS
from application.ports.suppressions import Suppression
from application.ports.tasks import Task
from domain.tasks import TaskKind
from tests.web.site import ACME, EMAIL, NOW, OTHER, STRANGER, Site, form_token, sign_in, visitor
from tests.web.stories import Story

DAY = timedelta(days=1)
MARKUP = "<script>alert(1)</script>{{7*7}}"
LARGE, WRONG, DEAD = TaskKind.LARGE_AMOUNT, TaskKind.SOMETHING_WRONG, TaskKind.DEAD_ADDRESS


async def told(site: Site, number: int = 1, **changes: object) -> UUID:
    given = {
        "invoice_id": f"in_{number:04d}",
        "opened_at": NOW - 3 * DAY,
        "email": f"ines{number}@example.com",
        **changes,
    }
    return await site.tell(Story(**given))  # type: ignore[arg-type]


def task_of(site: Site, task_id: UUID, merchant_id: UUID = ACME) -> Task:
    return site.world.tasks[merchant_id, task_id]


def user(site: Site, email: str = EMAIL) -> UUID:
    return site.world.users[email].user_id


async def say(
    client: httpx.AsyncClient, path: str, page: str = "/tasks", **form: str
) -> httpx.Response:
    """Fill a form of ours in and send it."""
    token = form_token((await client.get(page)).text)
    return await client.post(path, data={"form_token": token, **form})


async def test_an_empty_list_teaches(mara: httpx.AsyncClient) -> None:
    page = (await mara.get("/tasks")).text
    assert "Nothing is to do" in page
    assert 'aria-current="page">' in page
    for show, expected in (("mine", "Nothing is yours"), ("done", "Nothing has been done yet")):
        assert expected in (await mara.get(f"/tasks?show={show}")).text


async def test_the_list_says_what_is_to_do_until_when_and_for_whom(
    site: Site, mara: httpx.AsyncClient
) -> None:
    case_id = await told(site, amount_minor=1_500_00)
    await site.ask(LARGE, case_id, at=NOW - 9 * DAY)
    await site.ask(WRONG, case_id, about="cancelled")
    page = (await mara.get("/tasks")).text
    assert "Ines Blume owes 1\u202f500.00\u00a0EUR" in page
    assert "they had cancelled" in page
    assert page.index("owes") < page.index("they had cancelled")
    assert "Overdue since Fri 3 Jul" in page
    assert "1 overdue" in page
    assert page.count(f'href="/cases/{case_id}"') >= 2
    assert "mara@acme.example</option>" not in page  # it is "You"
    assert 'id="tasks-count" class="count"><span class="sr">, </span>2' in page.replace("\n", "")


async def test_it_is_narrowed_and_goes_page_by_page(site: Site, mara: httpx.AsyncClient) -> None:
    first = await site.ask(LARGE, await told(site, 1))
    for number in range(2, 54):
        await site.ask(LARGE, subject=f"address:{number}", amount_minor=1, currency="eur")
    await say(mara, f"/tasks/{first}/assign", assignee=str(user(site)))
    mine = (await mara.get("/tasks?show=mine")).text
    assert mine.count('<li class="task') == 1
    page = (await mara.get("/tasks")).text
    assert page.count('<li class="task') == 50
    older = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert (await mara.get(older)).text.count('<li class="task') == 3
    assert (await mara.get("/tasks?show=nobodys")).text.count('<li class="task') == 50
    for wild in ("/tasks?show=x", "/tasks?after=" + "9" * 500, "/tasks?after=%00"):
        assert (await mara.get(wild)).status_code == 200


async def test_a_task_is_given_away_done_and_opened_again(
    site: Site, mara: httpx.AsyncClient
) -> None:
    ben, task_id = await site.hire("ben@acme.example"), await site.ask(LARGE, await told(site))
    answer = await say(mara, f"/tasks/{task_id}/assign", assignee=str(ben), show="mine")
    assert (answer.status_code, answer.headers["location"]) == (303, "/tasks?show=mine")
    assert task_of(site, task_id).assignee == ben
    await say(mara, f"/tasks/{task_id}/assign", assignee="")
    assert task_of(site, task_id).assignee is None
    answer = await say(mara, f"/tasks/{task_id}/done")
    assert answer.headers["location"] == "/tasks"
    assert task_of(site, task_id).done_by == user(site)
    page = (await mara.get("/tasks?show=done")).text
    assert "by you" in page
    await say(mara, f"/tasks/{task_id}/reopen")
    assert task_of(site, task_id).done_at is None
    actors = {entry.actor for entry in site.world.audit.values()}
    assert f"user:{user(site)}" in actors


async def test_htmx_is_led_to_the_fragment_with_the_count(
    site: Site, mara: httpx.AsyncClient
) -> None:
    await site.ask(LARGE, await told(site))
    page = (await mara.get("/tasks")).text
    fragment = (await mara.get("/tasks", headers={"hx-request": "true"})).text
    assert "<!doctype" not in fragment
    shown, _, count = fragment.partition('<span id="tasks-count"')
    assert shown.strip() in page
    assert 'hx-swap-oob="true"' in count


async def test_what_is_answered_on_the_case_cannot_be_ticked_off(
    site: Site, mara: httpx.AsyncClient
) -> None:
    case_id = await told(site)
    task_id = await site.ask(WRONG, case_id, about="amount")
    page = (await mara.get("/tasks")).text
    assert f"/tasks/{task_id}/done" not in page
    assert ">Answer<" in page
    await say(mara, f"/tasks/{task_id}/done")
    assert task_of(site, task_id).done_at is None


async def test_a_report_is_a_task_and_its_answer_does_it(
    site: Site, mara: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    case_id = await told(site)
    token = "t0ken-of-forty-three-letters-and-more-of-them"
    await site.link(token, case_id)
    await stranger.post(f"/r/{token}/problem", data={"about": "cancelled", "words": MARKUP})
    page = (await mara.get("/tasks")).text
    assert "they had cancelled" in page
    assert "alert(1)" not in page  # their own words stand at the case
    page = (await mara.get(f"/cases/{case_id}")).text
    assert "Done by your answer" in page
    await say(mara, f"/cases/{case_id}/report", f"/cases/{case_id}", answer="go_on")
    assert "Nothing is to do" in (await mara.get("/tasks")).text


async def test_the_case_shows_its_tasks_and_leads_back_to_itself(
    site: Site, mara: httpx.AsyncClient
) -> None:
    case_id = await told(site)
    task_id = await site.ask(LARGE, case_id)
    page = (await mara.get(f"/cases/{case_id}")).text
    assert "Ines Blume owes" in page
    answer = await say(mara, f"/tasks/{task_id}/done", f"/cases/{case_id}", case=str(case_id))
    assert answer.headers["location"] == f"/cases/{case_id}"
    assert "Ines Blume owes" not in (await mara.get(f"/cases/{case_id}")).text


@pytest.mark.parametrize(
    "back",
    [
        {"case": "//evil.example"},
        {"case": "https://evil.example"},
        {"show": "//evil.example"},
        {"case": "", "show": "../x"},
    ],
)
async def test_nobody_is_led_elsewhere(
    site: Site, mara: httpx.AsyncClient, back: dict[str, str]
) -> None:
    task_id = await site.ask(LARGE, await told(site))
    assert (await say(mara, f"/tasks/{task_id}/done", **back)).headers["location"] == "/tasks"


async def test_a_foreign_task_answers_like_an_absent_one(
    site: Site, mara: httpx.AsyncClient
) -> None:
    theirs = await site.ask(LARGE, subject="address:1", merchant_id=OTHER)
    before = (dict(site.world.tasks), len(site.world.audit))
    for verb, form in (("assign", {"assignee": str(user(site))}), ("done", {}), ("reopen", {})):
        answers = [
            await say(mara, f"/tasks/{each}/{verb}", **form)  # type: ignore[arg-type]
            for each in (theirs, uuid4())
        ]
        told_of = {(answer.status_code, answer.headers["location"]) for answer in answers}
        assert told_of == {(303, "/tasks")}
    assert (site.world.tasks, len(site.world.audit)) == before
    assert "Nothing is to do" in (await mara.get("/tasks")).text


@pytest.mark.parametrize("who", ["nonsense", "\x00", "stranger"])
async def test_a_task_is_given_to_nobody_who_is_not_of_the_team(
    site: Site, mara: httpx.AsyncClient, who: str
) -> None:
    task_id = await site.ask(LARGE, await told(site))
    named = str(user(site, STRANGER)) if who == "stranger" else who
    await say(mara, f"/tasks/{task_id}/assign", assignee=named)
    assert task_of(site, task_id).assignee is None


async def test_without_our_form_nothing_is_changed(site: Site, mara: httpx.AsyncClient) -> None:
    task_id = await site.ask(LARGE, await told(site))
    token = form_token((await mara.get("/tasks")).text)
    paths = [f"/tasks/{task_id}/{verb}" for verb in ("assign", "done", "reopen")]
    paths += [f"/tasks/at-risk/{'0' * 64}/lift", "/settings/tasks", "/settings/tasks/slack"]
    paths += ["/settings/tasks/slack/test", "/settings/tasks/slack/drop"]
    for path in paths:
        assert (await mara.post(path, data={"form_token": "x"})).status_code == 403
        other = {"sec-fetch-site": "cross-site"}
        answer = await mara.post(path, data={"form_token": token}, headers=other)
        assert answer.status_code == 403
    assert task_of(site, task_id).done_at is None


async def test_whoever_is_no_member_is_asked_to_sign_in(
    site: Site, mara: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    for path in ("/tasks", "/tasks/at-risk", "/settings/tasks"):
        answer = await stranger.get(path)
        assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in")
        assert (await mara.get(path)).status_code == 200
    del site.world.roles[ACME, user(site)]
    assert (await mara.get("/tasks")).status_code == 303


async def test_markup_in_names_is_text(site: Site, mara: httpx.AsyncClient) -> None:
    case_id = await told(site, name=MARKUP)
    await site.ask(LARGE, case_id)
    await site.silence("ines1@example.com", Suppression.BOUNCED)
    for path in ("/tasks", "/tasks/at-risk", f"/cases/{case_id}"):
        page = (await mara.get(path)).text
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in page


async def test_the_rail_counts_and_stops_counting(site: Site, mara: httpx.AsyncClient) -> None:
    for number in range(MOST_TASKS + 5):
        await site.ask(LARGE, subject=f"address:{number}", amount_minor=1, currency="eur")
    assert ">99+<" in (await mara.get("/cases")).text.replace("</span>99+", ">99+")


async def test_people_at_risk_are_worked_through(site: Site, mara: httpx.AsyncClient) -> None:
    assert "Letters reach everybody" in (await mara.get("/tasks/at-risk")).text
    bounced, wants_none = await told(site, 1, name="Ben"), await told(site, 2, name="Uma")
    address = await site.silence("ines1@example.com", Suppression.BOUNCED)
    await site.silence("ines2@example.com", Suppression.UNSUBSCRIBED)
    await site.ask(DEAD, bounced, subject=f"address:{address}")
    page = (await mara.get("/tasks/at-risk")).text
    for expected in ("Ben", "Uma", "does not exist", "no letters", f"/cases/{wants_none}"):
        assert expected in page
    assert page.count("The address is right again") == 1
    answer = await say(mara, f"/tasks/at-risk/{address}/lift", "/tasks/at-risk")
    assert answer.headers["location"] == "/tasks/at-risk"
    page = (await mara.get("/tasks/at-risk")).text
    assert "Ben" not in page
    assert "Uma" in page
    assert "Nothing is to do" in (await mara.get("/tasks")).text
    lifted = [entry for entry in site.world.audit.values() if entry.action == "lift_bounce"]
    assert [entry.actor for entry in lifted] == [f"user:{user(site)}"]


@pytest.mark.parametrize("why", [Suppression.UNSUBSCRIBED, Suppression.COMPLAINED])
async def test_their_own_word_stands_whatever_is_sent(
    site: Site, mara: httpx.AsyncClient, why: Suppression
) -> None:
    await told(site)
    address = await site.silence("ines1@example.com", why)
    page = (await mara.get("/tasks/at-risk")).text
    assert "Only they can take that back." in page
    await say(mara, f"/tasks/at-risk/{address}/lift", "/tasks/at-risk")
    assert "Ines Blume" in (await mara.get("/tasks/at-risk")).text


async def test_a_foreign_address_answers_like_an_absent_one(
    site: Site, mara: httpx.AsyncClient
) -> None:
    theirs = await site.silence("otto@example.com", Suppression.BOUNCED, OTHER)
    for each in (theirs, "0" * 64, "nonsense", "Z" * 64):
        answer = await say(mara, f"/tasks/at-risk/{each}/lift", "/settings/tasks")
        assert (answer.status_code, answer.headers["location"]) == (303, "/tasks/at-risk")
    (held,) = site.world.suppressions.values()
    assert held.lifted_at is None


async def test_the_other_merchant_sees_its_own(site: Site) -> None:
    await site.ask(LARGE, await told(site))
    await site.silence("ines1@example.com", Suppression.BOUNCED)
    async with visitor(site) as otto:
        await sign_in(otto, STRANGER)
        assert "Nothing is to do" in (await otto.get("/tasks")).text
        assert "Letters reach everybody" in (await otto.get("/tasks/at-risk")).text
        assert EMAIL not in (await otto.get("/settings/tasks")).text
