"""Cases with a truth made by hand, and policies that do what a test says."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from rehearsal.worlds.game import Game
from rehearsal.worlds.partner import InProcess
from rehearsal.worlds.played import Ending
from rehearsal.worlds.shapes import (
    Answer,
    Card,
    Cause,
    Decline,
    Land,
    Manners,
    Temper,
    Truth,
    World,
)

MONDAY = datetime(2025, 3, 3, 12, tzinfo=UTC)
OPENED_AT = int(MONDAY.timestamp())
HOUR, DAY = 3600, 86400
ALWAYS = ((0, 1 << 40),)
STOP = {"action": "stop"}
LAND = Land(country="US", currency="usd", zones=("UTC",), pay={"none": 1.0})
PLAIN = World(
    name="plain",
    about="no mood, no suspicion",
    lands=((LAND, 1.0),),
    causes={"funds": 1.0},
    intervals={"month": 1.0},
    median_cents={"month": 2000.0},
    brands={"visa": 1.0},
    funding={"debit": 1.0},
    wealth={"usual": 1.0},
    fickle=0.0,
    advice=0.0,
    network_advice=0.0,
    temper=Temper(approval=(1.0, 1.0), suspicion=0.0),
    manners=Manners(answers=1.0, fatigue=1.0),
    retry_fee_cents=5.0,
    email_cents=0.5,
    sms_cents=4.0,
)
SAID = Decline("insufficient_funds", None, None)


def card(**other: Any) -> Card:
    """A US Visa debit card that never pays; `windows` say when it does."""
    plain = Card(
        cause=Cause.FUNDS,
        windows=(),
        approval=1.0,
        temper=1.0,
        key=7,
        habit=("insufficient_funds",),
        brand="visa",
        funding="debit",
        country="US",
        exp_month=1,
        exp_year=2030,
    )
    return replace(plain, **other)


def truth(**other: Any) -> Truth:
    """A 20 dollar month that fails on MONDAY; nobody moves by themselves."""
    plain = Truth(
        number=0,
        id="case_0",
        merchant="acct_1",
        merchant_country="US",
        amount_minor=2000,
        currency="usd",
        amount_cents=2000.0,
        monthly_cents=2000.0,
        country="US",
        zone="UTC",
        shown_zone="UTC",
        started_at=OPENED_AT - 300 * DAY,
        interval="month",
        billing_reason="subscription_cycle",
        opened_at=OPENED_AT,
        card=card(),
        first=SAID,
        updater=None,
        fix=None,
        leaves_at=None,
        answers=(),
        willing=1.0,
        tolerance=100.0,
    )
    return replace(plain, **other)


def moved_by(number: int, new_card: Card | None, *, opened_after: int = HOUR) -> tuple[Answer, ...]:
    """Deaf to all messages but `number` (0 the first), which they act on at once."""
    deaf = Answer(2.0, opened_after, None)
    return (*(deaf for _ in range(number)), Answer(0.0, opened_after, new_card))


class Scripted:
    """Answers each decision by a function of the case, and keeps every request."""

    def __init__(self, decide: Callable[[dict[str, Any]], Any]) -> None:
        self._decide = decide
        self.requests: list[dict[str, Any]] = []

    def answer(self, request: dict[str, Any]) -> dict[str, Any] | None:
        self.requests.append(request)
        if request["op"] == "learn":
            return None
        if "case" in request:
            return self._decide(request["case"])
        found = [(case["id"], self._decide(case)) for case in request["cases"]]
        answers = [{"id": name, **given} for name, given in found if given is not None]
        return {"seq": request["seq"], "answers": answers}

    @property
    def asked(self) -> list[dict[str, Any]]:
        """Every case that was asked about, in order."""
        return [
            case
            for request in self.requests
            if request["op"] == "decide"
            for case in request.get("cases", [request.get("case")])
        ]

    @property
    def learned(self) -> list[dict[str, Any]]:
        """Every outcome that was told, in order."""
        return [
            outcome
            for request in self.requests
            if request["op"] == "learn"
            for outcome in request.get("outcomes", [request.get("outcome")])
        ]


def in_turn(*answers: Any) -> Callable[[dict[str, Any]], Any]:
    """One answer after the other, then stop."""
    left = list(answers)
    return lambda _case: left.pop(0) if left else STOP


def after(days: float = 0, **and_also: float) -> str:
    """An instant that long after MONDAY, as the protocol writes it."""
    return (MONDAY + timedelta(days=days, **and_also)).strftime("%Y-%m-%dT%H:%M:%SZ")


def retry(at: str) -> dict[str, Any]:
    return {"action": "retry", "at": at}


def wait(at: str) -> dict[str, Any]:
    return {"action": "wait", "at": at}


def email(at: str, **more: Any) -> dict[str, Any]:
    return {"action": "email", "at": at, **more}


def run(
    policy: Scripted, *truths: Truth, world: World = PLAIN, batch: bool = True
) -> Sequence[Ending]:
    """Play these cases."""
    return Game(world, truths or (truth(),), InProcess(policy), batch=batch).run()
