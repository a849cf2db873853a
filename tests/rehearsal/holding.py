"""What tests of the double hold everything against."""

from typing import Any

from rehearsal.stripe_double.events import body
from rehearsal.stripe_double.shapes import UNKNOWN_TO_OLD
from tests.rehearsal import openapi
from tests.rehearsal.driving import OLD_VERSION, Driver


async def kinds(driver: Driver) -> list[str]:
    """The types of the events so far, the newest first."""
    events = await driver.get("/v1/events?limit=100")
    return [event["type"] for event in events["data"]]


async def every_event_is_as_described(driver: Driver) -> None:
    """Each event, in both shapes, against the specification of its version."""
    events = driver.double.world.store.all("event")
    assert events
    for event in events:
        assert openapi.knows_event(event["type"]), event["type"]
        openapi.check_event(body(event), old=False)
        if body(event)["data"]["object"]["object"] not in UNKNOWN_TO_OLD:
            openapi.check_event(body(event, OLD_VERSION), old=True)


async def undescribed(driver: Driver, path: str) -> dict[str, Any]:
    """GET of a path that the trimmed specifications leave out; its object they still describe."""
    status, said, _ = await driver.send("GET", path)
    assert status == 200, said
    return said
