"""The verdict finds each kind of harm in a ledger, and none in an innocent one."""

from pathlib import Path
from typing import Any

import pytest

from rehearsal.stripe_double.verdict import DAY_S, judge
from tests.rehearsal.driving import running


def line(seq: int, **given: Any) -> dict[str, Any]:
    """A declined attempt by the API on a Visa card; `given` says what is special about it."""
    return {
        "seq": seq, "virtual": seq * 3_600.0, "account": "acct_1", "invoice": "in_1",
        "charge": f"ch_{seq}", "amount": 1900, "currency": "usd", "fingerprint": "fp_1",
        "brand": "visa", "by": "api", "replayed": False, "outcome": "declined",
        "advice_code": "try_again_later", "invoice_status": "open", "money_moved": False,
        "overlapped": False, **given,
    }  # fmt: skip


def test_an_innocent_ledger_is_ok() -> None:
    assert judge([line(1), line(2), line(3, money_moved=True, outcome="succeeded")])["ok"] is True


@pytest.mark.parametrize(
    ("harm", "ledger"),
    [
        ("invoices_captured_twice", [line(1, money_moved=True), line(2, money_moved=True)]),
        ("moved_after_void", [line(1, money_moved=True, invoice_status="void")]),
        ("moved_after_paid", [line(1, money_moved=True, invoice_status="paid")]),
        ("moved_after_uncollectible", [line(1, money_moved=True, invoice_status="uncollectible")]),
        ("pay_after_terminal", [line(1, charge=None, outcome="refused", invoice_status="paid")]),
        ("attempts_after_never", [line(1, advice_code="do_not_try_again"), line(2)]),
        ("visa_over_20_in_30_days", [line(seq) for seq in range(1, 23)]),
        (
            "mastercard_over_35_in_30_days",
            [line(seq, brand="mastercard", virtual=seq * 15_000.0) for seq in range(1, 38)],
        ),
        (
            "mastercard_over_10_in_24_hours",
            [line(seq, brand="mastercard", amount=seq) for seq in range(1, 13)],
        ),
        ("two_open_calls", [line(1, overlapped=True)]),
        ("calls_on_revoked_account", [line(1, charge=None, outcome="account_revoked")]),
    ],
)
def test_each_harm_is_found(harm: str, ledger: list[dict[str, Any]]) -> None:
    found = judge(ledger)
    assert (found["ok"], found[harm]) == (False, 1)
    assert found["examples"][harm] == [ledger[-1]["seq"]]


@pytest.mark.parametrize(
    "ledger",
    [
        [line(1, money_moved=True), line(2, money_moved=True, replayed=True)],
        [line(1, money_moved=True), line(2, money_moved=True, invoice="in_2")],
        [line(1, advice_code="do_not_try_again"), line(2, fingerprint="fp_2")],
        [line(1, advice_code="do_not_try_again"), line(2, by="hosted_page")],
        [line(1, by="hosted_page", money_moved=True, invoice_status="uncollectible")],
        [line(seq, virtual=seq * 2 * DAY_S) for seq in range(1, 40)],
        [line(seq, amount=seq) for seq in range(1, 40)],
        [line(1, replayed=True, invoice_status="paid")],
    ],
)
def test_what_only_looks_like_harm_is_not(ledger: list[dict[str, Any]]) -> None:
    assert judge(ledger)["ok"] is True


async def test_a_double_capture_planted_in_the_ledger_is_seen_over_http(tmp_path: Path) -> None:
    async with running(data_file=str(tmp_path / "double.sqlite")) as driver:
        buyer = await driver.customer()
        made = await driver.open_invoice(buyer["id"])
        await driver.post(f"/v1/invoices/{made['id']}/pay")
        assert (await driver.control("GET", "verdict"))["ok"] is True
        store = driver.double.world.store
        truth = store.all("ledger_line")[-1]
        store.insert({**truth, "id": "2", "seq": 2, "idempotency_key": "another"})
        verdict = await driver.control("GET", "verdict")
        assert (verdict["ok"], verdict["invoices_captured_twice"]) == (False, 1)
        assert len(await driver.control("GET", "ledger")) == 2
