"""Faults as people and programs see them, and the pages for machines."""

import asyncio
from typing import Any

import httpx
import pytest

from application.errors import Unavailable
from tests.web.site import Site, sign_in, visitor


class BrokenPages:
    """Every read fails."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    async def cases(self, *_: Any) -> Any:
        raise self.fault

    async def case(self, *_: Any) -> Any:
        raise self.fault

    async def money(self, *_: Any) -> Any:
        raise self.fault


async def broken(fault: Exception, **headers: str) -> httpx.Response:
    site = Site(pages=BrokenPages(fault))
    await site.open_house()
    async with visitor(site) as client:
        await sign_in(client)
        return await client.get("/cases", headers=headers)


async def test_a_bug_is_a_kind_page_without_a_trace() -> None:
    answer = await broken(RuntimeError("secret detail"))
    assert answer.status_code == 500
    assert "on our side" in answer.text
    for leak in ("secret", "Traceback", "RuntimeError", ".py"):
        assert leak not in answer.text


@pytest.mark.parametrize("fault", [Unavailable("db"), OSError("db"), ConnectionError("db")])
async def test_records_that_are_away_are_503_and_not_our_fault(fault: Exception) -> None:
    answer = await broken(fault)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "the chase goes on" in answer.text


async def test_a_broken_fragment_leaves_the_page_alone_and_offers_to_try_again() -> None:
    answer = await broken(RuntimeError("x"), **{"hx-request": "true"})
    assert answer.status_code == 500
    assert answer.headers["hx-retarget"] == "#notice"
    assert "Try again" in answer.text
    assert "<html" not in answer.text


async def test_a_program_gets_a_problem(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/nothing", headers={"accept": "application/json"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


@pytest.mark.parametrize("path", ["/nothing", "/cases/nothing", "/static/nothing.js", "/sign-in/x"])
async def test_what_is_not_there_is_a_page(stranger: httpx.AsyncClient, path: str) -> None:
    answer = await stranger.get(path)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


async def test_a_method_that_is_not_meant_is_405(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.delete("/cases")
    assert answer.status_code == 405
    assert "allow" in answer.headers


async def test_alive_asks_nobody(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/health/live", headers={"host": "10.0.0.1"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_ready_names_what_is_not_well_and_never_why(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    async def well() -> None:
        return

    async def ill() -> None:
        raise OSError("password=hunter2")

    site.ready |= {"postgres": well}
    assert (await stranger.get("/health/ready")).status_code == 200
    site.ready |= {"redis": ill}
    answer = await stranger.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {"status": "failing", "failing": ["redis"]}


async def test_a_check_that_hangs_counts_as_failing(
    site: Site, stranger: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.health.CHECK_TIMEOUT_S", 0.05)

    async def hangs() -> None:
        await asyncio.sleep(10)

    site.ready |= {"postgres": hangs}
    assert (await stranger.get("/health/ready")).status_code == 503


async def test_metrics_are_for_this_machine_or_who_has_the_token() -> None:
    site = Site(metrics_token="tok")
    async with visitor(site) as here, visitor(site, address="10.1.2.3") as there:
        assert (await here.get("/metrics")).text == "chargechase_up 1\n"
        assert (
            await here.get("/metrics", headers={"x-forwarded-for": "9.9.9.9"})
        ).status_code == 404
        assert (await there.get("/metrics")).status_code == 404
        assert (
            await there.get("/metrics", headers={"authorization": "Bearer x"})
        ).status_code == 404
        authorized = {"authorization": "Bearer tok"}
        assert (await there.get("/metrics", headers=authorized)).status_code == 200


async def test_each_answer_is_observed_by_its_route(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await stranger.get("/r/some-token")
    await stranger.get("/nothing/here")
    assert site.observed == [("/r/{token}", 404), ("(none)", 404)]


async def test_files_are_cached_for_ever_under_their_hash(stranger: httpx.AsyncClient) -> None:
    page = (await stranger.get("/sign-in")).text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = await stranger.get(address)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")
    known = {"if-none-match": answer.headers["etag"]}
    assert (await stranger.get(address, headers=known)).status_code == 304
    assert "immutable" not in (await stranger.get("/static/app.css?v=old")).headers["cache-control"]


def test_a_short_secret_stops_the_start() -> None:
    with pytest.raises(ValueError, match="32 characters"):
        Site(secret="short")
