"""The only state machine: which event may happen in which phase, and where it leads."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from domain.recovery import events as e


class Phase(StrEnum):
    """Where a case stands; the words of `web` for it are in one place there."""

    NEW = "new"
    WAITING = "waiting"  # we know when we act next
    CHARGING = "charging"  # an attempt is on its way, or its outcome is unclear
    CUSTOMER = "customer"  # the customer's turn
    PAUSED = "paused"  # somebody said: not now
    RECOVERED = "recovered"
    LOST = "lost"
    STOPPED = "stopped"


CLOSED: Final = frozenset({Phase.RECOVERED, Phase.LOST, Phase.STOPPED})
OPEN: Final = (Phase.WAITING, Phase.CHARGING, Phase.CUSTOMER, Phase.PAUSED)
IDLE: Final = (Phase.WAITING, Phase.CUSTOMER)  # no charge is on its way, and one may be planned
ENDED: Final = (Phase.RECOVERED, Phase.LOST, Phase.STOPPED)

# A pair that is not here cannot happen: `evolve` raises KeyError, and that is a bug.
TRANSITIONS: Final[Mapping[tuple[Phase, type[e.Event]], Phase]] = {
    (Phase.NEW, e.CaseOpened): Phase.WAITING,
    (Phase.WAITING, e.AttemptStarted): Phase.CHARGING,
    (Phase.CHARGING, e.AttemptUnclear): Phase.CHARGING,
    (Phase.CHARGING, e.AttemptAbandoned): Phase.WAITING,
    (Phase.CHARGING, e.AttemptDeclined): Phase.WAITING,
    **{(phase, e.AttemptPlanned): Phase.WAITING for phase in IDLE},
    **{(phase, e.CustomerAsked): Phase.CUSTOMER for phase in IDLE},
    # A charge on its way cannot be called back: its case pauses once the outcome is known.
    **{(phase, e.CasePaused): Phase.PAUSED for phase in (*IDLE, Phase.PAUSED)},
    (Phase.CHARGING, e.CasePaused): Phase.CHARGING,
    (Phase.CHARGING, e.CaseResumed): Phase.CHARGING,
    (Phase.PAUSED, e.CaseResumed): Phase.WAITING,
    **{
        (phase, kind): phase
        for phase in OPEN
        for kind in (
            e.RetriesTakenOver,
            e.StripeCounted,
            e.ChargeDeclined,
            e.CardReplaced,
            e.AmountChanged,
            e.MoneyOverpaid,
            e.ReminderFailed,
        )
    },
    **{
        (phase, kind): phase
        for phase in IDLE
        for kind in (e.ReminderStarted, e.ReminderSkipped, e.DatePicked, e.PaymentPromised)
    },
    **{(phase, e.ReminderPlanned): phase for phase in (*IDLE, Phase.CHARGING)},
    **{(phase, e.CaseRecovered): Phase.RECOVERED for phase in OPEN},
    # The thanks, and a campaign's last message that the mail server refuses only now.
    **{
        (Phase.RECOVERED, kind): Phase.RECOVERED
        for kind in (e.ReminderPlanned, e.ReminderStarted, e.ReminderSkipped, e.ReminderFailed)
    },
    **{(phase, e.CaseLost): Phase.LOST for phase in OPEN},
    **{(phase, e.CaseStopped): Phase.STOPPED for phase in OPEN},
    **{(phase, e.MoneyCameLate): phase for phase in (Phase.LOST, Phase.STOPPED)},
    **{
        (Phase.LOST, kind): Phase.LOST
        for kind in (e.EndActionDone, e.EndConfirmed, e.EndActionUndone)
    },
    **{
        (phase, kind): phase
        for phase in ENDED
        # A refusal told of after the end counts against its card all the same.
        for kind in (e.ChargeDeclined, e.MoneyReturned, e.MoneyReinstated, e.MoneyOverpaid)
    },
}
