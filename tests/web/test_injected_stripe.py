"""Whatever people type at Stripe, or machines say there: on our pages it is words."""

from collections.abc import AsyncIterator, Iterable
from typing import Final
from uuid import uuid4

import pytest
from msgspec.structs import replace

from domain.tasks import TaskKind
from tests.web.injected.asking import Answer, Browser
from tests.web.injected.house import ELSEWHERE, House
from tests.web.injected.seen import Known
from tests.web.injected.stripe import CURRENCY, MACHINES, PEOPLE, opened
from tests.web.injected.table import How, fields
from tests.web.injections import tried_on
from tests.web.site import ACME, running

ACCOUNT_NAME: Final = "account name"
# What is longer, shorter or missing changes a page too.
LENGTHS: Final = ("Anna", "", " ", "0", "a" * 9_000)
SPOKEN: Final = (
    *("4242", "en", "DE", "eur", "jpy", "yes", "visa", "debit", "anna@ours.example", "2026-07-01"),
    *("insufficient_funds", "expired_card", "do_not_honor", "authentication_required"),
    *("lost_card", "confirm_card_data", "do_not_try_again", "+491713920055"),
)


class Told:
    """A merchant's house, and one case more with each thing that Stripe says."""

    def __init__(self, house: House, mara: Browser, key: str) -> None:
        self._house, self._mara, self._key, self._cases = house, mara, key, 0

    async def pages(self, text: str, said: frozenset[str]) -> list[tuple[str, Answer]]:
        """Where it shows; nowhere if there is no such invoice."""
        self._cases += 1
        number = self._cases
        case_id = await opened(self._house, number, text, said)
        if case_id is None:
            return []
        task_id = await self._house.ask(TaskKind.LARGE_AMOUNT, case_id)
        merchants = [f"/cases/{case_id}", "/cases", "/tasks"]
        customers = [f"/r/t{number}", f"/u/t{number}"]
        key = {"authorization": f"Bearer {self._key}"}
        entitled = await self._mara.get(f"/api/v1/customers/cus_{number}/entitlement", key)
        assert b'"grace"' in entitled.body
        stranger = Browser(self._house)
        answers = [
            ("API", entitled),
            *[(page, await self._mara.get(page)) for page in merchants],
            *[(page, await stranger.get(page)) for page in customers],
        ]
        self._house.forget_case(case_id, task_id)  # lists of them stay as long as they are
        return answers


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    house = House()
    async with running(house):
        mara = await house.furnish()
        made = await house.parts.api_keys.make(ACME, uuid4(), "Shop", "user:1")
        yield Told(house, mara, made)


@pytest.mark.parametrize("said", [PEOPLE, MACHINES, CURRENCY], ids=["people", "machines", "money"])
async def test_nothing_that_stripe_says_comes_through(told: Told, said: frozenset[str]) -> None:
    known, shown, found = Known(ELSEWHERE), 0, []
    for some, texts in ((said, (*LENGTHS, *SPOKEN)), *(({name}, LENGTHS) for name in said)):
        for text in texts:
            for _, answer in await told.pages(text, frozenset(some)):
                known.learn(answer)
    for text in tried_on(f"stripe {min(said)}"):
        for page, answer in await told.pages(text, said):
            shown += 1
            found += [(page, text[:80], fault) for fault in known.faults(answer)]
    assert found[:9] == []
    assert shown or said is CURRENCY


async def test_an_accounts_name_is_words() -> None:
    house = House()
    async with running(house):
        mara = await house.furnish()
        desk = house.stripe_desk
        known, found = Known(ELSEWHERE), []
        for name in ("Anna", "", "a" * 9_000):
            desk.it = replace(desk.it, name=name)
            known.learn(await mara.get("/settings/stripe"))
        for name in tried_on(ACCOUNT_NAME):
            desk.it = replace(desk.it, name=name)
            found += list(known.faults(await mara.get("/settings/stripe")))
    assert found[:9] == []


def test_every_field_of_stripes_is_tried() -> None:
    tried: Iterable[str] = {*PEOPLE, *MACHINES, *CURRENCY, ACCOUNT_NAME}
    assert tried == {each.name for each in fields(How.STRIPE)}
