"""The scene of an account's past: two years of invoices, of which nobody was ever told."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rehearsal.stripe_double.scenes import HISTORY_S
from tests.rehearsal.driving import START, Driver, running, standing_clock

PEOPLE, FEW = 24, 6
PAST = {"scene": "history", "n": PEOPLE, "seed": 3}


async def listed(driver: Driver, kind: str, **asked: str) -> list[dict[str, Any]]:
    """All of a list, page by page."""
    found: list[dict[str, Any]] = []
    query = "&".join(f"{name}={value}" for name, value in {"limit": "100", **asked}.items())
    while True:
        after = f"&starting_after={found[-1]['id']}" if found else ""
        answer = await driver.get(f"/v1/{kind}?{query}{after}")
        found += answer["data"]
        if not answer["has_more"]:
            return found


async def test_the_past_has_invoices_their_refusals_and_no_events() -> None:
    async with running() as driver:
        await driver.control("POST", "seed", PAST)
        bills, charges = await listed(driver, "invoices"), await listed(driver, "charges")
        refused = {each["payment_intent"] for each in charges if each["status"] == "failed"}
        links = await listed(driver, "invoice_payments")
        once = [each for each in links if each["payment"]["payment_intent"] in refused]
        assert len(bills) == 24 * PEOPLE
        assert 0.1 < len(once) / len(bills) < 0.2
        assert {each["status"] for each in bills} == {"paid", "open"}
        assert all(each["created"] < START.timestamp() for each in (*bills, *charges))
        assert bills == sorted(bills, key=lambda each: -each["created"])
        begun = datetime.fromtimestamp(bills[-1]["created"], UTC)
        assert START - timedelta(seconds=HISTORY_S) <= begun < START - timedelta(days=700)
        assert not (await driver.get("/v1/events"))["data"]
        assert driver.double.verdict()["ok"]


async def test_the_past_is_the_same_each_time_and_goes_on_from_now(tmp_path: Path) -> None:
    async def told(**options: Any) -> Counter[tuple[str, int]]:
        async with running(scene="history", scene_size=FEW, **options) as driver:
            return Counter(
                (each["status"], each["attempt_count"]) for each in await listed(driver, "invoices")
            )

    path = str(tmp_path / "double.sqlite")
    once = await told(data_file=path)
    assert once == await told() == await told(data_file=path)
    later = standing_clock(START + timedelta(minutes=1))
    async with running(data_file=path, clock=later) as driver:
        await driver.advance(days=31)
        assert len(await listed(driver, "invoices")) > 24 * FEW
        assert (await driver.get("/v1/events"))["data"]
