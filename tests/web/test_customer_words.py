"""The customer's pages in nine languages, by what the browser likes."""

import re
import tomllib
from datetime import date, timedelta

import httpx
import pytest
from msgspec.structs import replace

from domain.invoice import Card
from tests.web.site import ACME, NOW, Site
from tests.web.stories import POLICY, Story
from tests.web.test_backup_card import AMEX
from web.wording.customer import LANGUAGES, TEXTS, speech_in

TOKEN = "t0ken-of-forty-three-letters-and-more-of-them"
FIELD = re.compile(r"\{(\w*)\}")
DAY = timedelta(days=1)


def flat(tag: str) -> dict[tuple[str, str], str]:
    told = tomllib.loads((TEXTS / f"{tag}.toml").read_text())
    return {(page, name): words for page, named in told.items() for name, words in named.items()}


@pytest.mark.parametrize("tag", LANGUAGES[1:])
def test_every_language_says_as_much_and_fills_in_the_same(tag: str) -> None:
    english, other = flat("en"), flat(tag)
    assert set(other) == set(english)
    for name, words in other.items():
        assert words.strip()
        if name[0] != "days":
            assert sorted(FIELD.findall(words)) == sorted(FIELD.findall(english[name])), name
            assert not re.sub(FIELD, "", words).count("{")


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("de", "de"), ("de-AT,en;q=0.5", "de"), ("en;q=0.5, fr;q=0.9", "fr"), ("pt-PT", "pt-BR"),
        ("zh, ja;q=0.3", "ja"), ("", "en"), ("*", "en"), ("xx", "en"), ("de;q=zero, nl", "nl"),
        (";;;,,,=q", "en"), ("a" * 9_000, "en"), ("pl;q=0.8,it;q=0.8", "pl"),
    ],
)  # fmt: skip
async def test_the_page_is_in_what_the_browser_likes_best(
    stranger: httpx.AsyncClient, header: str, tag: str
) -> None:
    page = await stranger.get("/r/unknown", headers={"accept-language": header})
    assert page.status_code == 404
    assert f'<html lang="{tag}">' in page.text
    assert speech_in(tag).over["gone"] in page.text
    assert "Accept-Language" in page.headers["vary"]


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_all_that_is_on_the_page_is_in_one_language(
    site: Site, stranger: httpx.AsyncClient, tag: str
) -> None:
    site.world.policies[ACME, POLICY.version] = replace(POLICY, use_backup=True)
    story = Story(invoice_id="in_0001", opened_at=NOW - 3 * DAY)
    await site.link(TOKEN, await site.tell(story))
    site.payments.wallets[story.customer().customer_id] = (AMEX,)
    speech, liked = speech_in(tag), {"accept-language": tag}
    page = (await stranger.get(f"/r/{TOKEN}", headers=liked)).text
    for words in (
        speech.pay["again"], speech.pay["pay_now"], speech.day["another"], speech.day["button"],
        speech.backup["agree"], speech.card(AMEX), speech.pay["on_stripe"].split("{")[0],
    ):  # fmt: skip
        assert words in page
    letters = (await stranger.get(f"/u/{TOKEN}", headers=liked)).text
    assert speech.letters["question"] in letters
    assert speech.letters["stop"] in letters


async def test_the_amount_is_written_as_there(site: Site, stranger: httpx.AsyncClient) -> None:
    story = Story(invoice_id="in_0001", opened_at=NOW - 3 * DAY)
    await site.link(TOKEN, await site.tell(story))
    for tag, amount in (("en", "29.00"), ("de", "29,00"), ("ja", "29.00"), ("pt-BR", "29,00")):
        page = await stranger.get(f"/r/{TOKEN}", headers={"accept-language": tag})
        assert amount in page.text


@pytest.mark.parametrize(
    ("tag", "day", "month", "card"),
    [
        ("en", "Friday 3 July", "June 2026", "Visa ending in 4242"),
        ("de", "Freitag, 3. Juli", "Juni 2026", "Visa mit der Endung 4242"),
        ("fr", "vendredi 3 juillet", "juin 2026", "Visa se terminant par 4242"),
        ("pt-BR", "3 de julho", "junho de 2026", "Visa com final 4242"),
        ("pl", "3 lipca", "czerwca 2026", "Visa o końcówce 4242"),
        ("ja", "7月3日\uff08金\uff09", "2026年6月", "末尾 4242 の Visa"),
    ],
)
def test_days_months_and_cards_are_said_as_there(tag: str, day: str, month: str, card: str) -> None:
    speech = speech_in(tag)
    assert speech.weekday(date(2026, 7, 3)) == day
    assert speech.month("2026-06") == month
    visa = Card(payment_method="pm_1", fingerprint="fp_1", brand="visa", last4="4242")
    assert speech.card(visa) == card
