"""What every answer carries, and what every unsafe request must show."""

import re
from uuid import UUID

import httpx
import pytest
from litestar.routes import HTTPRoute

from tests.web.deliveries import status
from tests.web.site import EMAIL, PASSWORD, Site, form_token, sign_in, visitor

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}
PATHS = [
    "/sign-in", "/", "/cases", "/cases/not-a-uuid", "/nothing/here", "/events", "/mailbox",
    "/r/unknown", "/r/", "/webhooks/stripe", "/health/live", "/health/ready", "/metrics",
    "/static/app.css", "/static/none.css", "/vendor/htmx.js", "/static/../app.py",
]  # fmt: skip
# No cookie stands behind these: the link, or the signature, is the key.
WITHOUT_TOKEN = {
    "/r/{token:str}",
    "/r/{token:str}/backup",
    "/r/{token:str}/card",
    "/r/{token:str}/day",
    "/r/{token:str}/now",
    "/r/{token:str}/problem",
    "/r/{token:str}/texts",
    "/u/{token:str}",
    "/webhooks/mail/postmark",
    "/webhooks/mail/postmark/{secret:str}",
    "/webhooks/mail/ses",
    "/webhooks/stripe",
    "/webhooks/sms/twilio",
    "/webhooks/sms/twilio/status",
}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "HEAD"])
@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_carries_the_headers_errors_included(
    stranger: httpx.AsyncClient, path: str, method: str
) -> None:
    answer = await stranger.request(method, path)
    assert answer.status_code < 500
    for name, value in EVERYWHERE.items():
        assert answer.headers[name] == value
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["referrer-policy"] in ("same-origin", "no-referrer")
    assert path == "/webhooks/stripe" or "x-request-id" in answer.headers
    assert "strict-transport-security" not in answer.headers


async def test_over_https_browsers_are_told_to_stay_there() -> None:
    async with visitor(Site(base_url="https://app.example.com")) as client:
        answer = await client.get("/sign-in")
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")


def unsafe_routes(site: Site) -> list[tuple[str, str]]:
    return [
        (method, re.sub(r"\{[^}]+\}", str(UUID(int=1)), route.path_format))
        for route in site.app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method not in ("GET", "HEAD", "OPTIONS") and route.path not in WITHOUT_TOKEN
    ]


async def test_no_unsafe_route_acts_without_a_form_token_of_this_browser(
    site: Site, mara: httpx.AsyncClient
) -> None:
    async with visitor(site) as other:
        foreign = form_token((await other.get("/sign-in")).text)
    routes = unsafe_routes(site)
    assert {path for _, path in routes} >= {"/sign-in", "/sign-out"}
    for method, path in routes:
        for token in (None, "", "x", "é" * 64, foreign, foreign[:-1]):
            form = {} if token is None else {"form_token": token}
            answer = await mara.request(method, path, data=form)
            assert answer.status_code == 403, (path, token)
            header = [] if token is None else [(b"x-form-token", token.encode())]
            assert (await mara.request(method, path, headers=header)).status_code == 403
    assert site.world.sessions


async def test_a_token_in_another_kind_of_body_does_not_count(
    site: Site, mara: httpx.AsyncClient
) -> None:
    token = form_token((await mara.get("/cases")).text)
    as_json = await mara.post("/sign-out", json={"form_token": token})
    as_parts = await mara.post("/sign-out", files={"form_token": (None, token)})
    assert (as_json.status_code, as_parts.status_code) == (403, 403)
    assert site.world.sessions


async def test_a_form_without_cookies_is_refused(stranger: httpx.AsyncClient) -> None:
    token = form_token((await stranger.get("/sign-in")).text)
    stranger.cookies.clear()
    form = {"email": EMAIL, "password": PASSWORD, "form_token": token}
    assert (await stranger.post("/sign-in", data=form)).status_code == 403


@pytest.mark.parametrize(
    "said",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": "http://127.0.0.1:8001"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_form_from_another_site_is_refused_even_with_the_right_token(
    site: Site, mara: httpx.AsyncClient, said: dict[str, str]
) -> None:
    token = form_token((await mara.get("/cases")).text)
    answer = await mara.post("/sign-out", data={"form_token": token}, headers=said)
    assert answer.status_code == 403
    assert site.world.sessions


async def test_the_token_also_counts_as_a_header(mara: httpx.AsyncClient) -> None:
    token = form_token((await mara.get("/cases")).text)
    answer = await mara.post("/sign-out", headers={"x-form-token": token})
    assert answer.status_code == 303


@pytest.mark.parametrize("host", ["evil.example", "", "127.0.0.1:9999", "127.0.0.1:8000.evil"])
async def test_a_host_that_is_not_ours_is_refused(stranger: httpx.AsyncClient, host: str) -> None:
    assert (await stranger.get("/sign-in", headers={"host": host})).status_code == 400
    assert (await stranger.get("/r/token", headers={"host": host})).status_code == 400


async def test_this_machine_may_be_called_by_any_of_its_names(stranger: httpx.AsyncClient) -> None:
    for host in ("localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST:8000"):
        assert (await stranger.get("/sign-in", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"a=1&" * 30_000, "application/x-www-form-urlencoded"),
        (b"\xff\xfe=1", "application/x-www-form-urlencoded"),
        (b"a=1&" * 200, "application/x-www-form-urlencoded"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"--x\r\nbroken", "multipart/form-data"),
        (b"{", "application/json"),
        (b"x", "application/x-www-form-urlencoded; charset=nonsense"),
        (b"x", "\xff"),
    ],
)
async def test_a_broken_form_is_a_4xx(
    stranger: httpx.AsyncClient, content: bytes, kind: str
) -> None:
    headers = [(b"content-type", kind.encode("latin-1"))]
    answer = await stranger.post("/sign-in", content=content, headers=headers)
    assert 400 <= answer.status_code < 500


async def test_a_form_cut_short_or_too_slow_is_a_4xx() -> None:
    site = Site(forms_deadline_s=0.05)
    headers = {"host": "127.0.0.1:8000", "content-type": "application/x-www-form-urlencoded"}
    assert await status(site, b"a=", None, headers=headers, path="/sign-in") == 400
    assert await status(site, b"a=", 1.0, b"b", headers=headers, path="/sign-in") == 408


async def test_pages_are_not_kept_by_caches(mara: httpx.AsyncClient) -> None:
    for path in ("/cases", "/sign-in", "/r/unknown", "/nothing"):
        assert (await mara.get(path)).headers["cache-control"] == "no-store"


async def test_no_cookie_is_given_where_none_is_needed(stranger: httpx.AsyncClient) -> None:
    for path in ("/", "/cases", "/r/x", "/nothing", "/static/app.css", "/health/live", "/metrics"):
        assert "set-cookie" not in (await stranger.get(path)).headers


async def test_a_name_with_markup_is_shown_as_text(site: Site) -> None:
    async with visitor(site) as client:
        nasty = '"><script>alert(1)</script>'
        answer = await sign_in(client, email=nasty, password="x", next=f"/{nasty}")
    assert "<script>alert" not in answer.text
