"""Merchants write letters: what is refused and where, what stays text, and who may see it."""

import re
from html import unescape
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from application.ports.wordings import MOST_TESTS, LetterRef, WordsUsed
from domain.letters import OURS, InUse, LetterKind
from tests.adapters.test_email_reminder import Seen
from tests.web.injections import BRACED, HIDDEN, PLAIN
from tests.web.site import ACME, EMAIL, NOW, OTHER, STRANGER, Site, form_token, sign_in, visitor
from tests.web.stories import Story
from web.wording.letters import GROUPS, LANGUAGES, LETTERS

LIST = "/settings/letters"
PAGE = f"{LIST}/payment_failed/en"
FAILED = LetterRef(LetterKind.PAYMENT_FAILED, "en")
GOOD = {
    "subject": "{{amount}} to {{merchant}}",
    "preview": "",
    "opening": "Dear {{customer}},\r\n| Hello,",
    "body": "It was declined.",
    "button": "Pay now",
    "after": "",
}


async def send(browser: httpx.AsyncClient, path: str = PAGE, **form: Any) -> httpx.Response:
    token = form_token((await browser.get(PAGE)).text)
    return await browser.post(path, data={"form_token": token, **GOOD, **form})


def in_use(site: Site, letter: LetterRef = FAILED) -> InUse:
    used = site.world.uses.get((ACME, letter), ())
    return used[-1].use if used else InUse()


def versions(site: Site, letter: LetterRef = FAILED) -> int:
    return len(site.world.wordings.get((ACME, letter), ()))


def test_every_letter_has_its_name_and_its_place_in_the_list() -> None:
    assert set(LETTERS) == set(LetterKind)
    assert sorted(kind for _, kinds in GROUPS for kind in kinds) == sorted(LetterKind)


async def test_all_letters_are_listed_in_each_language(site: Site, mara: httpx.AsyncClient) -> None:
    assert tuple(LANGUAGES) == site.desk.languages
    for language in LANGUAGES:
        page = (await mara.get(f"{LIST}?language={language}")).text
        for kind in LetterKind:
            assert f'href="{LIST}/{kind}/{language}"' in page
    assert ">Ours<" in (await mara.get(LIST)).text
    assert (await mara.get(f"{LIST}?language=%00")).status_code == 200


@pytest.mark.parametrize("kind", LetterKind)
async def test_our_text_is_the_starting_point_of_every_letter(
    site: Site, mara: httpx.AsyncClient, kind: LetterKind
) -> None:
    for language in ("en", "ja"):
        page = unescape((await mara.get(f"{LIST}/{kind}/{language}")).text)
        ours = site.desk.ours(kind, language)
        for block in (ours.subject, ours.opening, ours.body, ours.after):
            assert block in page
        assert ('name="button"' in page) == kind.asks
        for field in kind.always | kind.sometimes:
            assert f"<code>{{{{{field}}}}}</code>" in page


@pytest.mark.parametrize(
    "path",
    [
        f"{LIST}/nothing/en", f"{LIST}/payment_failed/xx", f"{LIST}/payment_failed/EN",
        f"{LIST}/PAYMENT_FAILED/en", f"{LIST}/payment_failed/..%2fen", f"{LIST}/%00/en",
    ],
)  # fmt: skip
async def test_a_letter_that_is_not_there_is_not_found(mara: httpx.AsyncClient, path: str) -> None:
    assert (await mara.get(path)).status_code == 404
    assert (await mara.get(f"{LIST}/payment_failed/zz")).status_code == 404


