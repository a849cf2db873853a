"""The networks' rules, counted per card as the protocol writes them."""

from typing import Final

from rehearsal.worlds.issuer import says_never
from rehearsal.worlds.shapes import Card, Decline
from rehearsal.worlds.zones import DAY_S

MONTH_S: Final = 30 * DAY_S
VISA_RETRIES, VISA_RETRIES_SINCE_2025 = 15, 20
MASTERCARD_ATTEMPTS, MASTERCARD_ATTEMPTS_A_DAY = 35, 10
RULES: Final = ("visa_15", "visa_20", "mastercard_35", "mastercard_10_a_day", "never")


class CardHistory:
    """The attempts on one card of one case. A window is closed at both ends: what happened
    exactly 30 days (24 hours) ago still counts.
    """

    def __init__(self, card: Card, merchant_country: str) -> None:
        self._brand = card.brand
        self._retry_fine = 15.0 if card.country != merchant_country else 10.0
        self._attempts: list[int] = []
        self._retries: list[int] = []
        self._never = False

    def first(self, at: int, decline: Decline) -> None:
        """The attempt that opened the case: an attempt, not a retry."""
        self._attempts.append(at)
        self._never = says_never(decline)

    def judge(self, at: int) -> tuple[tuple[str, ...], float]:
        """Rules that a retry now breaks, and its fines in US cents (none for `visa_20`)."""
        broken: list[str] = []
        if self._brand == "visa":
            made = _within(self._retries, at, MONTH_S)
            broken += ["visa_15"] * (made >= VISA_RETRIES)
            broken += ["visa_20"] * (made >= VISA_RETRIES_SINCE_2025)
        if self._brand == "mastercard":
            month, day = (_within(self._attempts, at, span) for span in (MONTH_S, DAY_S))
            broken += ["mastercard_35"] * (month >= MASTERCARD_ATTEMPTS)
            broken += ["mastercard_10_a_day"] * (day >= MASTERCARD_ATTEMPTS_A_DAY)
        broken += ["never"] * self._never
        return tuple(broken), sum(self._fine(rule) for rule in broken)

    def retried(self, at: int, decline: Decline | None) -> None:
        """Count a retry; `decline` None: it went through."""
        self._attempts.append(at)
        self._retries.append(at)
        self._never = self._never or (decline is not None and says_never(decline))

    def _fine(self, rule: str) -> float:
        if rule == "visa_20":
            return 0.0
        return 50.0 if self._brand == "mastercard" else self._retry_fine


def _within(instants: list[int], at: int, span: int) -> int:
    return sum(1 for each in instants if at - each <= span)
