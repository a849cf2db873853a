"""The brand: what customers see of a merchant, and what cannot be smuggled into it."""

import re
from html import unescape
from io import BytesIO
from uuid import uuid4

import httpx
import pytest
from msgspec.structs import replace
from PIL import Image

from application.ports.brands import MOST_LOGO_BYTES
from domain.brand import BRAND_TEXTS, Brand, parse
from tests.adapters.test_email_reminder import Seen
from tests.adapters.test_logo import PAYLOAD, SVG, drawn, png_of, written
from tests.web.injections import BRACED, HIDDEN, PLAIN
from tests.web.site import ACME, NOW, OTHER, STRANGER, Site, form_token, running, sign_in, visitor
from tests.web.stories import Story
from tests.web.test_design import CSS
from tests.web.test_stripe_account import ACCOUNT, Desk
from web.brand_look import stylesheet
from web.wording.letters import BRAND_FIELDS, LOGO_REFUSED

PAGE = "/settings/brand"
TOKEN = "t0ken-of-forty-three-letters-and-more-of-them"
WHOLE = {
    "colour": "#ffb300",
    "display_name": "Nordlicht",
    "sender_name": "Anna of Nordlicht",
    "reply_to": "anna@nordlicht.example",
    "footer": "Books since 1987",
    "legal_address": "Hafenstr. 1\r\n20457 Hamburg",
    "support_email": "help@nordlicht.example",
    "support_url": "https://nordlicht.example/help",
}


async def send(browser: httpx.AsyncClient, path: str = PAGE, **form: str) -> httpx.Response:
    token = form_token((await browser.get(PAGE)).text)
    return await browser.post(path, data={"form_token": token, **form})


async def upload(browser: httpx.AsyncClient, raw: bytes, name: str = "logo.png") -> httpx.Response:
    token = form_token((await browser.get(PAGE)).text)
    files = {"logo": (name, raw, "image/png")}
    return await browser.post(f"{PAGE}/logo", data={"form_token": token}, files=files)


def brand(site: Site) -> Brand:
    return site.world.brands.get(ACME, Brand())


async def customers_page(site: Site, browser: httpx.AsyncClient) -> httpx.Response:
    await site.link(TOKEN, await site.tell(Story(invoice_id="in_1", opened_at=NOW)))
    return await browser.get(f"/r/{TOKEN}")


def test_every_field_has_its_words() -> None:
    assert set(BRAND_FIELDS) == set(BRAND_TEXTS)
    assert {"too_large", "too_many_pixels", "not_a_picture"} <= set(LOGO_REFUSED)


async def test_the_form_begins_with_what_holds_now(site: Site, mara: httpx.AsyncClient) -> None:
    page = (await mara.get(PAGE)).text
    assert page.count('value="Acme Books"') == 2
    await send(mara, **WHOLE)
    page = unescape((await mara.get(PAGE)).text)
    for name, value in WHOLE.items():
        assert value.replace("\r", "") in page, name