async def test_nobody_sees_or_changes_it_without_signing_in(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    assert (await stranger.get(PAGE)).headers["location"].startswith("/sign-in")
    for path in (PAGE, f"{PAGE}/preview", f"{PAGE}/check", f"{PAGE}/put"):
        assert (await stranger.post(path, data=GOOD)).status_code == 403
    assert versions(site) == 0


async def test_a_form_without_its_token_changes_nothing(
    site: Site, mara: httpx.AsyncClient
) -> None:
    assert (await mara.post(PAGE, data={**GOOD, "do": "use"})).status_code == 403
    assert versions(site) == 0


async def test_a_draft_is_kept_and_the_page_comes_back_to_it(
    site: Site, mara: httpx.AsyncClient
) -> None:
    answer = await send(mara, do="save")
    assert answer.headers["location"] == f"{PAGE}?done=saved&version=1"
    assert (versions(site), in_use(site)) == (1, InUse())
    page = (await mara.get(answer.headers["location"])).text
    assert "Kept as a draft" in page
    assert "You see: Version 1" in page
    assert "| Hello," in page
    assert "\r" not in site.world.wordings[ACME, FAILED][0].text.opening
    assert "with a draft" in (await mara.get(LIST)).text


async def test_a_letter_comes_into_use_and_ours_comes_back(
    site: Site, mara: httpx.AsyncClient
) -> None:
    assert (await send(mara, do="use")).headers["location"] == f"{PAGE}?done=used"
    assert in_use(site) == InUse(use=1, version=1)
    assert ">Yours<" in (await mara.get(LIST)).text
    back = await send(mara, f"{PAGE}/put", version="0")
    assert back.headers["location"] == f"{PAGE}?done=ours"
    assert in_use(site) == InUse(use=2, version=OURS)
    assert versions(site) == 1
    actions = [entry.action for entry in site.world.audit.values()]
    assert actions == ["write_letter", "use_letter", "use_letter"]
    assert (await send(mara, f"{PAGE}/put", version="7")).status_code == 404
    assert (await send(mara, f"{PAGE}/put", version="x")).status_code == 404


@pytest.mark.parametrize("text", BRACED)
async def test_braces_that_are_no_name_are_refused_with_their_place(
    site: Site, mara: httpx.AsyncClient, text: str
) -> None:
    answer = await send(mara, do="use", body=f"One.\r\nx {text}")
    assert answer.status_code == 422
    assert re.search(r"Body, line 2, column \d+", answer.text)
    assert "49" not in Seen(answer.text).text.replace("7*7", "")
    assert versions(site) == 0
    assert (await send(mara, subject=text, do="use")).status_code == 422


@pytest.mark.parametrize("text", PLAIN)
async def test_what_other_machines_obey_stays_text(
    site: Site, mara: httpx.AsyncClient, text: str
) -> None:
    plain = await send(mara, f"{PAGE}/preview")
    shown = await send(mara, f"{PAGE}/preview", body=text, button=text[:40], subject=text)
    assert Seen(shown.text).tags == Seen(plain.text).tags
    assert Seen(shown.text).links == Seen(plain.text).links
    assert " ".join(text.split()) in " ".join(Seen(shown.text).text.split())
    braces = "{{" in text
    kept = await send(mara, body=text, do="use")
    assert kept.status_code == (422 if braces else 303)
    page = await mara.get(f"{PAGE}?version=1")
    assert "<script>alert" not in page.text
    assert "<svg/onload" not in page.text


@pytest.mark.parametrize("text", HIDDEN)
async def test_what_nobody_sees_is_refused_or_breaks_a_line_of_a_text_alone(
    site: Site, mara: httpx.AsyncClient, text: str
) -> None:
    assert (await send(mara, subject=text, do="use")).status_code == 422
    assert (await send(mara, button=text, do="use")).status_code == 422
    assert versions(site) == 0
    shown = await send(mara, f"{PAGE}/preview", body=text, subject=text, **{"as": "text"})
    assert shown.status_code == 200
    await send(mara, subject=text, do="test")
    assert site.mailer.letters == []


async def test_ten_thousand_characters_are_a_fault_and_ten_megabytes_are_not_read(
    site: Site, mara: httpx.AsyncClient
) -> None:
    for block in GOOD:
        answer = await send(mara, do="use", **{block: "a" * 10_000})
        assert answer.status_code == 422, block
        assert "characters; these are 10000" in answer.text
    bomb = "{{amount}}" * 300
    assert (await send(mara, do="use", body=bomb)).status_code == 303
    shown = await send(mara, f"{PAGE}/preview", body=bomb)
    assert len(shown.text) < 200_000
    nested = "{{" * 1_400 + "}}" * 100
    assert (await send(mara, do="use", body=nested)).status_code == 422
    assert (await send(mara, do="use", body="a" * 10_000_000)).status_code == 413


async def test_a_letter_in_japanese_at_its_limits_can_be_sent(
    site: Site, mara: httpx.AsyncClient
) -> None:
    whole = {"opening": "\u3042" * 1000, "body": "\u3042" * 3000, "after": "\u3042" * 1000}
    assert (await send(mara, do="use", **whole)).status_code == 303


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ({"subject": ""}, "Something must be written here."),
        ({"opening": " "}, "Something must be written here."),
        ({"button": ""}, "The way to pay stays in every letter"),
        ({"subject": "Hi\r\nBcc: all@example.com"}, "Only one line"),
        ({"body": "{{renews_on}}"}, "is never known in this letter"),
        ({"subject": "{{last4}}"}, "Nothing is left where a name has no value"),
        ({"body": "{{amuont}}"}, "Did you mean {{amount}}?"),
    ],
)
async def test_faults_are_told_while_one_writes_and_when_one_sends(
    site: Site, mara: httpx.AsyncClient, blocks: dict[str, str], words: str
) -> None:
    for path, status in ((PAGE, 422), (f"{PAGE}/check", 200)):
        answer = await send(mara, path, do="use", **blocks)
        assert answer.status_code == status
        assert words in unescape(answer.text)
    assert versions(site) == 0


