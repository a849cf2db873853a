"""The merchant's pages: the list, and one case."""

import re
from datetime import timedelta

import httpx
import pytest
from msgspec.structs import replace

from adapters.memory.world import HeldCase, Turn
from application.case_ids import case_id_for
from domain.recovery.case import evolve
from domain.recovery.state import RecoveryCase
from domain.recovery.transitions import Phase
from tests.web.site import NOW, OTHER, STRANGER, Site, sign_in, visitor
from tests.web.stories import Story

DAY = timedelta(days=1)


def story(number: int = 1, **changes: object) -> Story:
    given = {"invoice_id": f"in_{number:04d}", "opened_at": NOW - 3 * DAY, **changes}
    return Story(**given)  # type: ignore[arg-type]


async def test_the_list_shows_who_how_much_where_it_stands_and_what_comes_next(
    site: Site, mara: httpx.AsyncClient
) -> None:
    await site.tell(story())
    page = (await mara.get("/cases")).text
    for words in ("Ines Blume", "BOOKS-0001", "29.00", "EUR", "Waiting", "Reminder 2"):
        assert words in page


async def test_an_empty_list_teaches(mara: httpx.AsyncClient) -> None:
    assert "No charge has failed yet" in (await mara.get("/cases")).text


async def test_money_stands_in_its_own_currency(site: Site, mara: httpx.AsyncClient) -> None:
    await site.tell(story(1, amount_minor=4_800, currency="jpy"))
    await site.tell(story(2, amount_minor=12_345, currency="kwd"))
    await site.tell(story(3, amount_minor=1_234_567, currency="usd"))
    page = (await mara.get("/cases")).text
    assert "4\u202f800<span" in page
    assert "12.345<span" in page
    assert "12\u202f345.67<span" in page


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.NEW])
async def test_a_phase_in_the_address_narrows_the_list(
    site: Site, mara: httpx.AsyncClient, phase: Phase
) -> None:
    at = NOW - 2 * DAY
    stories = {
        Phase.WAITING: story(1, name="Wanda"),
        Phase.CUSTOMER: story(2, name="Carl", decline_code="expired_card"),
        Phase.RECOVERED: story(3, name="Rita", pays_at=at),
        Phase.STOPPED: story(4, name="Stan", stops_at=at),
        Phase.LOST: story(5, name="Lena", opened_at=NOW - 20 * DAY),
        Phase.PAUSED: story(7, name="Paul", opened_at=NOW - 3 * DAY, pauses_at=NOW - 2.9 * DAY),
        Phase.CHARGING: story(6, name="Chloe", opened_at=NOW - 2.5 * DAY, answers=("silence",)),
    }
    for one in stories.values():
        await site.tell(one)
    page = (await mara.get(f"/cases?phase={phase}")).text
    body = page.split("<tbody")[1]
    assert [one.name for one in stories.values() if str(one.name) in body] == [stories[phase].name]


async def test_an_address_that_makes_no_sense_shows_all(
    site: Site, mara: httpx.AsyncClient
) -> None:
    await site.tell(story())
    for query in ("phase=nonsense", "phase=new", "after=%00", "after=" + "9" * 500, "phase=%F0"):
        answer = await mara.get(f"/cases?{query}")
        assert answer.status_code == 200
        assert "Ines Blume" in answer.text


async def test_older_cases_are_a_page_away(site: Site, mara: httpx.AsyncClient) -> None:
    for number in range(60):
        await site.tell(story(number, opened_at=NOW - timedelta(hours=number)))
    first = (await mara.get("/cases")).text
    assert first.count('role="row"') == 51
    older = first.split('rel="next"')[0].split('href="')[-1].split('"')[0].replace("&amp;", "&")
    second = (await mara.get(older)).text
    assert second.count('role="row"') == 11
    assert "Newest" in second


async def test_htmx_gets_the_fragment_and_a_visit_the_page(
    site: Site, mara: httpx.AsyncClient
) -> None:
    case_id = await site.tell(story())
    for path in ("/cases", f"/cases/{case_id}"):
        page, fragment = (
            await mara.get(path),
            await mara.get(path, headers={"hx-request": "true"}),
        )
        assert "<!doctype html>" in page.text
        assert "<!doctype" not in fragment.text
        shown = fragment.text.partition('<span id="tasks-count"')[0]  # that one goes to the rail
        assert shown.strip() in page.text
        assert fragment.headers["vary"] == "HX-Request"
        again = {"hx-request": "true", "hx-history-restore-request": "true"}
        assert "<!doctype html>" in (await mara.get(path, headers=again)).text


async def test_a_case_tells_its_story_and_what_comes(site: Site, mara: httpx.AsyncClient) -> None:
    case_id = await site.tell(story())
    page = (await mara.get(f"/cases/{case_id}")).text
    for words in (
        "Stripe charged Visa ending in 4242: declined.",
        "There was not enough money on the account (insufficient_funds).",
        "We wrote to the customer, reminder 1: \u201cPayment did not go through\u201d.",
        "Attempt 1 on Visa ending in 4242 was declined.",
        "6 of 8 declines left on this card in 30 days. Visa allows 20.",
        "The case ends, if the money has not come",
        'aria-labelledby="chase-t-',
        "Europe/Berlin",
    ):
        assert words in page


