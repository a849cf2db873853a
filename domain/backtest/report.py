"""What a backtest found, in numbers and in words. Shares are of the value, in percent."""

from typing import Final

from msgspec import Struct

SENTENCES: Final = 12


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
    runs: int  # of the machine; sampled where a plan looks at pay days or at what has worked

    @property
    def verdict(self) -> str:
        """The answer in one sentence."""
        if self.method_holds is False:
            return "The method fails its own check on your data: do not rely on these figures."
        if self.low > 0:
            return f"B brings more: {self.low:+.1f} to {self.high:+.1f} points."
        if self.high < 0:
            return f"B brings less: {self.low:+.1f} to {self.high:+.1f} points."
        cannot = self.sampling_low > 0 or self.sampling_high < 0
        why = "B charges at instants that you never tried" if cannot else "too few cases"
        return f"We cannot know from your data which is better: {why}."


def lines_of(report: Report) -> tuple[str, ...]:
    """The report as a person reads it."""
    found = [
        report.verdict,
        "",
        f"{report.cases:,} cases, worth about {report.value_cents / 100:,.0f} US dollars.",
        f"What happened:   {report.actual_percent:5.1f} % recovered, "
        f"{report.actual_charges:,} charges, {report.actual_messages:,} messages.",
        *([_line("Policy A", report.a)] if report.a else []),
        _line("Policy B", report.b),
        f"Difference: {report.difference_percent:+.1f} points, with 95 % confidence between "
        f"{report.low:+.1f} and {report.high:+.1f}. If what nobody can know were as it is guessed, "
        f"it would be {report.sampling_low:+.1f} to {report.sampling_high:+.1f}: no promise.",
        "",
        *(_family_line(one) for one in report.families),
    ]
    if report.unknown:
        found += ["", "What we cannot know from your data, for you never tried it (enough):"]
        found += [
            f"  {one.planned:8,.0f} x {one.what} (policy {one.policy.upper()}, {one.tries} tries)"
            for one in report.unknown
        ]
    return tuple(found)


def _line(name: str, one: OfPolicy) -> str:
    return (
        f"{name}:        {one.recovered_percent:5.1f} % expected "
        f"({one.low_percent:.1f} to {one.high_percent:.1f}), {one.charges:,.0f} charges, "
        f"{one.messages:,.0f} messages; cannot know {one.cannot_know_percent:.1f} % of its "
        f"charges, {one.leaning_percent:.1f} % lean on similar instants."
    )


def _family_line(one: OfFamily) -> str:
    a = "" if one.a_percent is None else f"A {one.a_percent:5.1f} %, "
    return (
        f"  {one.family:22} {one.cases:9,} cases: was {one.actual_percent:5.1f} %, "
        f"{a}B {one.b_percent:5.1f} %"
    )
