"""What a backtest found, in numbers and in words. Shares are of the value, in percent."""

from typing import Final

from msgspec import Struct

SENTENCES: Final = 12  # of what nobody can know, at most
LINES: Final = 6  # of them that are printed


class OfPolicy(Struct, frozen=True, kw_only=True):
    """What one policy is expected to have done with the past cases."""

    recovered_percent: float
    low_percent: float  # of the 95 % interval, what nobody knows included
    high_percent: float
    charges: float
    messages: float
    cannot_know_percent: float  # of its charges, those whose like the history never tried
    leaning_percent: float  # of its charges, those estimated by the help of similar instants


class OfFamily(Struct, frozen=True, kw_only=True):
    """The same by decline family."""

    family: str
    cases: int
    actual_percent: float
    a_percent: float | None
    b_percent: float
    actual_charges: int
    a_charges: float | None
    b_charges: float


class Unknown(Struct, frozen=True, kw_only=True):
    """Where the history is silent: the stratum in words, and how much of a plan falls into it."""

    what: str
    tries: int
    planned: float  # charges (or customers' days) that the plan puts there
    policy: str  # "a" or "b"


class Report(Struct, frozen=True, kw_only=True):
    """Policy B against A over the same past cases; A is what happened where no policy is given.

    `difference_percent` is B's recovered share less A's, in points; `low` and `high` bound it with
    95 % confidence and take all that cannot be known at its worst and at its best. `sampling_low`
    and `sampling_high` take what cannot be known as it is guessed, and so are no promise.
    `method_holds` is False if the estimate for A, which made the history, misses what really came
    back: then nothing here is to be trusted.
    """

    cases: int
    value_cents: int
    actual_percent: float
    actual_charges: int
    actual_messages: int
    a: OfPolicy | None
    b: OfPolicy
    difference_percent: float
    low: float
    high: float
    sampling_low: float
    sampling_high: float
    method_holds: bool | None
    families: tuple[OfFamily, ...]
    unknown: tuple[Unknown, ...]
    runs: int = 0  # of the machine; sampled where a plan looks at pay days or at what has worked
    learns: bool = False  # whether a policy hangs on what has worked before

    @property
    def verdict(self) -> str:
        """The answer in one sentence."""
        if self.method_holds is False:
            return (
                "The method fails its own check on your data: do not rely on these figures. What "
                "policy A would have brought is not what came back; did A make this history?"
            )
        than = "what happened" if self.a is None else "A"
        points = f"by {abs(self.low):.1f} to {abs(self.high):.1f} points of what was owed"
        if self.low > 0:
            return f"B brings more than {than}, {points}."
        if self.high < 0:
            points = f"by {abs(self.high):.1f} to {abs(self.low):.1f} points of what was owed"
            return f"B brings less than {than}, {points}."
        if self.low == self.high == 0:
            return f"B brings the same as {than}."
        guessed = self.sampling_low > 0 or self.sampling_high < 0
        why = (
            "too much of it was never tried"
            if guessed
            else "too few cases for two so near each other"
        )
        return f"We cannot know from your data whether B brings more than {than}: {why}."


def lines_of(report: Report) -> tuple[str, ...]:
    """The report as a person reads it."""
    return (
        report.verdict,
        "",
        f"{report.cases:,} failed payments, worth about {_dollars(report.value_cents)} US dollars.",
        "",
        *_table(report),
        "",
        *_difference(report),
        "",
        *_families(report),
        *_unknown(report),
    )


def _dollars(cents: float) -> str:
    return f"{cents / 100:,.0f}"


def _table(report: Report) -> list[str]:
    happened = f"{report.actual_percent:5.1f} %"
    policies = [("Policy A", report.a)] if report.a else []
    return [
        f"{'':14} {'came back':<28} {'charges':>10} {'messages':>10}",
        f"{'What happened':14} {happened:>7} {'':20} {report.actual_charges:10,}"
        f" {report.actual_messages:10,}",
        *(_policy_line(name, one) for name, one in [*policies, ("Policy B", report.b)]),
    ]


def _policy_line(name: str, one: OfPolicy) -> str:
    between = f"({one.low_percent:.1f} to {one.high_percent:.1f})"
    return (
        f"{name:14} {one.recovered_percent:5.1f} % {between:>20} {one.charges:10,.0f}"
        f" {one.messages:10,.0f}"
    )


def _difference(report: Report) -> list[str]:
    than = "what happened" if report.a is None else "A"
    dollars = [report.value_cents * points / 10_000 for points in (report.low, report.high)]
    found = [
        f"B less {than}: {report.difference_percent:+.1f} points; with 95 % confidence between "
        f"{report.low:+.1f} and {report.high:+.1f},",
        f"which is {dollars[0]:+,.0f} to {dollars[1]:+,.0f} US dollars of these payments.",
    ]
    if report.b.cannot_know_percent or (report.a and report.a.cannot_know_percent):
        found += [
            "That takes what nobody can know at its worst and at its best. As it is guessed it "
            f"would be {report.sampling_low:+.1f} to {report.sampling_high:+.1f}: no promise."
        ]
    found += [
        f"Of {name}'s charges {one.cannot_know_percent:.0f} % lie where your history tells "
        f"nothing, {one.leaning_percent:.0f} % lean on similar instants."
        for name, one in (("A", report.a), ("B", report.b))
        if one is not None and one.charges
    ]
    if report.learns:
        found.append(
            "What learns is tried as it is on its first day; what it would learn is left out."
        )
    return found


def _families(report: Report) -> list[str]:
    a = "" if report.a is None else f"{'A':>9}"
    head = f"{'Why it failed':22} {'payments':>9} {'happened':>9}{a}{'B':>9}"
    return [head, *(_family_line(one) for one in report.families)]


def _family_line(one: OfFamily) -> str:
    a = "" if one.a_percent is None else f"{one.a_percent:7.1f} %"
    return (
        f"{one.family.replace('_', ' '):22} {one.cases:9,} {one.actual_percent:7.1f} %{a}"
        f"{one.b_percent:7.1f} %"
    )


def _unknown(report: Report) -> list[str]:
    if not report.unknown:
        return []
    found = ["", "What we cannot know from your data, for you never tried it (enough):"]
    found += [
        f"{one.planned:8,.0f} planned by {one.policy.upper()}, {one.tries} tried: {one.what}"
        for one in report.unknown[:LINES]
    ]
    more = len(report.unknown) - LINES
    return [*found, f"{'':8} and more; --json lists {SENTENCES} of them."] if more > 0 else found
