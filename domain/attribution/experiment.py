"""Which cases may be compared: those that one and the same draw has put where they are."""

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct

from domain.policy import Policy


class Experiment(Struct, frozen=True, kw_only=True):
    """The running experiment of a merchant.

    Versions of a policy with another name draw people anew; with another hold-out share, groups
    would differ by when their cases opened. So neither is pooled with the running one; for arms,
    neither are versions with other arms or weights.
    """

    name: str
    hold_out_percent: int
    versions: tuple[int, ...]  # ascending
    horizon: timedelta  # the longest window: only cases that opened before it count, in all groups
    arms: tuple[str, ...] = ()  # those that are compared with `control`
    control: str | None = None  # the first arm without plans, else the first; None without arms
    arm_versions: tuple[int, ...] = ()


def latest_experiment(policies: Sequence[Policy]) -> Experiment:
    """What the newest of these versions runs. Raises ValueError if there are none."""
    newest = max(policies, key=lambda policy: policy.version)
    alike = sorted(
        (one for one in policies if _draw(one) == _draw(newest)), key=lambda one: one.version
    )
    control = _control(newest)
    return Experiment(
        name=newest.name,
        hold_out_percent=newest.hold_out_percent,
        versions=tuple(one.version for one in alike),
        horizon=max(window for one in alike for window in _windows(one)),
        arms=tuple(arm.name for arm in newest.arms if arm.name != control),
        control=control,
        arm_versions=tuple(one.version for one in alike if _weights(one) == _weights(newest)),
    )


def _draw(policy: Policy) -> tuple[str, int]:
    return policy.name, policy.hold_out_percent


def _weights(policy: Policy) -> tuple[tuple[str, int], ...]:
    return tuple((arm.name, arm.weight) for arm in policy.arms)


def _control(policy: Policy) -> str | None:
    names = [arm.name for arm in policy.arms if not arm.plans and arm.window is None]
    return next(iter(names + [arm.name for arm in policy.arms]), None)


def _windows(policy: Policy) -> list[timedelta]:
    own = [*(one.window for one in policy.segments), *(one.window for one in policy.arms)]
    return [policy.window, *(window for window in own if window is not None)]
