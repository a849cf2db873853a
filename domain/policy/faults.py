"""What is wrong with a policy, all of it at once, each fault with its field."""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from domain.calendar import is_timezone
from domain.decline import DeclineFamily, may_sort
from domain.network import DAILY_LIMIT, MONTHLY_LIMIT
from domain.policy.bounds import (
    Faults,
    PolicyFault,
    at_most,
    between,
    lasting,
    named,
    unique,
    unless,
)
from domain.policy.plan_faults import LEAST_GAP, MOST_CENTS, plans_faults
from domain.policy.shapes import Arm, Channel, ContactBudget, Economics, Match, Segment
from domain.policy.windows import (
    LONGEST_WINDOW,
    SHORTEST_WINDOW,
    windows_of_arm,
    windows_of_base,
    windows_of_segment,
)

if TYPE_CHECKING:
    from domain.policy.policy import Policy

LONGEST_TENURE: Final = timedelta(days=36_500)
MOST_CONTACTS: Final = {"per_day": 4, "per_week": 10, "per_month": 20}
MOST_CANCELLED_MONTHS: Final = 120
MOST_HELD_OUT: Final = 50
MOST_TEXTS: Final = 4
# Outside of these a text about money owed is unlawful in some countries.
# Source: 47 CFR 64.1200(c)(1): nobody is called before 8 or after 21, local time.
EARLIEST_TEXT, LATEST_TEXT = 8, 21
LONGEST_NOTICE: Final = timedelta(days=30)  # cards of later renewals may be renewed by then
MOST_SEGMENTS, MOST_ARMS, MOST_FAMILIES, MOST_VALUES = 50, 10, 300, 300
MOST_WEIGHT: Final = 1000
LONGEST_CODE: Final = 100
BRAND: Final = re.compile("[a-z_]{1,30}")
MOST_AMOUNT: Final = 10**12  # Stripe takes at most 12 digits

# What the values of a segment's conditions look like, and how a merchant is told.
CONDITIONS: Final = {
    "currencies": (re.compile("[a-z]{3}"), "Write currencies as three small letters: eur."),
    "countries": (re.compile("[A-Z]{2}"), "Write countries as two capital letters: DE."),
    "intervals": (re.compile("week|month|year"), "Intervals are week, month and year."),
    "prices": (re.compile(r"[!-~]{1,255}"), "Write prices as Stripe's ids: price_…"),
    "collections": (
        re.compile("charge_automatically|send_invoice"),
        "Collection methods are charge_automatically and send_invoice.",
    ),
}


def faults_of(policy: "Policy") -> Iterable[PolicyFault]:
    """Every fault of a policy, in the order of its fields."""
    yield from _frame_faults(policy)
    yield from _contact_faults(policy.contacts)
    yield from _limits_faults(policy)
    yield from _texts_faults(policy)
    yield from _economics_faults(policy.economics)
    yield from _segments_faults(policy)
    yield from _arms_faults(policy)
    yield from between("hold_out_percent", policy.hold_out_percent, 0, MOST_HELD_OUT)
    yield from lasting("expiry_notice", policy.expiry_notice, timedelta(), LONGEST_NOTICE)
    yield from _families_faults(policy)


def _frame_faults(policy: "Policy") -> Faults:
    yield from unless(policy.version >= 1, "version", "Versions count from 1.")
    yield from named("name", policy.name)
    yield from _window_faults("window", policy.window)
    yield from plans_faults("plans", policy.plans, windows_of_base(policy))
    yield from unless(
        is_timezone(policy.timezone), "timezone", "Choose a time zone such as Europe/Paris."
    )
    yield from between("charge_hour", policy.charge_hour, 0, 23)
    yield from unless(
        0 <= policy.first_mail_hour < policy.last_mail_hour <= 24,
        "first_mail_hour",
        "The first hour for messages must come before the last; both are from 0 to 24.",
    )


def _window_faults(field: str, window: timedelta) -> Faults:
    yield from lasting(field, window, SHORTEST_WINDOW, LONGEST_WINDOW)


def _contact_faults(contacts: ContactBudget) -> Faults:
    yield from lasting("contacts.gap", contacts.gap, LEAST_GAP, LONGEST_WINDOW)
    counts = (contacts.per_day, contacts.per_week, contacts.per_month)
    for (name, most), count in zip(MOST_CONTACTS.items(), counts, strict=True):
        yield from between(f"contacts.{name}", count, 1, most)
    yield from unless(
        contacts.per_day <= contacts.per_week,
        "contacts.per_week",
        "At least as many in a week as in a day.",
    )
    yield from unless(
        contacts.per_week <= contacts.per_month,
        "contacts.per_month",
        "At least as many in a month as in a week.",
    )


def _texts_faults(policy: "Policy") -> Faults:
    yield from between("most_texts", policy.most_texts, 0, MOST_TEXTS)
    yield from unless(
        EARLIEST_TEXT <= policy.first_text_hour < policy.last_text_hour <= LATEST_TEXT,
        "first_text_hour",
        f"The first hour for texts must come before the last; both are from {EARLIEST_TEXT} to"
        f" {LATEST_TEXT}.",
    )
    first, last = policy.hours_for(Channel.SMS)
    yield from unless(
        first < last or not _has_texts(policy),
        "last_text_hour",
        "No hour is left for texts: they keep to the hours for messages too.",
    )


