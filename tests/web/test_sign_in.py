"""Signing in and out: who comes in, what is kept, and what gives nothing away."""

from hashlib import sha256

import httpx
import pytest

from tests.web.site import EMAIL, PASSWORD, STRANGER, TEAMLESS, Site, form_token, sign_in, visitor
from web.accounts import TRIES_PER_ACCOUNT, WRONG, local_path
from web.attempts import MOST_KEYS, WINDOW_S, AttemptLimiter

COOKIE = "cc_session_8000"


async def test_the_right_password_leads_to_the_cases(stranger: httpx.AsyncClient) -> None:
    answer = await sign_in(stranger)
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases")
    assert (await stranger.get("/cases")).status_code == 200


async def test_a_page_wanted_before_signing_in_is_opened_after(stranger: httpx.AsyncClient) -> None:
    sent_away = await stranger.get("/cases?phase=lost")
    assert sent_away.status_code == 303
    assert sent_away.headers["location"].startswith("/sign-in?next=/cases")
    answer = await sign_in(stranger, next="/cases?phase=lost")
    assert answer.headers["location"] == "/cases?phase=lost"


ELSEWHERE = ["//evil.example", "https://evil.example", "/\\evil.example", "\\evil", "", None]
ODD = ["/a\r\nX: y", "/sign-in", "javascript:alert(1)", "/" + "a" * 300, "/é"]


@pytest.mark.parametrize("wanted", [*ELSEWHERE, *ODD])
def test_nobody_is_sent_to_another_site(wanted: str | None) -> None:
    assert local_path(wanted) == "/cases"


async def test_only_the_hash_of_the_id_is_kept(site: Site, mara: httpx.AsyncClient) -> None:
    session_id = mara.cookies[COOKIE]
    assert len(session_id) >= 43  # 256 bits
    assert list(site.world.sessions) == [sha256(session_id.encode()).digest()]


async def test_a_planted_id_is_not_taken_over(site: Site, stranger: httpx.AsyncClient) -> None:
    stranger.cookies.set(COOKIE, "planted", domain="127.0.0.1")
    await sign_in(stranger)
    ids = {cookie.value for cookie in stranger.cookies.jar if cookie.name == COOKIE} - {"planted"}
    assert ids
    assert sha256(b"planted").digest() not in site.world.sessions


async def test_signing_in_again_ends_the_session_before(
    site: Site, mara: httpx.AsyncClient
) -> None:
    before = mara.cookies[COOKIE]
    page = await mara.get("/cases")
    form = {"email": EMAIL, "password": PASSWORD, "form_token": form_token(page.text)}
    await mara.post("/sign-in", data=form)
    assert mara.cookies[COOKIE] != before
    assert len(site.world.sessions) == 1


async def test_signing_out_ends_it_on_the_server_too(site: Site, mara: httpx.AsyncClient) -> None:
    stolen = mara.cookies[COOKIE]
    page = await mara.get("/cases")
    answer = await mara.post("/sign-out", data={"form_token": form_token(page.text)})
    assert answer.headers["location"] == "/sign-in"
    assert not site.world.sessions
    async with visitor(site, cookies={COOKIE: stolen}) as thief:
        assert (await thief.get("/cases")).status_code == 303


async def test_a_member_who_was_removed_is_out_at_the_next_request(
    site: Site, mara: httpx.AsyncClient
) -> None:
    site.world.roles.clear()
    assert (await mara.get("/cases")).status_code == 303


async def test_an_unknown_address_gets_the_same_answer_for_the_same_work(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    known = await sign_in(stranger, password="wrong")
    unknown = await sign_in(stranger, email="who@acme.example", password="wrong")
    assert known.status_code == unknown.status_code == 422
    assert known.text.replace(EMAIL, "") == unknown.text.replace("who@acme.example", "")
    assert WRONG in known.text
    assert len(site.passwords.compared) == 2


async def test_a_person_without_a_team_learns_so_only_with_the_right_password(
    stranger: httpx.AsyncClient,
) -> None:
    assert WRONG in (await sign_in(stranger, email=TEAMLESS, password="wrong")).text
    assert "not a member" in (await sign_in(stranger, email=TEAMLESS)).text


async def test_a_password_of_megabytes_is_not_hashed(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    assert (await sign_in(stranger, password="x" * 300)).status_code == 422
    assert (await sign_in(stranger, password="x" * 70_000)).status_code == 413
    assert len(site.passwords.compared) == 1


async def test_many_tries_are_slowed_down_kindly_and_others_are_not(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    for _ in range(TRIES_PER_ACCOUNT):
        assert (await sign_in(stranger, password="wrong")).status_code == 422
    slowed = await sign_in(stranger)
    assert slowed.status_code == 429
    assert "Please wait" in slowed.text
    assert 0 < int(slowed.headers["retry-after"]) <= WINDOW_S + 1
    async with visitor(site, address="10.0.0.9") as elsewhere:
        assert (await sign_in(elsewhere)).status_code == 303
    assert (await sign_in(stranger, email=STRANGER)).status_code == 303


async def test_who_knows_the_password_is_not_slowed_down(site: Site) -> None:
    for _ in range(TRIES_PER_ACCOUNT + 5):
        async with visitor(site) as client:
            assert (await sign_in(client)).status_code == 303


async def test_letter_case_does_not_give_more_tries(stranger: httpx.AsyncClient) -> None:
    for number in range(TRIES_PER_ACCOUNT):
        email = EMAIL.upper() if number % 2 else EMAIL
        await sign_in(stranger, email=email, password="wrong")
    assert (await sign_in(stranger)).status_code == 429


def test_tries_are_forgotten_after_the_window() -> None:
    now = 0.0
    limiter = AttemptLimiter(lambda: now)
    assert [limiter.wait_s(("a",), 2) for _ in range(3)] == [0.0, 0.0, WINDOW_S]
    now = WINDOW_S
    assert limiter.wait_s(("a",), 2) == 0.0


def test_the_limiter_does_not_grow_without_end() -> None:
    limiter = AttemptLimiter(lambda: 0.0)
    for number in range(MOST_KEYS + 50):
        limiter.wait_s((str(number),), 1)
    assert limiter.keys == MOST_KEYS


async def test_over_https_cookies_are_bound_to_the_host() -> None:
    site = Site(base_url="https://app.example.com")
    await site.open_house()
    async with visitor(site) as client:
        cookie = (await sign_in(client)).headers["set-cookie"]
    assert cookie.startswith("__Host-cc_session=")
    for word in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie
