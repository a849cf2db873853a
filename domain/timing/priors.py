"""What is believed before anything was seen: one table, in log-odds, with its sources.

Each kind of bucket has a mean (0 where nothing is said: "like the others") and a spread, the
standard deviation of what we would not be surprised to find. A wide spread learns fast; a narrow
one stays near the others. Steps of log-odds, around a chance of 20 %: +0.1 is 1.6 points, +0.5 is
9 points, +1 is 20 points.

Sources (reference of the field; trust in brackets): a third to two thirds of refusals for want of
money come back, processing errors about 60 %, generic declines 40 to 50 % over a campaign (claimed
by vendors, weak); more than 15 % clear by silent retries before the first message (a vendor's own
statistics, fair); credit recovers better than debit (Recurly's research, fair); the debit just
after local midnight works in some countries (Stripe on Smart Retries, fair); bursts of retries hurt
approval (Stripe, good); windows below 20 days lose money (Recurly, good). Where nobody publishes a
number the mean is what follows from how banks work, and the spread is wide.
"""

from functools import lru_cache
from typing import Final

from domain.timing.features import Key

FUNDS, TEMPORARY, UNKNOWN, NEW_CARD = "funds", "temporary", "unknown", "new_card"

# Log-odds that one charge at an ordinary instant goes through.
BASE: Final = {
    FUNDS: -1.7,  # 15 %: four to eight tries bring half
    TEMPORARY: -0.2,  # 45 %: two tries bring most of what is temporary indeed
    UNKNOWN: -2.0,  # 12 %: a mixture of funds, suspicion and dead cards
    NEW_CARD: 1.1,  # 75 %: another card, or renewed details
    "needs_new_card": -4.5,
    "needs_new_details": -2.9,  # the network's updater heals some silently
    "needs_authentication": -3.6,
    "never": -5.0,
    "check": -3.0,
    "outstanding": -5.0,  # a bill that is paid by hand: nobody charges it
}

# kind -> spread. The sum of the squares of one charge's buckets is about 2.
SPREADS: Final = {
    "base": 0.8,
    "code": 0.6,
    "funding": 0.3,
    "brand": 0.15,
    "amount": 0.25,
    "country": 0.25,
    "abroad": 0.2,
    "interval": 0.2,
    "tenure": 0.2,
    "declines": 0.15,
    "messages": 0.15,
    "asked": 0.3,
    "merchant": 0.12,
    "retries": 0.3,
    "since": 0.3,
    "gap": 0.35,
    "pace": 0.25,
    "paid": 0.35,
    "pay_day": 0.3,
    "hours": 0.3,
    "hour": 0.2,
    "weekday": 0.2,
    "month_day": 0.25,
    "weekday_in": 0.15,
    "month_day_in": 0.2,
    # What a message brings within a week, and what it costs.
    "act": 0.7,
    "act_number": 0.5,
    "act_template": 0.3,
    "act_channel": 0.3,
    "act_asked": 0.3,
    "act_interval": 0.2,
    "act_merchant": 0.15,
    "quit": 0.8,
    "quit_number": 0.6,
    "quit_template": 0.25,
    "quit_channel": 0.25,
    "quit_interval": 0.3,
    "quit_merchant": 0.15,
    # The same in a week without one.
    "quiet_act": 0.7,
    "quiet_act_asked": 0.3,
    "quiet_act_week": 0.4,
    "quiet_quit": 0.7,
    "quiet_quit_interval": 0.3,
    "quiet_quit_week": 0.5,
}

