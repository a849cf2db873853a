"""On the customer's page: they agree to a text, by their own hand, and take it back."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace

from application.ports.text_consents import ConsentBy, TextConsent
from domain.decline import DeclineFamily
from domain.policy import Channel, Policy, Since, Step, Template
from domain.recovery import events as e
from domain.recovery.actions import next_action
from domain.recovery.case import replay
from tests.web.site import ACME, NOW, Site, running, visitor
from tests.web.stories import POLICY, VISA, Story
from web.wording.customer import LANGUAGES, speech_in

TOKEN = "t0ken-of-forty-three-letters-and-more-of-them"
LINK = f"/r/{TOKEN}"
DAY = timedelta(days=1)
NUMBER = "+491713920055"
DE_CARD = replace(VISA, country="DE")
AGREED = {"number": "0171 3920055", "agree": "yes"}


def with_a_text(policy: Policy = POLICY) -> Policy:
    text = Step(template=Template.UPDATE_CARD, since=Since.ASKED, channel=Channel.SMS)
    plans = {
        family: replace(plan, campaign=(*plan.campaign, text))
        for family, plan in policy.plans.items()
        if family is DeclineFamily.FUNDS
    }
    return replace(policy, plans={**policy.plans, **plans})


async def linked(site: Site, policy: Policy | None = None) -> UUID:
    site.world.policies[ACME, POLICY.version] = policy or with_a_text()
    story = Story(invoice_id="in_0001", opened_at=NOW - 3 * DAY, card=DE_CARD)
    case_id = await site.tell(story)
    await site.link(TOKEN, case_id)
    return case_id


def word(site: Site, case_id: UUID) -> TextConsent | None:
    held = site.world.text_consents.get((ACME, case_id), ())
    return held[-1] if held else None


async def test_agreeing_is_kept_with_the_words_that_were_read(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    case_id = await linked(site)
    page = (await stranger.get(LINK)).text
    assert "Acme Books may text me about this payment at this number." in page
    assert 'type="checkbox" name="agree" value="yes" required' in page
    assert " checked" not in page
    answer = await stranger.post(f"{LINK}/texts", data=AGREED)
    assert (answer.status_code, answer.headers["location"]) == (303, LINK)
    held = word(site, case_id)
    assert held is not None
    assert (held.number, held.by, held.wording) == (NUMBER, ConsentBy.CUSTOMER, "texts/1/en")
    assert held.given_at == NOW
    entry = list(site.world.audit.values())[-1]
    assert "agree_to_texts" in repr(entry)
    assert NUMBER not in repr(entry)
    page = (await stranger.get(LINK)).text
    assert "at the number ending in 55" in page
    assert "3920055" not in page
    assert 'name="number"' not in page


async def test_it_is_taken_back_and_the_number_is_gone(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    case_id = await linked(site)
    await stranger.post(f"{LINK}/texts", data=AGREED)
    await stranger.post(f"{LINK}/texts", data={"withdraw": "yes"})
    held = word(site, case_id)
    assert held is not None
    assert (held.number, held.withdrawn_at) == (None, NOW)
    assert NUMBER not in repr(site.world)
    assert 'name="number"' in (await stranger.get(LINK)).text


@pytest.mark.parametrize(
    "number", ["", "0", "my phone", "030 123456", "0900 1 123456", "+1" * 30, "\x00", "<b>"]
)
async def test_what_is_no_mobile_is_said_to_be_none_and_is_not_kept(
    site: Site, stranger: httpx.AsyncClient, number: str
) -> None:
    case_id = await linked(site)
    answer = await stranger.post(f"{LINK}/texts", data={"number": number, "agree": "yes"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{LINK}?number=unread#texts"
    assert word(site, case_id) is None
    page = (await stranger.get(f"{LINK}?number=unread")).text
    assert "This does not look like a mobile number" in page
    assert 'aria-invalid="true"' in page


@pytest.mark.parametrize("form", [{"number": NUMBER}, {"number": NUMBER, "agree": "no"}, {}])
async def test_without_the_tick_nothing_is_agreed_to(
    site: Site, stranger: httpx.AsyncClient, form: dict[str, str]
) -> None:
    case_id = await linked(site)
    answer = await stranger.post(f"{LINK}/texts", data=form)
    assert answer.headers["location"] == LINK
    assert word(site, case_id) is None


@pytest.mark.parametrize("policy", [POLICY, replace(with_a_text(), most_texts=0)])
async def test_nobody_asks_where_the_rules_have_no_text_or_allow_none(
    site: Site, stranger: httpx.AsyncClient, policy: Policy
) -> None:
    case_id = await linked(site, policy)
    assert 'name="number"' not in (await stranger.get(LINK)).text
    await stranger.post(f"{LINK}/texts", data=AGREED)
    assert word(site, case_id) is None


async def test_nobody_asks_where_nobody_texts() -> None:
    house = Site(texting=False)
    await house.open_house()
    async with running(house), visitor(house) as stranger:
        await linked(house)
        assert 'name="number"' not in (await stranger.get(LINK)).text


async def test_a_link_that_leads_nowhere_agrees_to_nothing(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site)
    answer = await stranger.post("/r/unknown/texts", data=AGREED)
    assert (answer.status_code, answer.headers["location"]) == (303, "/r/unknown")
    assert site.world.text_consents == {}


async def test_a_word_holds_for_all_that_is_owed(site: Site, stranger: httpx.AsyncClient) -> None:
    await linked(site)
    both = [
        await site.tell(
            Story(invoice_id=name, opened_at=NOW - 2 * DAY, person="anna", card=DE_CARD)
        )
        for name in ("in_0007", "in_0008")
    ]
    await site.link("another-token", both[0])
    await stranger.post("/r/another-token/texts", data=AGREED)
    assert [held is not None and held.number for held in (word(site, each) for each in both)] == [
        NUMBER,
        NUMBER,
    ]


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_it_is_asked_in_the_language_of_the_page(
    site: Site, stranger: httpx.AsyncClient, tag: str
) -> None:
    case_id = await linked(site)
    speech, liked = speech_in(tag), {"accept-language": tag}
    page = (await stranger.get(LINK, headers=liked)).text
    assert speech.texts["open"] in page
    assert speech.texts["note"] in page
    await stranger.post(f"{LINK}/texts", data={**AGREED, "number": NUMBER}, headers=liked)
    held = word(site, case_id)
    assert held is not None
    assert held.wording == f"texts/1/{tag}"
    assert speech.texts["withdraw"] in (await stranger.get(LINK, headers=liked)).text


async def test_the_case_tells_of_texts_and_why_one_did_not_go(
    site: Site, mara: httpx.AsyncClient
) -> None:
    case_id = await linked(site)
    held = site.world.cases[ACME, case_id]
    step = held.state.reminders + 1

    async def happens(*events: e.Event) -> str:
        known = site.world.cases[ACME, case_id]
        after = replay((*known.events, *events))
        async with site.cases.open_uow(ACME) as uow:
            await uow.cases.append(case_id, known.state.version, events, after)
            await uow.actions.put(case_id, next_action(after))
        return (await mara.get(f"/cases/{case_id}")).text

    soon = NOW + timedelta(hours=1)
    planned = e.ReminderPlanned(at=NOW, step=step, due_at=soon, channel=Channel.SMS)
    page = await happens(planned)
    assert "We text the customer, if they have agreed to it by then" in page
    assert f"Reminder {step}, a text message, was planned" in page
    begun = e.ReminderStarted(at=NOW, step=step, message_id="m", channel=Channel.SMS)
    assert f"We texted the customer, reminder {step}" in await happens(begun)
    failed = e.ReminderFailed(at=NOW, step=step, reason="Twilio 30003")
    assert f"Reminder {step} could not be delivered." in await happens(failed)
    skipped = e.ReminderSkipped(at=NOW, step=step + 1, reason="no_consent")
    page = await happens(replace(planned, step=step + 1), skipped)
    assert "The customer has not agreed to text messages about it." in page