async def test_what_was_typed_is_still_there_beside_its_fault(mara: httpx.AsyncClient) -> None:
    answer = await send(mara, do="use", body="A long <story> of {{nothing}}", opening="Kept.")
    assert "A long &lt;story&gt; of {{nothing}}" in answer.text
    assert ">\nKept.</textarea>" in answer.text
    assert 'aria-invalid="true"' in answer.text


async def test_the_preview_may_do_nothing_and_only_our_page_shows_it(
    mara: httpx.AsyncClient,
) -> None:
    shown = await send(mara, f"{PAGE}/preview")
    policy = shown.headers["content-security-policy"]
    for part in ("default-src 'none'", "sandbox;", "frame-ancestors 'self'", "form-action 'none'"):
        assert part in policy
    assert "script-src" not in policy
    assert shown.headers["x-frame-options"] == "SAMEORIGIN"
    assert shown.headers["cache-control"] == "no-store"
    page = await mara.get(PAGE)
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    assert "'unsafe-inline'" not in page.headers["content-security-policy"]
    assert re.search(r'<iframe name="preview"[^>]* sandbox>', page.text)
    assert "srcdoc" not in page.text


async def test_the_preview_knows_every_language_and_the_plain_text(
    site: Site, mara: httpx.AsyncClient
) -> None:
    for kind in LetterKind:
        for language in LANGUAGES:
            ours = site.desk.ours(kind, language)
            form = {block: getattr(ours, block) for block in GOOD}
            form |= {"form_token": form_token((await mara.get(LIST)).text), "as": "text"}
            shown = await mara.post(f"{LIST}/{kind}/{language}/preview", data=form)
            assert shown.status_code == 200
            assert "{{" not in shown.text
            assert "Acme Books" in shown.text


async def test_a_case_of_ones_own_is_shown_and_nobody_elses(
    site: Site, mara: httpx.AsyncClient
) -> None:
    story = Story(invoice_id="in_1", opened_at=NOW, name="{{amount}} <b>Ines</b>")
    mine = await site.tell(story)
    theirs = await site.tell(Story(invoice_id="in_2", opened_at=NOW, name="Secret"), OTHER)
    page = (await mara.get(PAGE)).text
    assert str(mine) in page
    assert str(theirs) not in page
    shown = await send(mara, f"{PAGE}/preview", case=str(mine))
    assert "{{amount}} &lt;b&gt;Ines&lt;/b&gt;" in shown.text
    answers = [
        (await send(mara, f"{PAGE}/preview", case=case)).text
        for case in (str(theirs), str(ACME), "", "x", "0" * 40)
    ]
    assert len(set(answers)) == 1
    assert "Secret" not in answers[0]


