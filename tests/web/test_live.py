"""The stream that tells open pages to look again."""

import asyncio
from datetime import timedelta

import httpx

from tests.web.site import ACME, NOW, OTHER, Site, sign_in, visitor
from tests.web.stories import Story
from web.live import Watches

STORY = Story(invoice_id="in_0001", opened_at=NOW - timedelta(days=3))


async def read(watches: Watches, seen: str, wanted: int = 1, merchant=ACME) -> list[str]:  # type: ignore[no-untyped-def]
    """The first `wanted` changes of a stream, or what there was when it ended."""
    found = []
    async for message in watches.stream(merchant, seen):
        if message.startswith(b"event: cases"):
            found.append(message.decode().split("id: ")[1].split("\n")[0])
        if len(found) == wanted:
            break
    return found


async def test_a_change_is_told_with_its_version() -> None:
    site = Site(stream_s=2.0)
    reading = asyncio.create_task(read(Watches(site.parts), "0"))
    await asyncio.sleep(0.1)
    assert not reading.done()
    await site.tell(STORY)
    assert await reading == [await site.changes(ACME)]


async def test_who_comes_back_learns_at_once_what_was_missed() -> None:
    site = Site(stream_s=2.0)
    await site.tell(STORY)
    assert await asyncio.wait_for(read(Watches(site.parts), "0"), 1) == [await site.changes(ACME)]


async def test_another_merchants_change_is_not_told() -> None:
    site = Site(stream_s=0.3)
    reading = asyncio.create_task(read(Watches(site.parts), "0", merchant=OTHER))
    await site.tell(STORY)
    assert await reading == []


async def test_a_stream_ends_by_itself_and_its_looking_with_it() -> None:
    site = Site(stream_s=0.1)
    watches = Watches(site.parts)
    await asyncio.wait_for(read(watches, "0"), 2)
    assert watches.readers == 0
    asked = site.asked_for_changes
    await asyncio.sleep(0.1)
    assert site.asked_for_changes == asked


async def test_many_readers_cost_one_look() -> None:
    site = Site(stream_s=0.3, poll_s=0.05)
    watches = Watches(site.parts)
    await asyncio.gather(*(read(watches, "0") for _ in range(100)))
    assert site.asked_for_changes <= 12


async def test_a_look_that_fails_is_taken_again() -> None:
    site = Site(stream_s=2.0)
    await site.tell(STORY)
    version, fails = await site.changes(ACME), iter([True, True])

    async def changes(_: object) -> str:
        if next(fails, False):
            raise OSError("the records are away")
        return version

    stubborn = Site(stream_s=2.0, changes=changes)
    assert await read(Watches(stubborn.parts), "0") == [version]


async def test_the_route_speaks_server_sent_events_and_ends() -> None:
    site = Site(stream_s=0.2)
    await site.open_house()
    await site.tell(STORY)
    async with visitor(site) as client:
        await sign_in(client)
        answer = await client.get("/events", headers={"last-event-id": "0"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.startswith("retry: 1000\n\n")
    assert "event: cases\nid: " in answer.text


async def test_the_page_names_the_version_it_shows(site: Site, mara: httpx.AsyncClient) -> None:
    await site.tell(STORY)
    page = (await mara.get("/cases")).text
    assert f'data-events="/events?since={await site.changes(ACME)}"' in page
