"""The schedules others sell, as policies of protocol 1, each in a strong version.

Numbers: the schedules their documentation and code give (offsets in days after the first failure).
Where a vendor publishes none, an even spread over its window. All of them keep the networks' rules,
write in daylight, charge a new card at once, and wait for one when nothing else is left.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import Struct

Case = Mapping[str, Any]
Answer = dict[str, Any]
Instants = tuple[datetime, ...]
CHASE: Final = timedelta(days=45)
NEVER: Final = frozenset(
    "lost_card stolen_card pickup_card invalid_account incorrect_number stop_payment_order "
    "revocation_of_authorization revocation_of_all_authorizations".split()
)
STRIPE_NEVER: Final = NEVER | {"authentication_required", "transaction_not_allowed",
                               "highest_risk_level"}  # fmt: skip
HARD: Final = STRIPE_NEVER | {"restricted_card", "expired_card", "card_not_supported",
                              "currency_not_supported", "service_not_allowed"}  # fmt: skip
ISSUER: Final = frozenset(
    "processing_error issuer_not_available try_again_later reenter_transaction".split()
)
NEEDS_CARD: Final = HARD | {"invalid_expiry_year", "incorrect_cvc", "security_violation"}


class Schedule(Struct, frozen=True, kw_only=True):
    """A vendor: when it charges (given the case and its last code) and when it writes."""

    name: str
    charges: Callable[[Case, str | None], Instants]
    mails: tuple[float, ...]
    most: int  # charges of one card, whatever its codes were
    blocked: frozenset[str] = NEVER

    def answer(self, request: Mapping[str, Any]) -> Answer | None:
        """Protocol 1; learns nothing."""
        if request["op"] != "decide":
            return None
        if "case" in request:
            return self._decide(request["case"])
        answers = [{"id": case["id"], **self._decide(case)} for case in request["cases"]]
        return {"seq": request["seq"], "answers": answers}

    def _decide(self, case: Case) -> Answer:
        now = instant(case["now"])
        if _new_card(case):
            return {"action": "retry", "at": case["now"], "reason": "a new card"}
        charge, mail = self._next_charge(case, now), self._next_mail(case, now)
        if mail is not None and (charge is None or mail <= charge):
            return {"action": "email", "at": mail.isoformat(), "template": self._template(case)}
        if charge is not None:
            return {"action": "retry", "at": charge.isoformat()}
        ends_at = instant(case["opened_at"]) + CHASE - timedelta(minutes=1)
        if now >= ends_at:
            return {"action": "stop"}
        return {"action": "wait", "at": ends_at.isoformat(), "reason": "for another card"}

    def _next_charge(self, case: Case, now: datetime) -> datetime | None:
        tried = _on_this_card(case)
        if len(tried) > self.most or any(_forbids(each, self.blocked) for each in tried):
            return None
        last_at = instant(case["attempts"][-1]["at"])
        planned = self.charges(case, case["attempts"][-1]["decline_code"])
        return next((at for at in planned if at > last_at and at >= now), None)

    def _next_mail(self, case: Case, now: datetime) -> datetime | None:
        number = len(case["messages"])
        if number >= len(self.mails):
            return None
        planned = instant(case["opened_at"]) + timedelta(days=self.mails[number])
        return _by_day(max(now, planned), case["timezone"])

    def _template(self, case: Case) -> str:
        code = case["attempts"][-1]["decline_code"]
        if len(case["messages"]) + 1 == len(self.mails) and len(self.mails) > 1:
            return "final_notice"
        if code == "authentication_required":
            return "authenticate"
        return "update_card" if code in NEEDS_CARD else "payment_failed"


class Nothing:
    """No retry and no message: what comes by itself."""

    name = "do nothing"

    def answer(self, request: Mapping[str, Any]) -> Answer | None:
        """Stops every case."""
        if request["op"] != "decide":
            return None
        if "case" in request:
            return {"action": "stop"}
        answers = [{"id": case["id"], "action": "stop"} for case in request["cases"]]
        return {"seq": request["seq"], "answers": answers}


def _smart(case: Case, code: str | None) -> Instants:
    """Eight tries in two weeks: on likely pay days for want of money, else evenly by day."""
    if code in ISSUER:
        return _after(case, (0.125, 0.5, 1, 2, 4, 7, 10, 14))
    if code != "insufficient_funds":
        return _on_days(case, (1, 2, 3, 5, 7, 9, 11, 14), (10, 14, 9, 12, 17, 10, 13, 11))
    days = sorted(range(1, 15), key=lambda day: (-_pay_day_score(case, day), day))[:8]
    return _on_days(case, tuple(sorted(days)), (9,))


def _custom(case: Case, _: str | None) -> Instants:
    return _after(case, (3, 8, 15))


def _chargebee(case: Case, code: str | None) -> Instants:
    """Up to twelve, by category of the decline."""
    if code in ISSUER:
        return _after(case, (0.17, 0.5, 1, 2, 3, 4, 6, 8, 11, 15, 20, 26))
    if code == "insufficient_funds":
        return _on_days(case, (1, 3, 5, 7, 9, 12, 14, 17, 20, 23, 26, 29), (9,))
    return _on_days(case, (1, 2, 4, 6, 8, 11, 14, 18, 22, 26), (10, 15))


def _recurly(case: Case, code: str | None) -> Instants:
    """A window of 28 days by class of the decline; communication errors within hours."""
    if code in ISSUER:
        return _after(case, (0.17, 0.33, 1.33, 2.33, 3.33, 5, 8, 11, 17, 24))
    if code == "insufficient_funds":
        return _on_days(case, (2, 4, 7, 10, 13, 16, 19, 22, 25, 28), (8,))
    return _on_days(case, (2, 5, 8, 12, 16, 20, 24, 28), (11,))


def _daily(case: Case, _: str | None) -> Instants:
    return _on_days(case, tuple(range(1, 15)), (9,))


def _pay_days(case: Case, _: str | None) -> Instants:
    """The day after, then the 1st and the 15th of the month."""
    days = [day for day in range(2, 31) if _local_day(case, day).day in {1, 15}]
    return _on_days(case, (1, *days), (9,))


SMART: Final = Schedule(
    name="smart retries", charges=_smart, most=8, mails=(0, 3, 7, 12), blocked=STRIPE_NEVER
)
SCHEDULES: Final = (
    SMART,
    Schedule(
        name="custom 3-5-7", charges=_custom, most=3, mails=(0, 3, 8, 15), blocked=STRIPE_NEVER
    ),
    Schedule(name="chargebee", charges=_chargebee, most=12, mails=(0, 5, 12, 22), blocked=HARD),
    Schedule(name="recurly", charges=_recurly, most=10, mails=(0, 5, 10, 15, 20, 26), blocked=HARD),
    Schedule(name="daily", charges=_daily, most=14, mails=(0, 3, 7, 13)),
    Schedule(name="pay days", charges=_pay_days, most=4, mails=(0, 4, 10, 18, 26), blocked=HARD),
)
OPPONENTS: Final = {each.name: each for each in (*SCHEDULES, Nothing())}


@lru_cache(maxsize=100_000)
def instant(text: str) -> datetime:
    """An instant of the protocol."""
    return datetime.fromisoformat(text)


def _after(case: Case, days: tuple[float, ...]) -> Instants:
    opened_at = instant(case["opened_at"])
    return tuple(opened_at + timedelta(days=day) for day in days)


def _on_days(case: Case, days: tuple[int, ...], hours: tuple[int, ...]) -> Instants:
    return _mornings(case["opened_at"], case["timezone"], days, hours)


@lru_cache(maxsize=20_000)
def _mornings(opened_at: str, zone: str, days: tuple[int, ...], hours: tuple[int, ...]) -> Instants:
    """So many local days after the first failure, at the hours in turn."""
    there = instant(opened_at).astimezone(ZoneInfo(zone))
    return tuple(
        (there + timedelta(days=day))
        .replace(hour=hours[place % len(hours)], minute=5, second=0)
        .astimezone(UTC)
        for place, day in enumerate(days)
    )


def _local_day(case: Case, day: int) -> datetime:
    opened_at = instant(case["opened_at"]).astimezone(ZoneInfo(case["timezone"]))
    return opened_at + timedelta(days=day)


def _pay_day_score(case: Case, day: int) -> float:
    there = _local_day(case, day)
    last = (there + timedelta(days=1)).day == 1
    score = 2.0 if last or there.day in {1, 15} else 0.0
    score += 1.5 if there.day in {25, 28, 10, 5} and case["country"] != "US" else 0.0
    score += 1.0 if there.weekday() == 4 else 0.0
    return score + (0.6 if there.day in {2, 16} else 0.0)


def _new_card(case: Case) -> bool:
    """Whether the card on file has not been tried yet."""
    updated_at = case["card"]["updated_at"]
    return updated_at is not None and not _on_this_card(case)


def _on_this_card(case: Case) -> list[Mapping[str, Any]]:
    updated_at = case["card"]["updated_at"]
    if updated_at is None:
        return list(case["attempts"])
    since = instant(updated_at)
    return [each for each in case["attempts"] if instant(each["at"]) >= since]


def _forbids(attempt: Mapping[str, Any], blocked: frozenset[str]) -> bool:
    return (
        attempt["decline_code"] in blocked
        or attempt["decline_code"] in NEVER
        or attempt["network_advice_code"] in {"03", "21"}
    )


def _by_day(at: datetime, zone: str) -> datetime:
    """`at`, or nine in the morning if that is at night."""
    there = at.astimezone(ZoneInfo(zone))
    if 8 <= there.hour < 20:
        return at
    morning = there + timedelta(days=1 if there.hour >= 20 else 0)
    return max(at, morning.replace(hour=9, minute=0, second=0).astimezone(UTC))
