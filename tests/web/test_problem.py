"""On the customer's page: something is wrong. On the merchant's: what they said, and an answer."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from application.change_case import CaseRef
from application.ports.mail_news import Fate, MailNews
from application.ports.reports import LONGEST, MOST
from application.use_cases.hear_answer import HearAnswer
from domain.recovery.events import CasePaused, CaseResumed, CaseStopped, Problem, StopReason
from tests.web.site import ACME, NOW, Site, form_token, sign_in, visitor
from tests.web.stories import Story
from web.problem import OFFERED

TOKEN = "t0ken-of-forty-three-letters-and-more-of-them"
LINK = f"/r/{TOKEN}"
DAY = timedelta(days=1)


async def linked(site: Site, **changes: object) -> UUID:
    given = {"invoice_id": "in_0001", "opened_at": NOW - 3 * DAY, **changes}
    case_id = await site.tell(Story(**given))  # type: ignore[arg-type]
    await site.link(TOKEN, case_id)
    return case_id


def last(site: Site, case_id: UUID) -> object:
    return site.world.cases[ACME, case_id].events[-1]


async def test_what_is_wrong_is_told_and_all_rests(site: Site, stranger: httpx.AsyncClient) -> None:
    case_id = await linked(site)
    page = (await stranger.get(LINK)).text
    assert "Something is not right?" in page
    assert page.count('type="radio"') == len(OFFERED) == len(Problem) - 1
    form = {"about": "cancelled", "words": "I left in May."}
    answer = await stranger.post(f"{LINK}/problem", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, LINK)
    assert isinstance(last(site, case_id), CasePaused)
    assert site.world.cases[ACME, case_id].state.next_attempt_at is None
    page = (await stranger.get(LINK)).text
    assert "Acme Books knows and looks into it." in page
    assert "Charge me on another day" not in page
    assert "I left in May." not in page
    assert 'action="/r/' in page  # it can be paid all the same


async def test_it_can_be_taken_back_and_goes_on(site: Site, stranger: httpx.AsyncClient) -> None:
    case_id = await linked(site)
    await stranger.post(f"{LINK}/problem", data={"about": "amount"})
    assert "All is well after all" in (await stranger.get(LINK)).text
    await stranger.post(f"{LINK}/problem", data={"back": "yes"})
    events = site.world.cases[ACME, case_id].events
    assert any(isinstance(event, CaseResumed) for event in events)
    assert site.world.cases[ACME, case_id].state.next_attempt_at is not None
    assert "Something is not right?" in (await stranger.get(LINK)).text


@pytest.mark.parametrize("about", ["", "nonsense", "\x00", "OTHER"])
async def test_whatever_the_form_says_sending_it_is_saying_that_something_is_wrong(
    site: Site, stranger: httpx.AsyncClient, about: str
) -> None:
    case_id = await linked(site)
    await stranger.post(f"{LINK}/problem", data={"about": about})
    paused = last(site, case_id)
    assert isinstance(paused, CasePaused)
    assert paused.about is Problem.OTHER


async def test_what_is_settled_cannot_be_complained_of(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    case_id = await linked(site, pays_at=NOW - DAY)
    before = site.world.cases[ACME, case_id]
    await stranger.post(f"{LINK}/problem", data={"about": "other", "words": "x"})
    assert site.world.cases[ACME, case_id] == before
    assert not site.world.reports


async def test_the_team_reads_their_words_as_text_and_answers(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    case_id = await linked(site)
    words = "<script>alert(1)</script> {{7*7}}\r\nSecond line\x00\u202e"
    await stranger.post(f"{LINK}/problem", data={"about": "unknown", "words": words})
    async with visitor(site) as team:
        await sign_in(team)
        page = (await team.get(f"/cases/{case_id}")).text
        assert "The customer does not know what this is for" in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}}\nSecond line</blockquote>" in page
        assert "<script>alert" not in page
        listed = (await team.get("/cases?phase=needs_you")).text
        assert str(case_id) in listed
        form = {"answer": "go_on", "form_token": form_token(page)}
        answer = await team.post(f"/cases/{case_id}/report", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{case_id}")
        page = (await team.get(f"/cases/{case_id}")).text
    assert "does not know what this is for</h2>" not in page
    assert "Your team wanted it so." in page
    assert site.world.cases[ACME, case_id].state.next_attempt_at is not None


async def test_the_team_can_leave_it(site: Site, stranger: httpx.AsyncClient) -> None:
    case_id = await linked(site)
    await stranger.post(f"{LINK}/problem", data={"about": "cancelled"})
    async with visitor(site) as team:
        await sign_in(team)
        token = form_token((await team.get(f"/cases/{case_id}")).text)
        form = {"answer": "leave", "form_token": token}
        await team.post(f"/cases/{case_id}/report", data=form)
        await team.post(f"/cases/{case_id}/report", data=form)  # a second click changes nothing
        page = (await team.get(f"/cases/{case_id}")).text
    stopped = last(site, case_id)
    assert isinstance(stopped, CaseStopped)
    assert stopped.reason is StopReason.MERCHANT
    assert "The invoice stays as it is in Stripe." in page
    assert "There is nothing to pay any more." in (await stranger.get(LINK)).text


async def test_nobody_answers_what_was_not_said(site: Site) -> None:
    case_id = await linked(site)
    before = site.world.cases[ACME, case_id]
    async with visitor(site) as team:
        await sign_in(team)
        token = form_token((await team.get(f"/cases/{case_id}")).text)
        for answer in ("go_on", "leave"):
            form = {"answer": answer, "form_token": token}
            assert (await team.post(f"/cases/{case_id}/report", data=form)).status_code == 303
        odd = await team.post(f"/cases/{case_id}/report", data={"answer": "x", "form_token": token})
    assert odd.status_code == 404
    assert site.world.cases[ACME, case_id] == before


async def test_their_words_are_kept_as_far_as_they_fit_and_not_without_end(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    case_id = await linked(site)
    for _ in range(MOST + 3):
        form = {"about": "other", "words": "\N{SNOWMAN}" * (LONGEST + 100)}
        await stranger.post(f"{LINK}/problem", data=form)
    kept = site.world.reports[ACME, case_id]
    assert len(kept) == MOST
    assert {len(report.words) for report in kept} == {LONGEST}
    told = [entry for entry in site.world.audit.values() if entry.action == "report_problem"]
    assert len(told) == MOST
    assert all("\N{SNOWMAN}" not in str(entry.after) for entry in told)


async def test_that_somebody_answered_a_letter_is_not_for_a_form_to_say(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    case_id = await linked(site)
    await stranger.post(f"{LINK}/problem", data={"about": "answered", "words": "hm"})
    event = last(site, case_id)
    assert isinstance(event, CasePaused)
    assert event.about is Problem.OTHER


async def test_who_has_answered_a_letter_is_told_that_it_is_being_read(
    site: Site, stranger: httpx.AsyncClient, mara: httpx.AsyncClient
) -> None:
    case_id = await linked(site)
    news = MailNews(source="ses", event_id="1", message_id="x", fate=Fate.ANSWERED)
    assert await HearAnswer(cases=site.cases)(CaseRef(ACME, case_id), news)
    assert "Until then nobody charges you or writes to you." in (await stranger.get(LINK)).text
    page = (await mara.get(f"/cases/{case_id}")).text
    assert "The customer has answered a letter" in page
    assert "The customer answered a letter." in page
    assert "Their answer is in the mailbox" in page
    assert "Ines Blume answered a letter: read it." in (await mara.get("/tasks")).text
