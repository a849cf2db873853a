"""What is wrong with the plan of one decline family."""

from datetime import timedelta
from typing import Final

from domain.decline import DeclineFamily
from domain.policy.bounds import Faults, at_most, between, lasting, unless
from domain.policy.durations import written
from domain.policy.shapes import FixedWaits, Plan, Plans, Retries, Since, Step, Template

HOUR: Final = timedelta(hours=1)
MOST_TRIES: Final = 35  # Mastercard's limit for 30 days, the widest
MOST_STEPS: Final = 12
MOST_CENTS: Final = 1_000_000
LEAST_GAP: Final = HOUR
SHORTEST_WAIT: Final = timedelta(minutes=1)
# What it can take from the end of a wait to the policy's hour for charges.
LONGEST_TO_CHARGE_HOUR: Final = timedelta(days=1)

# Why a plan of these families has no retries; a new card is charged whatever the plan says.
NOT_CHARGED: Final = {
    DeclineFamily.NEVER: "The card networks forbid another charge of this card.",
    DeclineFamily.NEEDS_NEW_CARD: "This card will not do: only another one can be charged.",
    DeclineFamily.NEEDS_AUTHENTICATION: "Only the customer can help: they must authenticate.",
    DeclineFamily.CHECK: "A person must look at this first: nothing is charged.",
    DeclineFamily.OUTSTANDING: "A bill that was sent is paid by the customer: it is never charged.",
}
ORDER: Final = (Since.OPENED, Since.DUE, Since.ASKED, Since.END)
# What is said of a bill that was sent; a refused card is another matter.
OF_BILLS: Final = (Template.INVOICE_DUE, Template.INVOICE_OVERDUE, Template.FINAL_NOTICE)
OF_BILLS_ALONE: Final = OF_BILLS[:2]


def plans_faults(field: str, plans: Plans, shortest: dict[DeclineFamily, timedelta]) -> Faults:
    """Faults of the plans at `field`; `shortest` is the shortest window in which each holds."""
    for family, plan in plans.items():
        yield from _plan_faults(f"{field}.{family}", family, plan, shortest[family])


def _plan_faults(field: str, family: DeclineFamily, plan: Plan, window: timedelta) -> Faults:
    if plan.retries is not None:
        if family in NOT_CHARGED:
            yield from unless(False, f"{field}.retries", NOT_CHARGED[family])
        yield from _retries_faults(f"{field}.retries", plan.retries, window)
    yield from _campaign_faults(f"{field}.campaign", plan.campaign, window)
    for index, step in enumerate(plan.campaign):
        thanks = "Thanks follow a payment: say receipt = true."
        at = f"{field}.campaign[{index}].template"
        yield from unless(step.template is not Template.RECOVERED, at, thanks)
        yield from _bill_faults(f"{field}.campaign[{index}]", family, step)


def _bill_faults(field: str, family: DeclineFamily, step: Step) -> Faults:
    """A bill that was sent has a due date and no card; any other case has no due date."""
    if family is DeclineFamily.OUTSTANDING:
        words = "No card was refused: write invoice_due, invoice_overdue or final_notice."
        yield from unless(step.template in OF_BILLS, f"{field}.template", words)
        return
    words = "Only a bill that was sent has a due date."
    yield from unless(step.template not in OF_BILLS_ALONE, f"{field}.template", words)
    yield from unless(step.since is not Since.DUE, f"{field}.since", words)


def _retries_faults(field: str, retries: Retries, window: timedelta) -> Faults:
    if not isinstance(retries, FixedWaits):
        yield from between(f"{field}.tries", retries.tries, 1, MOST_TRIES)
        yield from lasting(f"{field}.gap", retries.gap, LEAST_GAP, window)
        return
    waits = f"{field}.waits"
    yield from unless(
        1 <= len(retries.waits) <= MOST_TRIES, waits, f"Give from 1 to {MOST_TRIES} waits."
    )
    for index, wait in enumerate(retries.waits):
        yield from lasting(f"{waits}[{index}]", wait, SHORTEST_WAIT, window)
    yield from unless(
        sum(retries.waits, LONGEST_TO_CHARGE_HOUR) <= window,
        waits,
        f"The last charge could fall after the case ends: the waits and one day for the hour of"
        f" charges must fit into {written(window)}.",
    )


def _campaign_faults(field: str, campaign: tuple[Step, ...], window: timedelta) -> Faults:
    yield from at_most(field, len(campaign), MOST_STEPS)
    for index, step in enumerate(campaign):
        yield from _step_faults(f"{field}[{index}]", step, window)
    for index in range(1, len(campaign)):
        yield from _order_faults(f"{field}[{index}]", campaign[index - 1], campaign[index])


def _step_faults(field: str, step: Step, window: timedelta) -> Faults:
    least, most = (HOUR, window) if step.since is Since.END else (timedelta(), window - HOUR)
    yield from lasting(f"{field}.after", step.after, least, most)
    yield from between(f"{field}.at_least_cents", step.at_least_cents, 0, MOST_CENTS)


def _order_faults(field: str, before: Step, step: Step) -> Faults:
    """Steps go in their order, so each must come later than the one before."""
    if before.since is not step.since:
        yield from unless(
            ORDER.index(before.since) < ORDER.index(step.since),
            f"{field}.since",
            "First the steps since opened, then those since asked, last those before the end.",
        )
    elif step.since is Since.END:
        yield from unless(
            step.after < before.after, f"{field}.after", "Must be nearer to the end than before."
        )
    else:
        yield from unless(
            step.after > before.after, f"{field}.after", "Must come later than the step before."
        )
