"""The fault campaign in short: twenty kills, the same judge."""

from pathlib import Path

import pytest

from tests.chaos.campaign import Plan, campaign

PLAN = Plan(kills=20, seconds=40, customers=60, speed=12_000, settling_speed=60_000, seed=7)


@pytest.mark.timeout(400)
def test_twenty_kills_lose_nothing_and_charge_nobody_twice(tmp_path: Path) -> None:
    report = campaign(PLAN, tmp_path / "data", print)
    assert sum(report.kills.values()) == 20
    assert report.acknowledged > 0
    assert report.faults() == [], report
    assert report.standing["cases"]["open"] == 0, report.standing
