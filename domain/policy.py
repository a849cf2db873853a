"""The policy: every number that decides about a case, in one value that a merchant can read."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

from domain.calendar import is_timezone
from domain.decline import DeclineFamily

MOST_RETRIES = 12
MOST_REMINDERS = 12
LONGEST_WINDOW = timedelta(days=60)
# What it can take from the end of a wait to the policy's hour for charges.
LONGEST_TO_CHARGE_HOUR = timedelta(days=1)


class StripeRetries(StrEnum):
    """What becomes of Stripe's own retries of an invoice that we chase."""

    TAKE_OVER = "take_over"  # switched off for this invoice: every charge is ours
    FOLLOW = "follow"  # left on: both count against the card's budget


class PolicyFault(Struct, frozen=True):
    """One thing wrong with a policy: the field to mark and the sentence to show."""

    field: str
    message: str


class PolicyInvalid(ValueError):
    """The policy breaks rules of its own; `.faults` holds all of them."""

    def __init__(self, faults: tuple[PolicyFault, ...]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.message}" for fault in faults))
        self.faults = faults


class Plan(Struct, frozen=True, kw_only=True):
    """What to do about one decline family.

    `retries` are the waits after each decline; `reminders` the waits after the case opened.
    """

    retries: tuple[timedelta, ...] = ()
    reminders: tuple[timedelta, ...] = ()


class Policy(Struct, frozen=True, kw_only=True):
    """A merchant's rules, one immutable version. A case keeps the version it was opened with."""

    version: int
    plans: Mapping[DeclineFamily, Plan]
    window: timedelta  # from the first decline to the end of the case
    timezone: str  # IANA name; whose hours `charge_hour` and the quiet hours are
    charge_hour: int  # local hour at which planned charges run
    first_mail_hour: int  # mails go out from this local hour on ...
    last_mail_hour: int  # ... and before this one
    reminder_gap: timedelta  # the shortest time between two messages of one case
    card_month_limit: int  # declines of one card and amount in 30 days
    card_day_limit: int  # declines of one card in 24 hours
    stripe_retries: StripeRetries

    def __post_init__(self) -> None:
        faults = tuple(_faults(self))
        if faults:
            raise PolicyInvalid(faults)

    def plan_for(self, family: DeclineFamily) -> Plan:
        """The plan of a family; a family without one is neither charged nor written to."""
        return self.plans.get(family, Plan())


def _faults(policy: Policy) -> list[PolicyFault]:
    checks = [
        (
            "window",
            timedelta(days=1) <= policy.window <= LONGEST_WINDOW,
            "Choose between 1 and 60 days.",
        ),
        ("timezone", is_timezone(policy.timezone), "Choose a time zone such as Europe/Paris."),
        ("charge_hour", 0 <= policy.charge_hour <= 23, "Choose an hour from 0 to 23."),
        (
            "first_mail_hour",
            0 <= policy.first_mail_hour < policy.last_mail_hour <= 24,
            "The first hour for mails must come before the last.",
        ),
        ("reminder_gap", policy.reminder_gap >= timedelta(hours=1), "At least one hour."),
        ("card_month_limit", 1 <= policy.card_month_limit <= 35, "Choose between 1 and 35."),
        ("card_day_limit", 1 <= policy.card_day_limit <= 10, "Choose between 1 and 10."),
    ]
    faults = [PolicyFault(field, message) for field, holds, message in checks if not holds]
    for family, plan in policy.plans.items():
        faults += _plan_faults(f"plans.{family}", plan, policy.window)
    return faults


def _plan_faults(field: str, plan: Plan, window: timedelta) -> list[PolicyFault]:
    checks = [
        (len(plan.retries) <= MOST_RETRIES, "retries", f"At most {MOST_RETRIES} retries."),
        (
            all(wait > timedelta() for wait in plan.retries),
            "retries",
            "Each wait must be longer than nothing.",
        ),
        (
            not plan.retries or sum(plan.retries, LONGEST_TO_CHARGE_HOUR) <= window,
            "retries",
            "The last retry could fall after the window ends.",
        ),
        (
            len(plan.reminders) <= MOST_REMINDERS,
            "reminders",
            f"At most {MOST_REMINDERS} reminders.",
        ),
        (
            list(plan.reminders) == sorted(set(plan.reminders)),
            "reminders",
            "Each reminder must come later than the one before.",
        ),
        (
            all(timedelta() <= wait < window for wait in plan.reminders),
            "reminders",
            "Each reminder must fall inside the window.",
        ),
    ]
    return [PolicyFault(f"{field}.{name}", message) for holds, name, message in checks if not holds]


def balanced(timezone: str, version: int = 1) -> Policy:
    """The preset a merchant starts with: three retries and three reminders in two weeks.

    Time heals what lack of money broke, so those waits reach over a pay day; a stumbling issuer is
    tried again the next day; where only the customer can help, nothing is charged and they hear
    from us at once.
    """
    days = [timedelta(days=n) for n in range(15)]
    ask = (timedelta(hours=1), days[4], days[9])
    return Policy(
        version=version,
        plans={
            DeclineFamily.FUNDS: Plan(
                retries=(days[2], days[4], days[6]), reminders=(days[1], days[5], days[10])
            ),
            DeclineFamily.TEMPORARY: Plan(
                retries=(days[1], days[2], days[4]), reminders=(days[2], days[6], days[10])
            ),
            DeclineFamily.UNKNOWN: Plan(
                retries=(days[2], days[4], days[6]), reminders=(days[1], days[5], days[10])
            ),
            DeclineFamily.NEEDS_NEW_CARD: Plan(reminders=ask),
            DeclineFamily.NEEDS_NEW_DETAILS: Plan(reminders=ask),
            DeclineFamily.NEEDS_AUTHENTICATION: Plan(reminders=ask),
            DeclineFamily.NEVER: Plan(reminders=ask),
            DeclineFamily.CHECK: Plan(),
        },
        window=days[14],
        timezone=timezone,
        charge_hour=9,
        first_mail_hour=9,
        last_mail_hour=19,
        reminder_gap=days[2],
        card_month_limit=8,
        card_day_limit=1,
        stripe_retries=StripeRetries.TAKE_OVER,
    )