# (kind, family) -> the means of the bands, in the order of `features`.
BANDS: Final[dict[tuple[str, str], tuple[float, ...]]] = {
    # Money comes with pay and goes day by day.
    ("paid", FUNDS): (-0.5, -0.2, 0.05, 0.3, 0.45, 0.5),
    ("paid", UNKNOWN): (-0.2, -0.1, 0.0, 0.15, 0.2, 0.25),
    ("pay_day", FUNDS): (0.4, 0.35, 0.2, 0.05, -0.1, -0.2, -0.3),
    ("pay_day", UNKNOWN): (0.15, 0.1, 0.1, 0.0, 0.0, -0.1, -0.1),
    # The same answer comes to the same question asked too soon.
    ("gap", FUNDS): (-1.5, -1.0, -0.5, -0.15, 0.0, 0.1, 0.2, 0.25),
    ("gap", UNKNOWN): (-1.2, -0.8, -0.4, -0.1, 0.0, 0.1, 0.15, 0.15),
    ("gap", TEMPORARY): (-0.5, -0.1, 0.05, 0.15, 0.15, 0.1, 0.1, 0.1),
    ("pace", FUNDS): (-0.3, -0.15, -0.05, 0.0, 0.05, 0.05, 0.05),
    ("pace", UNKNOWN): (-0.3, -0.15, -0.05, 0.0, 0.05, 0.05, 0.05),
    ("since", FUNDS): (-0.3, -0.1, 0.0, 0.05, 0.1, 0.1, 0.1, 0.05, 0.0, -0.1, -0.2),
    ("since", UNKNOWN): (-0.1, 0.0, 0.05, 0.05, 0.05, 0.05, 0.0, 0.0, -0.1, -0.2, -0.3),
    ("since", TEMPORARY): (0.1, 0.1, 0.1, 0.0, 0.0, -0.1, -0.1, -0.2, -0.3, -0.3, -0.3),
    # Who refused often refuses again: the easy ones are gone.
    ("retries", FUNDS): (0.2, 0.1, 0.0, -0.05, -0.1, -0.15, -0.2, -0.25, -0.3, -0.4, -0.5),
    ("retries", UNKNOWN): (0.3, 0.1, 0.0, -0.1, -0.2, -0.3, -0.4, -0.5, -0.5, -0.6, -0.7),
    ("retries", TEMPORARY): (0.3, 0.0, -0.2, -0.4, -0.6, -0.7, -0.8, -0.9, -1.0, -1.0, -1.0),
    ("retries", NEW_CARD): (0.2, -1.5, -2.0, -2.2, -2.3, -2.4, -2.5, -2.5, -2.5, -2.5, -2.5),
    # Night, early, morning, afternoon, evening: pay is posted early, accounts empty by day.
    ("hours", FUNDS): (-0.15, 0.15, 0.1, 0.0, -0.1),
    ("hours", UNKNOWN): (-0.15, 0.05, 0.1, 0.05, 0.0),
    ("hours", TEMPORARY): (-0.15, 0.0, 0.1, 0.05, 0.0),
    ("amount", FUNDS): (0.25, 0.1, 0.0, -0.2, -0.35),
    ("weekday", FUNDS): (0.0, 0.0, 0.0, 0.05, 0.15, 0.0, -0.1),
    ("weekday", UNKNOWN): (0.05, 0.05, 0.05, 0.05, 0.05, -0.05, -0.1),
    ("weekday", TEMPORARY): (0.05, 0.05, 0.05, 0.05, 0.05, -0.05, -0.1),
    ("abroad", ""): (0.0, -0.2),
    ("tenure", ""): (-0.15, 0.0, 0.05, 0.15),
    ("declines", ""): (0.05, 0.0, 0.0, -0.1, -0.2),
    # Each message finds fewer who had only forgotten, and annoys more.
    ("act_number", ""): (0.0, -0.5, -1.0, -1.5, -1.9, -2.2, -2.4),
    ("quit_number", ""): (0.0, 1.2, 2.0, 2.5, 2.8, 3.0, 3.2),
    ("act_asked", ""): (0.0, 0.2),
    ("quiet_act_asked", ""): (0.0, 0.2),
    ("quiet_act_week", ""): (0.3, 0.0, -0.3, -0.5, -0.7),
}

# What does not lie in bands.
MEANS: Final[dict[Key, float]] = {
    ("funding", FUNDS, "credit"): 0.15,
    ("funding", FUNDS, "prepaid"): -0.35,
    ("funding", UNKNOWN, "prepaid"): -0.3,
    ("code", UNKNOWN, "generic_decline"): 0.1,
    ("code", UNKNOWN, "do_not_honor"): 0.0,
    # One in seven to four acts within a week of the first message where only a person can help.
    ("act", "needs_new_card", ""): -1.3,
    ("act", "needs_new_details", ""): -1.2,
    ("act", "needs_authentication", ""): -1.1,
    ("act", "never", ""): -1.6,
    ("act", FUNDS, ""): -2.6,
    ("act", UNKNOWN, ""): -2.3,
    ("act", TEMPORARY, ""): -3.0,
    ("act", NEW_CARD, ""): -2.6,
    ("act", "check", ""): -3.0,
    ("act", "outstanding", ""): -1.6,  # a reminder of a bill is what many wait for
    ("quiet_act", "needs_new_card", ""): -3.1,
    ("quiet_act", "needs_new_details", ""): -3.0,
    ("quiet_act", "needs_authentication", ""): -3.0,
    ("quiet_act", "never", ""): -3.4,
    ("quiet_act", FUNDS, ""): -3.7,
    ("quiet_act", UNKNOWN, ""): -3.6,
    ("quiet_act", TEMPORARY, ""): -3.7,
    ("quiet_act", NEW_CARD, ""): -3.4,
    ("quiet_act", "check", ""): -3.7,
    ("quiet_act", "outstanding", ""): -2.2,
    ("act_channel", "", "sms"): 0.2,
    ("quit_channel", "", "sms"): 0.2,
    ("act_template", "needs_new_card", "update_card"): 0.15,
    ("act_template", "needs_new_details", "update_card"): 0.15,
    ("act_template", "never", "update_card"): 0.1,
    ("act_template", "needs_authentication", "authenticate"): 0.2,
    ("act_template", "needs_authentication", "update_card"): -0.2,
    ("act_template", FUNDS, "update_card"): -0.1,
    ("act_template", FUNDS, "authenticate"): -0.5,
    ("quit_template", "", "final_notice"): 0.3,
    ("quit_interval", "", "week"): 0.2,
    ("quit_interval", "", "year"): -0.1,
}
QUIT: Final = -6.3  # a first message makes 0.2 % cancel …
QUIET_QUIT: Final = -5.0  # … beside 0.7 % who do so in any week
WHOLE_KINDS: Final = {"quit": QUIT, "quiet_quit": QUIET_QUIT}


@lru_cache(maxsize=8192)
def prior(key: Key) -> tuple[float, float]:
    """Mean and variance of a bucket that has seen nothing."""
    kind, family, value = key
    return _mean(kind, family, value), SPREADS[kind] ** 2


def _mean(kind: str, family: str, value: str | int) -> float:
    if kind == "base":
        return BASE[family]
    if kind in WHOLE_KINDS:
        return WHOLE_KINDS[kind]
    bands = BANDS.get((kind, family))
    if bands is not None and isinstance(value, int):
        return bands[value]
    return MEANS.get((kind, family, value), 0.0)