async def test_a_test_goes_to_oneself_alone_and_leads_nowhere(
    site: Site, mara: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    forged = {"to": "victim@example.com", "address": "victim@example.com", "case": "x"}
    answer = await send(mara, do="test", **forged)
    assert answer.status_code == 200
    assert "Sent to your own address." in answer.text
    assert ">\nIt was declined.</textarea>" in answer.text
    (letter,) = site.mailer.letters
    assert letter.to == EMAIL
    assert letter.subject == "[Test] €29.00 to Acme Books"
    assert letter.unsubscribe is None
    for found in set(re.findall(r"http://\S+/[ru]/[\w-]+", letter.text)):
        gone = await stranger.get(found)
        assert gone.status_code == 404
    assert versions(site) == 0
    assert [entry.action for entry in site.world.audit.values()] == ["try_letter"]


async def test_tests_have_a_limit_that_is_each_persons_own(
    site: Site, mara: httpx.AsyncClient
) -> None:
    for _ in range(MOST_TESTS):
        await send(mara, do="test")
    answer = await send(mara, do="test")
    assert "Please wait a little" in answer.text
    assert len(site.mailer.letters) == MOST_TESTS
    async with visitor(site) as otto:
        await sign_in(otto, STRANGER)
        await send(otto, do="test")
    assert site.mailer.letters[-1].to == STRANGER


async def test_a_mail_server_that_is_away_is_told_and_nothing_is_lost(
    site: Site, mara: httpx.AsyncClient
) -> None:
    site.mailer.is_down = True
    answer = await send(mara, do="test", body="Still here.")
    assert answer.status_code == 200
    assert "did not take it just now" in answer.text
    assert "Still here." in answer.text


async def test_one_merchants_words_are_nobody_elses(site: Site, mara: httpx.AsyncClient) -> None:
    await send(mara, do="use", body="The secret of Acme.")
    async with visitor(site) as otto:
        await sign_in(otto, STRANGER)
        for path in (PAGE, f"{PAGE}?version=1"):
            page = (await otto.get(path)).text
            assert "secret" not in page
            assert "You see: Ours" in page
        assert (await send(otto, f"{PAGE}/put", version="1")).status_code == 404


async def test_two_versions_are_compared_and_little_is_said_of_few(
    site: Site, mara: httpx.AsyncClient
) -> None:
    await send(mara, do="save")
    answer = await send(mara, f"{PAGE}/put", version="0", rival="1", percent="30")
    assert answer.headers["location"] == f"{PAGE}?done=comparing"
    assert in_use(site) == InUse(use=1, version=OURS, rival=1, rival_percent=30)
    page = (await mara.get(PAGE)).text
    assert "Too few to say" in page
    assert "70 %" in page
    assert "Comparing two" in (await mara.get(LIST)).text
    for form in ({"rival": "0"}, {"rival": "9"}, {"percent": "100"}, {"percent": "x"}):
        refused = await send(
            mara, f"{PAGE}/put", **{"version": "0", "rival": "1", "percent": "5", **form}
        )
        assert refused.headers["location"] == f"{PAGE}?done=not_compared"


async def test_a_visit_is_counted_where_a_browser_says_that_somebody_came(
    site: Site, mara: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    case_id = await site.tell(Story(invoice_id="in_1", opened_at=NOW))
    await site.link("t0ken", case_id)
    await site.wrote("t0ken", case_id, WordsUsed(letter=FAILED, version=OURS, use=1))
    person = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}

    async def visited() -> bool:
        (held,) = site.world.messages.values()
        return held.visited_at is not None

    for headers in ({}, {"sec-fetch-mode": "cors"}, {**person, "sec-purpose": "prefetch"}):
        assert (await stranger.get("/r/t0ken", headers=headers)).status_code == 200
        assert not await visited()
    await stranger.get("/r/t0ken", headers=person)
    assert await visited()


@pytest.mark.parametrize("name", ["version", "case", "done", "language"])
async def test_odd_addresses_are_no_fault(mara: httpx.AsyncClient, name: str) -> None:
    for text in ("\0", "-1", "9" * 400, "<script>", "\u202e", "\u0661", "{{7*7}}"):
        answer = await mara.get(f"{PAGE}?{name}={quote(text)}")
        assert answer.status_code == 200
        assert "<script>" not in answer.text.split("</head>")[1]
