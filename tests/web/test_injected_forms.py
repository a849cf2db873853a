"""Whatever somebody fills into a form: pages keep their structure, and nobody is led elsewhere."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

import pytest

from tests.web.injected.asking import Answer, Browser
from tests.web.injected.house import ASKED, BESIDE, ELSEWHERE, TOKEN, House
from tests.web.injected.seen import Known
from tests.web.injected.table import LETTER, How, fields
from tests.web.injections import tried_on
from tests.web.site import running

# Where one that is refused would hide what becomes of another: which are tried together.
APART: Final = {
    "/sign-in": ("email password", "next"),
    "/settings/in-your-app": ("shown banner wall", "grace_days", "origins"),
    "/settings/brand": (
        *("display_name sender_name footer legal_address", "colour as width"),
        *("reply_to support_email", "support_url"),
    ),
    LETTER: ("subject preview", "opening body after", "button", "do case as width"),
    "/r/{}/problem": ("about words", "back"),
    "/r/{}/texts": ("number", "agree", "withdraw"),
    "/r/{}/backup": ("card", "withdraw"),
}
# Where else it shows, once it is kept.
THEN: Final = {
    "/settings/brand": ("/settings/brand", f"/r/{TOKEN}", f"/u/{TOKEN}"),
    LETTER: ("/settings/letters/payment_failed/en",),
    "/settings/in-your-app": ("/settings/in-your-app",),
    "/settings/sending/address": ("/settings/sending",),
    "/settings/links/host": ("/settings/links",),
    "/settings/stripe/connect": ("/settings/stripe",),
    "/settings/tasks": ("/settings/tasks",),
    "/r/{}/problem": ("/cases/{asked}",),
}
# Where a merchant's help is on the web they say themselves, if it is https.
HELP: Final = "leads by href to https:"
HARMLESS: Final = (
    *("Anna", "", "5", "a" * 10_000, "a" * 210_000, "Anna\u200b", "{{anna}}", "text"),
    *("0123456789abcdef", "00000000-0000-4000-8000-00000000000b", "2026-07-01T00:00:00+00:00"),
    *("https://ours.example", "anna@ours.example", "ours.example", "#0a6a45", "yes", "test"),
)
AT: Final = tuple(dict.fromkeys(each.at for each in fields(How.FORM) if each.at.startswith("/")))


class Trial:
    """One form, and what its pages are made of when nobody means harm."""

    def __init__(self, house: House, mara: Browser, at: str) -> None:
        self._house, self._at = house, at
        self._somebody = Browser(house) if at == "/sign-in" else mara
        self.known = Known(ELSEWHERE)

    async def write(self, names: tuple[str, ...], text: str) -> list[tuple[str, Answer]]:
        """The answer, and the pages on which it may show then."""
        if self._at == "/sign-in":
            await self._somebody.see_form()
        self._house.forget_words()
        path = self._path()
        form = {**BESIDE.get(self._at, {}), **dict.fromkeys(names, text)}
        answers = [(path, await self._somebody.post(path, form))]
        if answers[0][1].status == 303 and "refused" not in answers[0][1].header("location"):
            for page in THEN.get(self._at, ()):
                shown = page.format(asked=self._house.asked_id)
                answers.append((shown, await self._somebody.get(shown)))
        return answers

    async def learn(self, names: tuple[str, ...]) -> None:
        """What its pages can be made of."""
        for text in HARMLESS:
            for _, answer in await self.write(names, text):
                self.known.learn(answer)

    def faults(self, names: tuple[str, ...], shown: str, answer: Answer) -> Iterator[str]:
        """What has come through, and on which page."""
        leads = (HELP,) if "support_url" in names else ()
        again = shown == self._path() or answer.status != 200
        for fault in self.known.faults(answer, leads=leads, unseen=again):
            yield f"{shown} {fault}"

    def _path(self) -> str:
        if self._at == "/r/{}/problem":
            return f"/r/{ASKED}/problem"
        return self._house.fill(self._at)


def _groups(at: str) -> list[tuple[str, ...]]:
    names = tuple(each.name for each in fields(How.FORM) if each.at == at)
    apart = [tuple(together.split()) for together in APART.get(at, ())]
    assert not apart or sorted(names) == sorted(name for group in apart for name in group)
    return apart or [names]


@pytest.fixture
async def house() -> AsyncIterator[tuple[House, Browser]]:
    house = House()
    async with running(house):
        yield house, await house.furnish()


@pytest.mark.parametrize("at", AT)
async def test_nothing_comes_through_a_form(house: tuple[House, Browser], at: str) -> None:
    trial, found = Trial(*house, at), []
    for names in _groups(at):
        await trial.learn(names)
    for names in _groups(at):
        for text in tried_on(f"{at} {names}"):
            for shown, answer in await trial.write(names, text):
                found += [(names, text[:80], fault) for fault in trial.faults(names, shown, answer)]
    assert found[:9] == []
