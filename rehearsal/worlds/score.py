"""What a run came to, measured as the protocol says. Money in US cents at fixed rates."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from math import fsum
from statistics import median

import msgspec
from msgspec import Struct

from rehearsal.worlds.network import RULES
from rehearsal.worlds.played import Ending
from rehearsal.worlds.zones import DAY_S


class Score(Struct, frozen=True, kw_only=True):
    """A run of one world, one seed, one policy."""

    world: str
    seed: int
    cases: int
    failed_cents: float
    recovered_cents: float
    net_cents: float
    oracle_cents: float
    fee_cents: float
    message_cents: float
    fine_cents: float
    churn_cents: float
    recoveries: int
    retries: int
    messages: int
    cancellations_caused: int
    median_days: float
    decisions: int
    faults: int
    violations: int  # fined ones: `visa_20` is told beside them
    broken: dict[str, int]
    cpu_s: float
    digest: str  # of every ending

    @property
    def net_share(self) -> float:
        """Net value as a share of what failed."""
        return self.net_cents / self.failed_cents

    @property
    def recovered_share(self) -> float:
        """Recovered money as a share of what failed."""
        return self.recovered_cents / self.failed_cents

    @property
    def oracle_share(self) -> float:
        """Net value as a share of what an oracle gets."""
        return self.net_cents / self.oracle_cents if self.oracle_cents else 0.0

    @property
    def retries_per_recovery(self) -> float:
        return self.retries / max(1, self.recoveries)

    @property
    def ms_per_decision(self) -> float:
        """CPU of the policy, start-up included."""
        return 1000.0 * self.cpu_s / max(1, self.decisions)


def score(
    world: str, seed: int, endings: Sequence[Ending], oracle_cents: float, cpu_s: float
) -> Score:
    """Add up the endings of a run."""
    won = [each for each in endings if each.result == "recovered"]
    broken = Counter(rule for each in endings for rule in each.broken)
    return Score(
        world=world,
        seed=seed,
        cases=len(endings),
        failed_cents=fsum(each.failed_cents for each in endings),
        recovered_cents=fsum(each.recovered_cents for each in endings),
        net_cents=fsum(each.net_cents for each in endings),
        oracle_cents=oracle_cents,
        fee_cents=fsum(each.fee_cents for each in endings),
        message_cents=fsum(each.message_cents for each in endings),
        fine_cents=fsum(each.fine_cents for each in endings),
        churn_cents=fsum(each.churn_cents for each in endings),
        recoveries=len(won),
        retries=sum(each.retries for each in endings),
        messages=sum(each.messages for each in endings),
        cancellations_caused=sum(each.churn_cents > 0 for each in endings),
        median_days=median((each.ended_at - each.opened_at) / DAY_S for each in won)
        if won
        else 0.0,
        decisions=sum(each.decisions for each in endings),
        faults=sum(each.faults for each in endings),
        violations=sum(count for rule, count in broken.items() if rule != "visa_20"),
        broken={rule: broken[rule] for rule in RULES},
        cpu_s=cpu_s,
        digest=hashlib.sha256(msgspec.json.encode(list(endings))).hexdigest(),
    )
