"""The judgement over a ledger: what must never have happened, counted, with the guilty lines."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

DAY_S: Final = 86_400.0
# Reattempts of one amount on one card within 30 days (Visa: 20 since 2025-05-25, Mastercard: 35),
# and any declines on one Mastercard within 24 hours.
LIMIT_30_DAYS: Final = {"visa": 20, "mastercard": 35}
LIMIT_24_HOURS: Final = {"mastercard": 10}
MAX_EXAMPLES: Final = 20
CROSSING_S: Final = 1.0  # wall seconds that a call may have been on its way

Line = dict[str, Any]


def judge(ledger: Iterable[Line], open_attempts: int = 0) -> dict[str, Any]:
    """Count each kind of harm; `ok` when there is none; `examples` are ledger sequence numbers."""
    seen = (line for line in ledger if line["by"] != "seed")  # a past nobody could have harmed
    lines = sorted(seen, key=lambda line: line["seq"])
    tried = [line for line in lines if not line["replayed"] and line["charge"]]
    charged = [line for line in tried if line["by"] != "bank"]  # the bank only answers
    found = {
        "invoices_captured_twice": _captured_twice(lines),
        "moved_after_void": _moved_while(lines, "void"),
        "moved_after_uncollectible": _moved_while(lines, "uncollectible"),
        "moved_after_paid": _moved_while(lines, "paid"),
        "pay_after_terminal": _pay_after_terminal(lines),
        "attempts_after_never": _after_never(charged),
        "visa_over_20_in_30_days": _over(charged, "visa", 30 * DAY_S, LIMIT_30_DAYS["visa"]),
        "mastercard_over_35_in_30_days": _over(
            charged, "mastercard", 30 * DAY_S, LIMIT_30_DAYS["mastercard"]
        ),
        "mastercard_over_10_in_24_hours": _over(
            charged, "mastercard", DAY_S, LIMIT_24_HOURS["mastercard"]
        ),
        "attempts_while_processing": [line["seq"] for line in lines if _while_processing(line)],
        "two_open_calls": [line["seq"] for line in lines if line["overlapped"]],
        "calls_on_revoked_account": [
            line["seq"] for line in lines if line["outcome"] == "account_revoked"
        ],
    }
    return {
        "ok": not any(found.values()),
        **{name: len(guilty) for name, guilty in found.items()},
        "money_moved": sum(1 for line in lines if line["money_moved"]),
        "attempts": len(charged),
        "attempts_by_api": sum(1 for line in charged if line["by"] == "api"),
        "debits_begun": sum(1 for line in charged if line["outcome"] == "processing"),
        "declined": sum(1 for line in tried if line["outcome"] == "declined"),
        "replayed": sum(1 for line in lines if line["replayed"]),
        "ledger_lines": len(lines),
        "pay_crossed_settlement": len(_pay_crossed_settlement(lines)),
        "calls_open": open_attempts,
        "examples": {name: seqs[:MAX_EXAMPLES] for name, seqs in found.items() if seqs},
    }


def _while_processing(line: Line) -> bool:
    """Our call to pay came while a bank debit for the invoice was on its way."""
    return line["by"] == "api" and not line["replayed"] and bool(line.get("in_flight"))


def _captured_twice(lines: list[Line]) -> list[int]:
    moved: dict[tuple[str, str], int] = defaultdict(int)
    guilty = []
    for line in lines:
        if line["money_moved"] and not line["replayed"]:
            moved[line["account"], line["invoice"]] += 1
            if moved[line["account"], line["invoice"]] == 2:
                guilty.append(line["seq"])
    return guilty


def _moved_while(lines: list[Line], status: str) -> list[int]:
    return [
        line["seq"]
        for line in lines
        if line["money_moved"]
        and not line["replayed"]
        and line["invoice_status"] == status
        # a customer may still pay a written-off invoice on its page; the merchant is glad
        and not (line["by"] == "hosted_page" and status == "uncollectible")
    ]


def _pay_after_terminal(lines: list[Line]) -> list[int]:
    return [line["seq"] for line in lines if _was_late(line) and not _crossed(line)]


def _pay_crossed_settlement(lines: list[Line]) -> list[Line]:
    return [line for line in lines if _was_late(line) and _crossed(line)]


def _was_late(line: Line) -> bool:
    """Our call to pay came to an invoice that was closed."""
    return (
        line["by"] == "api"
        and not line["replayed"]
        and line["invoice_status"] in {"paid", "void", "uncollectible"}
    )


def _crossed(line: Line) -> bool:
    """It was closed while the call was on its way: nobody could have known."""
    closed_for_s = line.get("terminal_for_s")
    return closed_for_s is not None and closed_for_s < CROSSING_S


def _after_never(charged: list[Line]) -> list[int]:
    """Our attempts on a card that said never, to whomever it said so."""
    never: set[tuple[str, str]] = set()
    guilty = []
    for line in charged:
        card = (line["account"], line["fingerprint"])
        if card in never and line["by"] == "api":
            guilty.append(line["seq"])
        if line["advice_code"] == "do_not_try_again":
            never.add(card)
    return guilty


def _over(charged: list[Line], brand: str, window_s: float, limit: int) -> list[int]:
    """Our attempts that met `limit` declines, Stripe's own among them, in the window.

    Within 24 hours declines of any amount count, within 30 days those of the same amount.
    """
    declined: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    guilty = []
    for line in charged:
        if line["brand"] != brand:
            continue
        amount = (line["amount"], line["currency"]) if window_s > DAY_S else ()
        recent = declined[line["account"], line["fingerprint"], *amount]
        recent[:] = [at for at in recent if at > line["virtual"] - window_s]
        if len(recent) > limit and line["by"] == "api":
            guilty.append(line["seq"])
        if line["outcome"] == "declined":
            recent.append(line["virtual"])
    return guilty