async def test_customers_see_the_brand(
    site: Site, mara: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    await send(mara, **WHOLE)
    assert (await upload(mara, written(drawn()))).headers["location"] == f"{PAGE}?kept=yes"
    page = await customers_page(site, stranger)
    for words in ('alt="Nordlicht"', "Books since 1987", "20457 Hamburg", "help@nordlicht.example"):
        assert words in page.text
    assert 'href="https://nordlicht.example/help"' in page.text
    assert "Acme Books" not in page.text
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    logo = re.search(r'src="(/brand/[^"]+)"', page.text)
    style = re.search(r'href="(/brand/colours/[^"]+)"', page.text)
    assert logo is not None
    assert style is not None
    shown = await stranger.get(logo[1])
    assert shown.headers["content-type"] == "image/png"
    assert "immutable" in shown.headers["cache-control"]
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert Image.open(BytesIO(shown.content)).size == (480, 120)
    css = await stranger.get(style[1])
    assert css.headers["content-type"].startswith("text/css")
    assert "--brand:light-dark(#ffb300,#ffb300)" in css.text


async def test_without_a_brand_the_page_is_as_it_was(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    page = (await customers_page(site, stranger)).text
    assert '<h1 class="merchant">Acme Books</h1>' in page
    assert "/brand/" not in page
    assert "<footer" not in page


async def test_a_logo_is_taken_away_again(site: Site, mara: httpx.AsyncClient) -> None:
    await upload(mara, written(drawn()))
    assert brand(site).logo is not None
    await send(mara, f"{PAGE}/logo", none="yes")
    assert brand(site).logo is None


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "no_file"),
        (SVG, "not_a_picture"),
        (PAYLOAD, "not_a_picture"),
        (b"GIF89a" + PAYLOAD, "not_a_picture"),
        (png_of(50_000, 50_000), "too_many_pixels"),
        (written(drawn()) + b"\0" * MOST_LOGO_BYTES, "too_large"),
    ],
)
async def test_a_file_that_is_no_logo_is_told_so_and_changes_nothing(
    site: Site, mara: httpx.AsyncClient, raw: bytes, reason: str
) -> None:
    answer = await upload(mara, raw)
    assert answer.headers["location"] == f"{PAGE}?refused={reason}"
    assert LOGO_REFUSED[reason] in (await mara.get(answer.headers["location"])).text
    assert brand(site) == Brand()


async def test_a_polyglot_leaves_its_other_half_behind(
    site: Site, mara: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    await upload(mara, written(drawn()) + PAYLOAD, "logo.png.php\r\nX: y")
    (held,) = site.world.logos.values()
    assert b"script" not in held.made.picture
    assert b"php" not in held.made.picture


async def test_a_flood_is_not_even_read(site: Site, mara: httpx.AsyncClient) -> None:
    assert (await upload(mara, b"\0" * 3_000_000)).status_code == 413
    assert brand(site) == Brand()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (
            b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--",
            "multipart/form-data; boundary=x",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="form_token"\r\n'
            b"Content-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe\r\n--x--",
            "multipart/form-data; boundary=x",
        ),
        (b"--x" * 90_000, "multipart/form-data; boundary=x"),
    ],
)
async def test_a_form_that_is_none_is_refused_and_no_fault_of_ours(
    mara: httpx.AsyncClient, body: bytes, kind: str
) -> None:
    answer = await mara.post(f"{PAGE}/logo", content=body, headers={"content-type": kind})
    assert 400 <= answer.status_code < 500


