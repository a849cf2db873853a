"""The rehearsal's Twilio: texts beside the letters, and people who answer them."""

from pathlib import Path

import aiohttp
import pytest

from tests.rehearsal.phones import MONDAY, SENDER, SID, TOKEN, Phones, phones

NUMBER = "+12025550123"
FORM = {"To": NUMBER, "From": SENDER, "Body": "Fern: pay at https://x.example/r/abc STOP to end"}
LOGIN = aiohttp.BasicAuth(SID, TOKEN)


async def sent(there: Phones, login: aiohttp.BasicAuth = LOGIN, **changes: str) -> tuple[int, int]:
    """Status, and Twilio's code if it has one."""
    path = f"/2010-04-01/Accounts/{SID}/Messages.json"
    async with there.session.post(path, data={**FORM, **changes}, auth=login) as answer:
        told = await answer.json()
        return answer.status, told.get("code", 0)


async def page(there: Phones, path: str) -> str:
    async with there.session.get(path) as answer:
        return await answer.text()


async def test_a_text_is_listed_and_shown_as_one(tmp_path: Path) -> None:
    async with phones(tmp_path) as there:
        assert await sent(there) == (201, 0)
        (kept,) = there.store.newest(10)
        assert (kept.recipient, kept.sender, kept.is_text) == (NUMBER, SENDER, True)
        assert kept.received_at == MONDAY
        listed = await page(there, "/")
        assert "Text message" in listed
        assert NUMBER in listed
        shown = await page(there, f"/messages/{kept.id}")
        assert '<a href="https://x.example/r/abc"' in shown
        assert ">STOP</button>" in shown


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"To": "0171"}, 21211), ({"Body": ""}, 21602), ({"From": ""}, 21603),
     ({"Body": "x" * 1_601}, 21617)],
)  # fmt: skip
async def test_what_twilio_would_not_take_is_not_taken(
    tmp_path: Path, changes: dict[str, str], code: int
) -> None:
    async with phones(tmp_path) as there:
        assert await sent(there, **changes) == (400, code)
        assert there.bodies() == []


async def test_a_stranger_is_not_let_in(tmp_path: Path) -> None:
    async with phones(tmp_path) as there:
        assert await sent(there, aiohttp.BasicAuth(SID, "0" * 32)) == (401, 20003)


async def test_an_answer_is_handed_in_signed_and_a_stop_is_kept(tmp_path: Path) -> None:
    async with phones(tmp_path) as there:
        await sent(there)
        (kept,) = there.store.newest(10)
        form = {"words": "STOP"}
        where = f"/messages/{kept.id}/answer"
        async with there.session.post(where, data=form) as answer:
            assert "ChargeChase heard the answer." in await answer.text()
        told = next(fields for _, fields, _ in there.told if "Body" in fields)
        assert (told["From"], told["To"], told["Body"]) == (NUMBER, SENDER, "STOP")
        assert await sent(there) == (400, 21610)
        await there.double.say(NUMBER, SENDER, "START")
        assert await sent(there) == (201, 0)


async def test_what_is_replied_arrives_on_the_phone(tmp_path: Path) -> None:
    async with phones(tmp_path) as there:
        there.reply = "<Response><Message>Fern &amp; Ink: questions?</Message></Response>"
        assert await there.double.say(NUMBER, SENDER, "HELP") == "Fern & Ink: questions?"
        assert there.bodies() == ["Fern & Ink: questions?"]


async def test_a_page_of_no_text_answers_nothing(tmp_path: Path) -> None:
    async with phones(tmp_path) as there:
        async with there.session.post("/messages/7/answer", data={"words": "STOP"}) as answer:
            assert answer.status == 404
        assert there.told == []
        async with there.session.put("/_twilio/faults", data=b"{}") as answer:
            assert answer.status == 400
