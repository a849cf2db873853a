"""The rehearsal's customers: the same for a seed, reachable by nobody, true to their type."""

import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from rehearsal.people import populate
from rehearsal.stripe_double.scripts import next_pay_day
from tests.rehearsal.driving import running


def test_the_same_seed_makes_the_same_people_whatever_the_count() -> None:
    assert populate(50, seed=3)[:20] == populate(20, seed=3)
    assert populate(5, seed=3, first=10) == populate(20, seed=3)[10:15]
    assert populate(20, seed=3) != populate(20, seed=4)


def test_people_pay_in_currencies_with_zero_two_and_three_decimals() -> None:
    people = populate(400, seed=1)
    currencies = Counter(person.currency for person in people)
    assert {*currencies} == {"usd", "eur", "gbp", "jpy", "kwd"}
    assert currencies["usd"] > 150
    assert all(p.amount_minor % 10 == 0 for p in people if p.currency == "kwd")


def test_nobody_has_an_address_that_could_receive_mail() -> None:
    people = populate(400, seed=1)
    assert all(person.email.endswith("@example.com") for person in people)
    assert all(person.email.isascii() for person in people)
    assert len({person.email for person in people}) == 400


@pytest.mark.parametrize(
    ("kind", "after", "expected"),
    [
        ("friday", datetime(2026, 11, 4, tzinfo=UTC), datetime(2026, 11, 6, 2, tzinfo=UTC)),
        ("friday", datetime(2026, 11, 6, 3, tzinfo=UTC), datetime(2026, 11, 13, 2, tzinfo=UTC)),
        ("semi_monthly", datetime(2026, 11, 4, tzinfo=UTC), datetime(2026, 11, 15, 2, tzinfo=UTC)),
        ("month_end", datetime(2027, 2, 4, tzinfo=UTC), datetime(2027, 2, 28, 2, tzinfo=UTC)),
    ],
)
def test_pay_days_fall_where_wages_are_paid(kind: str, after: datetime, expected: datetime) -> None:
    assert next_pay_day(kind, after, "UTC") == expected  # type: ignore[arg-type]


async def test_somebody_short_of_money_can_pay_from_pay_day_on() -> None:
    async with running() as driver:
        scene = {"scene": "burst", "n": 20, "mix": {"pay_day": 1}}
        await driver.control("POST", "seed", scene)
        await driver.control("POST", "accounts", {"id": "acct_rehearsal", "retries": False})
        await driver.advance(seconds=5)
        failed = (await driver.get("/v1/invoices?status=open&limit=100"))["data"]
        assert 10 <= len(failed) <= 20
        await driver.advance(days=32)
        for billed in failed:
            paid = await driver.post(f"/v1/invoices/{billed['id']}/pay")
            assert paid["status"] == "paid"


async def test_a_lost_card_declines_until_there_is_another_one() -> None:
    async with running() as driver:
        await driver.control("POST", "seed", {"scene": "burst", "n": 3, "mix": {"lost_card": 1}})
        await driver.advance(days=3)
        for billed in (await driver.get("/v1/invoices?status=open"))["data"]:
            status, _, _ = await driver.send("POST", f"/v1/invoices/{billed['id']}/pay")
            assert status == 402
            status, _ = await driver.page(billed["hosted_invoice_url"], {"pm": "pm_card_visa"})
            assert status == 200


async def test_people_whom_somebody_plays_do_nothing_by_themselves() -> None:
    async with running() as driver:
        await driver.control("POST", "seed", {"scene": "burst", "n": 20, "reacts": "never"})
        people = await driver.control("GET", "people")
    assert {each["reacts"] for each in people} == {"never"}
    assert len({each["temperament"] for each in people}) > 2


async def test_the_demo_fails_continuously_over_its_first_days_and_lives_on() -> None:
    async with running(scene="demo", scene_size=60) as driver:
        people = await driver.control("GET", "people")
        assert len(people) == 60
        assert {"email", "reacts", "opens_mail_after_s", "customer"} <= people[0].keys()
        opened = []
        for _ in range(10):
            before = driver.double.world.store.count("invoice")
            await driver.advance(days=1)
            opened.append(driver.double.world.store.count("invoice") - before)
        assert min(opened) >= 3
        failed = [b for b in driver.double.world.store.all("invoice") if b["attempt_count"] > 1]
        unpaid = [b for b in driver.double.world.store.all("invoice") if b["status"] == "open"]
        assert len(failed) + len(unpaid) > 30
        await driver.advance(days=60)
        late = (await driver.get("/v1/invoices?limit=1"))["data"][0]
        assert late["created"] > driver.double.world.now() - 3 * 86_400


async def test_whoever_cancels_is_replaced_in_the_demo() -> None:
    async with running(scene="demo", scene_size=10) as driver:
        people = await driver.control("GET", "people")
        for person in people[:4]:
            await driver.control("POST", "cancel", {"customer": person["customer"]})
        await driver.advance(days=2)
        assert len(await driver.control("GET", "people")) == 14


async def test_scripts_decide_by_count_amount_weekday_and_time() -> None:
    async with running() as driver:
        buyer = await driver.customer()
        rules = [
            {"first_n": 2, "decline": "processing_error"},
            {"weekday": "mon", "amount_over": 5000, "then": {"decline": "do_not_honor"}},
            {"when": {"before": "2026-11-01T00:00:00Z"}, "decline": "lost_card"},
            {"succeed": True},
        ]
        await driver.control("POST", "scripts", {"scope": buyer["id"], "rules": rules})
        small = await driver.open_invoice(buyer["id"])
        large = await driver.open_invoice(buyer["id"], 9000)
        path = f"/v1/invoices/{small['id']}/pay"
        assert [(await driver.send("POST", path))[0] for _ in range(3)] == [402, 402, 200]
        path = f"/v1/invoices/{large['id']}/pay"
        assert [(await driver.send("POST", path))[0] for _ in range(3)] == [402, 402, 402]
        await driver.advance(days=1)
        assert (await driver.send("POST", path))[0] == 200


async def test_a_hundred_thousand_objects_are_seeded_within_ten_seconds_of_work() -> None:
    """The processor's seconds: how long a busy machine takes says nothing."""
    async with running() as driver:
        scene, began = {"scene": "burst", "n": 20_000, "spread_s": 1e9}, time.process_time()
        await driver.control("POST", "seed", scene)
        assert time.process_time() - began < 10
