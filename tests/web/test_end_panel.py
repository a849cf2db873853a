"""The end of a lost case on its page: what is asked, what is to be done by hand, what was done."""

import httpx
import pytest

from adapters.memory.unit_of_work import units_of_work
from application.ports.payments import StripeUnavailable
from domain.policy import EndAction
from domain.recovery import events as e
from domain.recovery.case import replay
from tests.web.site import ACME, NOW, Site, form_token
from tests.web.stories import Story
from web.reasons import WHY_NOT, why_not
from web.wording.ends import DID, GONE, TO_DO, end_panel

LINK = "https://dashboard.stripe.com/acct_books/"


async def ended(site: Site, *events: e.Event) -> str:
    """The path of a case that was lost, after these events."""
    case_id = await site.tell(Story(invoice_id="in_1", opened_at=NOW))
    async with units_of_work(site.world)(ACME) as work:
        history = tuple(await work.cases.load(case_id))
        for event in events:
            history = (*history, event)
            await work.cases.append(case_id, len(history) - 1, (event,), replay(history))
    return f"/cases/{case_id}"


def lost(then: EndAction, *, confirm: bool = False) -> e.CaseLost:
    return e.CaseLost(at=NOW, reason=e.LossReason.WINDOW_OVER, then=then, confirm=confirm)


async def press(mara: httpx.AsyncClient, path: str, answer: str) -> httpx.Response:
    token = form_token((await mara.get(path)).text)
    form = {"form_token": token, "answer": answer}
    return await mara.post(f"{path}/end", data=form, follow_redirects=True)


async def test_an_end_that_nothing_brings_back_has_a_button_for_yes_and_one_for_no(
    site: Site, mara: httpx.AsyncClient
) -> None:
    path = await ended(site, lost(EndAction.VOID_INVOICE, confirm=True))
    page = (await mara.get(path)).text
    assert "Please confirm: void this invoice" in page
    assert GONE[EndAction.VOID_INVOICE] in page
    page = (await press(mara, path, "confirm")).text
    assert "You confirmed" in page
    assert "Please confirm" not in page


async def test_a_no_is_told_on_the_timeline(site: Site, mara: httpx.AsyncClient) -> None:
    path = await ended(site, lost(EndAction.CANCEL_SUBSCRIPTION, confirm=True))
    assert "You left it in Stripe as it is." in (await press(mara, path, "leave")).text


async def test_a_task_says_why_leads_to_stripe_and_is_done_with_a_button(
    site: Site, mara: httpx.AsyncClient
) -> None:
    told = e.EndActionDone(at=NOW, result=e.EndResult.BY_HAND, reason="permission_missing")
    path = await ended(site, lost(EndAction.CANCEL_AT_PERIOD_END), told)
    page = (await mara.get(path)).text
    assert "You have to cancel this subscription at the end of its period" in page
    assert WHY_NOT["permission_missing"] in page
    assert LINK in page
    assert "You have to" not in (await press(mara, path, "done")).text


async def test_what_cannot_be_taken_back_says_why_and_stays(
    site: Site, mara: httpx.AsyncClient
) -> None:
    done = e.EndActionDone(at=NOW, result=e.EndResult.DONE)
    path = await ended(site, lost(EndAction.PAUSE_COLLECTION), done)
    assert DID[EndAction.PAUSE_COLLECTION].split("\u2019")[1] in (await mara.get(path)).text
    site.payments.forbids = "key_revoked"
    assert WHY_NOT["key_revoked"] in (await press(mara, path, "undo")).text
    site.payment_fault = StripeUnavailable("timeout")
    assert WHY_NOT["unavailable"] in (await press(mara, path, "undo")).text


async def test_an_answer_to_what_is_not_asked_changes_nothing(
    site: Site, mara: httpx.AsyncClient
) -> None:
    path = await ended(site, lost(EndAction.KEEP))
    assert (await press(mara, path, "undo")).status_code == 200
    assert (await press(mara, path, "everything")).status_code == 404
    nobodys = "/cases/00000000-0000-0000-0000-000000000001"
    token = form_token((await mara.get(path)).text)
    form = {"form_token": token, "answer": "undo"}
    assert (await mara.post(f"{nobodys}/end", data=form)).status_code == 404


async def test_an_address_puts_no_words_onto_the_page(site: Site, mara: httpx.AsyncClient) -> None:
    path = await ended(site, lost(EndAction.VOID_INVOICE, confirm=True))
    page = (await mara.get(path, params={"refused": "Send money to Eve"})).text
    assert "Eve" not in page


@pytest.mark.parametrize("action", [end for end in EndAction if end is not EndAction.KEEP])
def test_every_end_can_be_said(action: EndAction) -> None:
    told = e.EndActionDone(at=NOW, result=e.EndResult.BY_HAND)
    opened = Story(invoice_id="in_1", opened_at=NOW).until(NOW)
    panel = end_panel((*opened, lost(action), told))
    assert panel is not None
    assert TO_DO[action] in panel.title
    assert panel.link is not None
    assert panel.link.startswith(LINK)


def test_a_code_without_a_sentence_is_named() -> None:
    assert "some_new_code" in why_not("some_new_code")


async def test_what_waits_for_the_merchant_is_one_click_away_and_leaves_the_list_when_answered(
    site: Site, mara: httpx.AsyncClient
) -> None:
    assert "Needs you" not in (await mara.get("/cases")).text
    path = await ended(site, lost(EndAction.VOID_INVOICE, confirm=True))
    page = (await mara.get("/cases")).text
    assert "/cases?phase=needs_you" in page
    assert path in (await mara.get("/cases?phase=needs_you")).text
    await press(mara, path, "leave")
    narrowed = (await mara.get("/cases?phase=needs_you")).text
    assert path not in narrowed
    assert "No case is in this state" in narrowed