async def test_nobody_changes_it_without_session_and_token(
    site: Site, mara: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    assert (await stranger.get(PAGE)).headers["location"].startswith("/sign-in")
    for browser in (mara, stranger):
        assert (await browser.post(PAGE, data=WHOLE)).status_code == 403
        files = {"logo": ("a.png", written(drawn()), "image/png")}
        assert (await browser.post(f"{PAGE}/logo", files=files)).status_code == 403
    assert brand(site) == Brand()


async def test_each_fault_stands_beside_its_field_and_nothing_is_kept(
    site: Site, mara: httpx.AsyncClient
) -> None:
    answer = await send(mara, **{**WHOLE, "colour": "red", "support_url": "javascript:alert(1)"})
    assert answer.status_code == 422
    assert 'id="wrong-colour"' in answer.text
    assert 'id="wrong-support_url"' in answer.text
    assert answer.text.count('aria-invalid="true"') == 2
    assert "Books since 1987" in answer.text
    assert brand(site) == Brand()
    check = await send(mara, f"{PAGE}/check", **{**WHOLE, "colour": "red"})
    assert "Six digits" in check.text
    assert "<svg" not in check.text
    check = await send(mara, f"{PAGE}/check", **WHOLE)
    assert "In the light: button #ffb300, text #" in check.text


@pytest.mark.parametrize("text", [*PLAIN, *BRACED])
async def test_markup_and_templates_are_shown_and_never_obeyed(
    site: Site, mara: httpx.AsyncClient, stranger: httpx.AsyncClient, text: str
) -> None:
    names = ("display_name", "sender_name", "footer", "legal_address")
    wish = {name: text[: BRAND_TEXTS[name]] for name in names}
    answer = await send(mara, **wish)
    if any(not character.isprintable() for character in text):
        assert answer.status_code == 422
        return
    assert answer.status_code == 303
    page = await customers_page(site, stranger)
    assert " ".join(text.split()) in " ".join(Seen(page.text).text.split())
    await send(mara, **dict.fromkeys(names, "x"))
    plain = await stranger.get(f"/r/{TOKEN}")
    assert Seen(page.text).tags == Seen(plain.text).tags
    shown = await send(mara, f"{PAGE}/preview", **wish)
    assert "49" not in Seen(shown.text).text.replace("7*7", "")
    assert "script" not in Seen(shown.text).tags


@pytest.mark.parametrize("text", HIDDEN)
@pytest.mark.parametrize("field", ["sender_name", "reply_to", "footer"])
async def test_what_nobody_sees_is_refused(
    site: Site, mara: httpx.AsyncClient, field: str, text: str
) -> None:
    assert (await send(mara, **{field: text})).status_code == 422
    assert brand(site) == Brand()


async def test_ten_thousand_characters_are_a_fault(site: Site, mara: httpx.AsyncClient) -> None:
    for field in BRAND_TEXTS:
        assert (await send(mara, **{field: "a" * 10_000})).status_code == 422, field
    assert brand(site) == Brand()


async def test_the_preview_wears_what_is_typed_and_leaves_out_what_is_wrong(
    mara: httpx.AsyncClient,
) -> None:
    shown = await send(mara, f"{PAGE}/preview", **{**WHOLE, "footer": "a\u202eb"})
    assert "#ffb300" in shown.text
    assert "Nordlicht" in shown.text
    assert "\u202e" not in shown.text
    assert "sandbox" in shown.headers["content-security-policy"]
    plain = await send(mara, f"{PAGE}/preview", **{**WHOLE, "as": "text"})
    assert "Books since 1987" in plain.text


async def test_a_foreign_logo_answers_like_an_absent_one(
    site: Site, mara: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    await upload(mara, written(drawn()))
    logo = brand(site).logo
    assert logo is not None
    answers = [
        await stranger.get(path)
        for path in (
            f"/brand/{OTHER}/{logo.digest}.png",
            f"/brand/{uuid4()}/{logo.digest}.png",
            f"/brand/{ACME}/{'0' * 64}.png",
            f"/brand/{ACME}/{logo.digest}",
            f"/brand/{ACME}/{logo.digest.upper()}.png",
            f"/brand/{ACME}/..%2f..%2fetc%2fpasswd.png",
            "/brand/nobody/x.png",
        )
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize(
    "name", ["x.css", "0A6A45.css", "0a6a45", "%230a6a45.css", "red.css", ".css"]
)
async def test_a_stylesheet_is_made_of_a_colour_and_nothing_else(
    stranger: httpx.AsyncClient, name: str
) -> None:
    assert (await stranger.get("/brand/colours/0a6a45.css")).status_code == 200
    assert (await stranger.get(f"/brand/colours/{name}")).status_code == 404


def test_the_stylesheet_names_all_that_the_page_asks_for() -> None:
    colour = parse("#ffb300")
    assert colour is not None
    css = stylesheet(colour)
    asked = re.findall(r"var\(--(brand[a-z-]*|on-brand)", CSS)
    assert set(asked) == set(re.findall(r"--([a-z-]+):", css))


async def test_where_the_law_wants_an_address_the_page_says_so() -> None:
    for country, wanted in (("DE", True), ("JP", False)):
        house = Site(stripe_desk=Desk(replace(ACCOUNT, country=country)))
        await house.open_house()
        async with running(house), visitor(house) as browser:
            await sign_in(browser)
            page = (await browser.get(PAGE)).text
            assert ("must say who and where it is" in page) == wanted
            await send(browser, **WHOLE)
            assert "must say who and where it is" not in (await browser.get(PAGE)).text


async def test_one_merchants_brand_is_nobody_elses(site: Site, mara: httpx.AsyncClient) -> None:
    await send(mara, **WHOLE)
    async with visitor(site) as otto:
        await sign_in(otto, STRANGER)
        assert "Nordlicht" not in (await otto.get(PAGE)).text