async def test_each_coming_step_says_why(site: Site, mara: httpx.AsyncClient) -> None:
    case_id = await site.tell(story())
    page = (await mara.get(f"/cases/{case_id}")).text
    panel = page.partition('<h2 id="why">Why</h2>')[2].partition("</section>")[0]
    assert panel.count("<summary>") == 2
    assert "<summary>Attempt 2 on" in panel
    assert "Lack of money heals with time, so we wait for a likely day." in panel
    assert "<dt>Card budget</dt><dd>6 of 8 left until" in panel
    assert "Visa allows 20." in panel
    closed = await site.tell(story(2, pays_at=NOW - DAY))
    assert 'id="why"' not in (await mara.get(f"/cases/{closed}")).text


async def test_a_letter_beside_a_decline_stands_above_the_line(
    site: Site, mara: httpx.AsyncClient
) -> None:
    case_id = await site.tell(story(decline_code="expired_card"))
    page = (await mara.get(f"/cases/{case_id}")).text
    (failed,) = re.findall(r'y="([\d.]+)%" overflow="visible"><circle class="at at-failed"', page)
    first = re.findall(r'y="([\d.]+)%" overflow="visible"><path class="at at-wrote"', page)[-1]
    assert float(first) < float(failed)


@pytest.mark.parametrize("phase", [Phase.STOPPED, Phase.LOST])
async def test_the_end_of_a_line_has_the_colour_of_its_state(
    site: Site, mara: httpx.AsyncClient, phase: Phase
) -> None:
    ended = {"stops_at": NOW - DAY} if phase is Phase.STOPPED else {"opened_at": NOW - 20 * DAY}
    case_id = await site.tell(story(1, **ended))
    assert f'class="chase spark {phase}"' in (await mara.get("/cases")).text
    assert f'class="chase large {phase}"' in (await mara.get(f"/cases/{case_id}")).text


async def test_a_case_that_is_only_watched_says_so(site: Site, mara: httpx.AsyncClient) -> None:
    case_id = await site.tell(story())
    key = next(key for key in site.world.cases if key[1] == case_id)
    held = site.world.cases[key]
    opened = replace(held.events[0], held_out=True)
    site.world.cases[key] = HeldCase((opened,), evolve(RecoveryCase(), opened))
    assert "Held out" in (await mara.get("/cases")).text
    page = (await mara.get(f"/cases/{case_id}")).text
    assert "into the hold-out" in page


async def test_a_closed_case_says_how_and_when_it_ended(
    site: Site, mara: httpx.AsyncClient
) -> None:
    case_id = await site.tell(story(pays_at=NOW - DAY))
    page = (await mara.get(f"/cases/{case_id}")).text
    assert "29.00\u00a0EUR came back on Thursday 9 July at 10:30. The customer paid." in page


async def test_what_waits_for_a_person_is_said(site: Site, mara: httpx.AsyncClient) -> None:
    case_id = await site.tell(story())
    ((key, held),) = site.world.actions.items()
    site.world.actions[key] = replace(held, turn=Turn(dead_at=NOW, error="Boom: secret detail"))
    page = (await mara.get(f"/cases/{case_id}")).text
    assert "waits for a person" in page
    assert "Boom" not in page


async def test_a_foreign_case_answers_exactly_like_an_absent_one(
    site: Site, mara: httpx.AsyncClient
) -> None:
    foreign = await site.tell(story(), merchant_id=OTHER)
    absent = case_id_for("x", "in_never")
    answers = [await mara.get(f"/cases/{case_id}") for case_id in (foreign, absent)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text
    assert "Ines" not in (await mara.get("/cases")).text
    async with visitor(site) as otto:
        await sign_in(otto, email=STRANGER)
        assert (await otto.get(f"/cases/{foreign}")).status_code == 200


async def test_who_is_not_signed_in_sees_nothing(site: Site, stranger: httpx.AsyncClient) -> None:
    case_id = await site.tell(story())
    for path in ("/cases", f"/cases/{case_id}", "/mailbox"):
        answer = await stranger.get(path)
        assert (answer.status_code, answer.text) == (303, "")
    swap = await stranger.get("/cases", headers={"hx-request": "true"})
    assert (swap.status_code, swap.headers["hx-redirect"]) == (401, "/sign-in")
    assert (await stranger.get("/events")).status_code == 401


async def test_names_are_text_and_never_markup(site: Site, mara: httpx.AsyncClient) -> None:
    nasty = "<script>alert(1)</script>\"'"
    case_id = await site.tell(story(name=nasty, email='"><img src=x>'))
    for path in ("/cases", f"/cases/{case_id}"):
        page = (await mara.get(path)).text
        assert "<script>alert" not in page
        assert "<img" not in page


async def test_the_mailbox_is_there_in_rehearsal_only(site: Site, mara: httpx.AsyncClient) -> None:
    assert (await mara.get("/mailbox")).status_code == 404
    assert "Mailbox" not in (await mara.get("/cases")).text
    rehearsal = Site(rehearsal=True, mailbox_url="http://127.0.0.1:8025/")
    await rehearsal.open_house()
    async with visitor(rehearsal) as client:
        await sign_in(client)
        page = (await client.get("/cases")).text
        assert "Mailbox" in page
        assert "no real money moves" in page
        assert (await client.get("/mailbox")).headers["location"] == "http://127.0.0.1:8025/"


async def test_no_page_holds_a_script_or_a_style_of_its_own(
    site: Site, mara: httpx.AsyncClient
) -> None:
    case_id = await site.tell(story())
    for path in ("/cases", f"/cases/{case_id}", "/nothing"):
        page = (await mara.get(path)).text
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick" not in page
        assert page.count("<script") == page.count("<script src=")
