"""From the rows of a page to what the list shows. Runs for each row of each page: kept lean."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup
from msgspec import Struct

from application.views import CaseFilter, CasePage, CaseRow, MoneyOfPhase, Needs
from domain.recovery.transitions import Phase
from web import money, times
from web.icons import badge
from web.spark import spark
from web.wording.ahead import next_short
from web.wording.phases import HELD_OUT_WORDS, PHASES, PhaseWords

# The order in which a merchant asks: what came back, what is on its way, who must act.
SHOWN: Final = (
    Needs.YOU,
    Phase.RECOVERED,
    Phase.WAITING,
    Phase.CHARGING,
    Phase.CUSTOMER,
    Phase.PAUSED,
    Phase.LOST,
    Phase.STOPPED,
)
ALWAYS: Final = frozenset({Phase.RECOVERED, Phase.WAITING, Phase.CUSTOMER, Phase.LOST})
MOST_CURRENCIES: Final = 3


BADGES: Final = {phase: badge(words) for phase, words in PHASES.items()}
HELD_OUT: Final = badge(HELD_OUT_WORDS)


class Line(Struct, frozen=True, gc=False):
    """One row, ready to be printed."""

    url: str
    key: str
    name: str
    detail: str
    amount: Markup
    state: Markup
    spark: Markup
    next: str
    opened_at: str
    opened_full: str


class Figure(Struct, frozen=True, gc=False):
    """One figure above the list, which is also the way to narrow it."""

    url: str
    words: PhaseWords
    cases: int
    sums: tuple[Markup, ...]
    more: int  # currencies that are not shown
    chosen: bool


class CaseListView(Struct, frozen=True):
    """The list with its figures."""

    lines: tuple[tuple[Line, str], ...]  # and how long ago it was opened
    figures: tuple[Figure, ...]
    total: int
    phase: PhaseWords | None
    older: str | None
    first: str | None  # the way back to the newest, on a later page
    here: str
    now: datetime


class Wish(Struct, frozen=True):
    """Which cases somebody asked for."""

    phase: CaseFilter | None
    after: str | None

    def url(self) -> str:
        """The address of that part of the list."""
        query = {"phase": self.phase, "after": self.after}
        given = {name: value for name, value in query.items() if value}
        return f"/cases?{urlencode(given)}" if given else "/cases"


def build(
    wish: Wish, page: CasePage, sums: Iterable[MoneyOfPhase], now: datetime, zone: str
) -> CaseListView:
    """What `cases/_list.html` prints."""
    sums, phase = tuple(sums), wish.phase
    hour = now.replace(minute=0, second=0, microsecond=0)
    return CaseListView(
        lines=tuple(
            (_line(row, hour, zone), times.relative(row.opened_at, now)) for row in page.rows
        ),
        figures=tuple(_figures(sums, phase)),
        total=sum(part.cases for part in sums if part.phase is not Needs.YOU),
        phase=PHASES[phase] if phase else None,
        older=Wish(phase, page.after).url() if page.after else None,
        first=Wish(phase, None).url() if wish.after else None,
        here=wish.url(),
        now=now,
    )


@lru_cache(maxsize=1_000)
def _line(row: CaseRow, hour: datetime, zone: str) -> Line:
    """A row in words. Open pages ask for the same rows each time one of them changes; an hour is
    less than a pixel of the drawing."""
    key = str(row.case_id)
    is_back = row.phase is Phase.RECOVERED
    amount = row.recovered_minor if is_back else row.amount_minor
    return Line(
        url=f"/cases/{key}",
        key=key,
        name=row.customer_name or row.customer_email or "A customer without a name",
        detail=row.number or row.invoice_id,
        amount=money.html(amount, row.currency),
        state=_state(row),
        spark=spark(row, hour),
        next=_ended(row, zone) if row.closed_at else next_short(row, zone),
        opened_at=f"{row.opened_at:%Y-%m-%dT%H:%M:%SZ}",
        opened_full=times.full(row.opened_at, zone),
    )


def _state(row: CaseRow) -> Markup:
    if row.needs_you:
        return BADGES[Needs.YOU]
    return HELD_OUT if row.held_out and row.closed_at is None else BADGES[row.phase]


def _ended(row: CaseRow, zone: str) -> str:
    assert row.closed_at is not None
    verb = "Back" if row.phase is Phase.RECOVERED else "Ended"
    return f"{verb} \u00b7 {times.short(row.closed_at, zone)}"


def _figures(sums: tuple[MoneyOfPhase, ...], chosen: CaseFilter | None) -> Iterable[Figure]:
    for phase in SHOWN:
        parts = sorted((p for p in sums if p.phase is phase), key=_size, reverse=True)
        if not parts and phase not in ALWAYS and phase is not chosen:
            continue
        yield Figure(
            url="/cases" if phase is chosen else Wish(phase, None).url(),
            words=PHASES[phase],
            cases=sum(part.cases for part in parts),
            sums=tuple(money.html(_amount(p), p.currency) for p in parts[:MOST_CURRENCIES]),
            more=max(0, len(parts) - MOST_CURRENCIES),
            chosen=phase is chosen,
        )


def _size(part: MoneyOfPhase) -> tuple[int, str]:
    return (part.cases, part.currency)


def _amount(part: MoneyOfPhase) -> int:
    return part.recovered_minor if part.phase is Phase.RECOVERED else part.amount_minor