def _has_texts(policy: "Policy") -> bool:
    others: tuple[Segment | Arm, ...] = (*policy.segments, *policy.arms)
    tables = [policy.plans, *(one.plans for one in others)]
    campaigns = (plan.campaign for plans in tables for plan in plans.values())
    return any(step.channel is Channel.SMS for campaign in campaigns for step in campaign)


def _limits_faults(policy: "Policy") -> Faults:
    """A brand's limit can only be stricter than that of all cards."""
    yield from between("card_month_limit", policy.card_month_limit, 1, max(MONTHLY_LIMIT.values()))
    for brand, limit in policy.brand_month_limits.items():
        field = f"brand_month_limits.{brand}"
        fits = BRAND.fullmatch(brand) is not None
        yield from unless(fits, field, "Write brands as Stripe does, in small letters: visa.")
        yield from between(field, limit, 1, policy.card_month_limit)
    yield from between("card_day_limit", policy.card_day_limit, 1, DAILY_LIMIT)


def _economics_faults(economics: Economics) -> Faults:
    yield from between("economics.attempt_cents", economics.attempt_cents, 0, MOST_CENTS)
    yield from between("economics.message_cents", economics.message_cents, 0, MOST_CENTS)
    yield from between(
        "economics.cancelled_months", economics.cancelled_months, 0, MOST_CANCELLED_MONTHS
    )
    yield from between("economics.exploration_percent", economics.exploration_percent, 0, 100)


def _segments_faults(policy: "Policy") -> Faults:
    yield from at_most("segments", len(policy.segments), MOST_SEGMENTS)
    for index, segment in enumerate(policy.segments):
        field = f"segments[{index}]"
        yield from named(f"{field}.name", segment.name)
        yield from _match_faults(f"{field}.when", segment.when)
        if segment.window is not None:
            yield from _window_faults(f"{field}.window", segment.window)
        windows = windows_of_segment(policy, segment)
        yield from plans_faults(f"{field}.plans", segment.plans, windows)
    yield from unique("segments", tuple(segment.name for segment in policy.segments))


def _match_faults(field: str, when: Match) -> Faults:
    yield from unless(when != Match(), field, "Say which cases belong to this segment.")
    for name, (pattern, words) in CONDITIONS.items():
        values: tuple[str, ...] = getattr(when, name)
        yield from at_most(f"{field}.{name}", len(values), MOST_VALUES)
        fits = all(pattern.fullmatch(value) for value in values)
        yield from unless(fits, f"{field}.{name}", words)
    yield from _amount_faults(field, when)
    yield from _tenure_faults(field, when)


def _amount_faults(field: str, when: Match) -> Faults:
    bounds = {"at_least_minor": when.at_least_minor, "below_minor": when.below_minor}
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    for name, bound in given.items():
        yield from between(f"{field}.{name}", bound, 0, MOST_AMOUNT)
    yield from unless(
        not given or len(when.currencies) == 1,
        f"{field}.currencies",
        "Name the one currency that the amounts are in.",
    )
    yield from unless(
        len(given) < len(bounds) or given["at_least_minor"] < given["below_minor"],
        f"{field}.below_minor",
        "Must be more than at_least_minor.",
    )


def _tenure_faults(field: str, when: Match) -> Faults:
    least, below = when.tenure_at_least, when.tenure_below
    for name, bound in (("tenure_at_least", least), ("tenure_below", below)):
        if bound is not None:
            yield from lasting(f"{field}.{name}", bound, timedelta(), LONGEST_TENURE)
    yield from unless(
        least is None or below is None or least < below,
        f"{field}.tenure_below",
        "Must be longer than tenure_at_least.",
    )


def _arms_faults(policy: "Policy") -> Faults:
    yield from at_most("arms", len(policy.arms), MOST_ARMS)
    for index, arm in enumerate(policy.arms):
        field = f"arms[{index}]"
        yield from named(f"{field}.name", arm.name)
        yield from between(f"{field}.weight", arm.weight, 1, MOST_WEIGHT)
        if arm.window is not None:
            yield from _window_faults(f"{field}.window", arm.window)
        yield from plans_faults(f"{field}.plans", arm.plans, windows_of_arm(policy, arm))
    yield from unique("arms", tuple(arm.name for arm in policy.arms))


def _families_faults(policy: "Policy") -> Faults:
    yield from at_most("families", len(policy.families), MOST_FAMILIES)
    for code, family in policy.families.items():
        yield from unless(
            0 < len(code) <= LONGEST_CODE and code.isprintable() and code == code.strip(),
            f"families.{code}",
            "Write the decline code as Stripe does, such as do_not_honor.",
        )
        yield from unless(may_sort(code, family), f"families.{code}", _why_not(family))


def _why_not(family: DeclineFamily) -> str:
    """Why a code may not be sorted into a family."""
    if family is DeclineFamily.OUTSTANDING:
        return "No decline makes a bill of a charge: choose another family."
    return (
        "The networks or Stripe forbid a further charge after this code:"
        " only never or needs_new_card."
    )
