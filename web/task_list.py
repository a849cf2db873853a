"""From rows to what the pages of tasks and of people at risk show."""

from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from markupsafe import Markup
from msgspec import Struct

from application.ports.hand_off import Member
from application.ports.suppressions import Suppression
from application.task_views import (
    MOST_COUNTED,
    RiskPage,
    RiskRow,
    TaskCounts,
    TaskFilter,
    TaskPage,
    TaskRow,
)
from web import money, times
from web.wording.phases import PhaseWords
from web.wording.tasks import EMPTY, FILTERS, KINDS, WHY_SILENT, due, name_of, path_of, sentence

PATH: Final = "/tasks"
AT_RISK: Final = f"{PATH}/at-risk"
GONE: Final = "somebody who has left"


class Choice(Struct, frozen=True):
    """One person that a task can be given to."""

    value: str
    label: str
    chosen: bool


class TaskLine(Struct, frozen=True):
    """One task, ready to be printed."""

    key: str
    kind: str
    text: str
    url: str | None  # where it is worked on
    due: str
    due_at: datetime
    is_late: bool
    is_done: bool
    people: tuple[Choice, ...]  # whom it can be given to
    whose: str  # where it cannot be given away
    may_finish: bool
    may_reopen: bool
    answer: bool  # it is answered on the page of its case


class Tab(Struct, frozen=True):
    """A way to narrow the list, with how many there are."""

    label: str
    url: str
    count: str
    chosen: bool


class TaskListView(Struct, frozen=True):
    """The list with its tabs."""

    lines: tuple[TaskLine, ...]
    tabs: tuple[Tab, ...]
    show: str
    late: str  # how many are overdue; empty if none
    empty: tuple[str, str]
    older: str | None
    first: str | None
    here: str


class Wish(Struct, frozen=True):
    """Which tasks somebody asked for."""

    show: TaskFilter = TaskFilter.ALL
    after: str | None = None

    def url(self) -> str:
        """The address of that part of the list."""
        shown = self.show.value if self.show is not TaskFilter.ALL else None
        given = {name: value for name, value in (("show", shown), ("after", self.after)) if value}
        return f"{PATH}?{urlencode(given)}" if given else PATH


class Reader(Struct, frozen=True):
    """Who looks, when and where, and who their colleagues are."""

    user_id: UUID
    team: tuple[Member, ...]
    now: datetime
    zone: str
    works: bool  # may do something about what stands there


def build(wish: Wish, page: TaskPage, counts: TaskCounts, reader: Reader) -> TaskListView:
    """What `tasks/_list.html` prints."""
    late = counts.overdue
    return TaskListView(
        lines=tuple(line(row, reader) for row in page.rows),
        tabs=tuple(_tab(each, wish.show, counts) for each in TaskFilter),
        show=wish.show.value,
        late=f"{_counted(late)} overdue" if late else "",
        empty=EMPTY[wish.show],
        older=Wish(wish.show, page.after).url() if page.after else None,
        first=Wish(wish.show).url() if wish.after else None,
        here=wish.url(),
    )


def line(row: TaskRow, reader: Reader) -> TaskLine:
    """One of them, for the list and for the page of a case."""
    task, url = row.task, path_of(row)
    is_done = task.done_at is not None
    people = () if is_done else _people(task.assignee, reader)
    at = task.done_at or task.due_at
    return TaskLine(
        key=str(task.task_id),
        kind=KINDS[task.kind],
        text=sentence(row, name_of(row)),
        url=None if url == PATH else url,
        due=_done(row, reader) if is_done else due(row, reader.now, reader.zone),
        due_at=at,
        is_late=not is_done and task.due_at < reader.now,
        is_done=is_done,
        people=people if reader.works else (),
        whose="" if reader.works else next((each.label for each in people if each.chosen), ""),
        may_finish=reader.works and not is_done and not task.is_answered_on_case,
        may_reopen=reader.works and task.done_by is not None,
        answer=reader.works and not is_done and task.is_answered_on_case,
    )


def _done(row: TaskRow, reader: Reader) -> str:
    assert row.task.done_at is not None
    when = times.short(row.task.done_at, reader.zone)
    if row.task.done_by is None:
        return f"Settled itself {when}"
    who = next((each.email for each in reader.team if each.user_id == row.task.done_by), GONE)
    return f"Done {when} by {'you' if row.task.done_by == reader.user_id else who}"


def _people(assignee: UUID | None, reader: Reader) -> tuple[Choice, ...]:
    """Nobody, oneself, and the others by their addresses."""
    others = [each for each in reader.team if each.user_id != reader.user_id]
    named = [(str(each.user_id), each.email) for each in others]
    chosen = str(assignee) if assignee else ""
    every = [("", "Nobody"), (str(reader.user_id), "You"), *named]
    return tuple(Choice(value, label, value == chosen) for value, label in every)


def _tab(each: TaskFilter, chosen: TaskFilter, counts: TaskCounts) -> Tab:
    numbers = {
        TaskFilter.ALL: counts.all,
        TaskFilter.MINE: counts.mine,
        TaskFilter.NOBODYS: counts.nobodys,
    }
    number = numbers.get(each)
    count = _counted(number) if number is not None else ""
    return Tab(FILTERS[each], Wish(each).url(), count, each is chosen)


def _counted(number: int) -> str:
    return f"{MOST_COUNTED}+" if number >= MOST_COUNTED else str(number)


REASONS: Final = {
    Suppression.BOUNCED: PhaseWords(WHY_SILENT[Suppression.BOUNCED], "lost", ""),
    Suppression.COMPLAINED: PhaseWords(WHY_SILENT[Suppression.COMPLAINED], "waiting", ""),
    Suppression.UNSUBSCRIBED: PhaseWords(WHY_SILENT[Suppression.UNSUBSCRIBED], "stopped", ""),
}


class RiskLine(Struct, frozen=True):
    """One person at risk, ready to be printed."""

    key: str
    name: str
    email: str | None  # beside a name
    reason: PhaseWords
    since: str
    since_at: datetime
    owed: tuple[Markup, ...]
    url: str
    cases: str
    may_lift: bool


class RiskListView(Struct, frozen=True):
    """The list of people at risk."""

    lines: tuple[RiskLine, ...]
    older: str | None
    first: str | None
    here: str


def at_risk(page: RiskPage, after: str | None, zone: str) -> RiskListView:
    """What `tasks/_at_risk.html` prints."""
    return RiskListView(
        lines=tuple(_risk(row, zone) for row in page.rows),
        older=_risk_url(page.after) if page.after else None,
        first=AT_RISK if after else None,
        here=_risk_url(after) if after else AT_RISK,
    )


def _risk(row: RiskRow, zone: str) -> RiskLine:
    name = row.customer_name or row.customer_email or "A customer without a name"
    return RiskLine(
        key=row.address_hash.hex(),
        name=name,
        email=row.customer_email if row.customer_email != name else None,
        reason=REASONS[row.reason],
        since=times.short(row.since, zone),
        since_at=row.since,
        owed=tuple(money.html(each.amount_minor, each.currency) for each in row.owed),
        url=f"/cases/{row.case_id}",
        cases="1 open case" if row.cases == 1 else f"{row.cases} open cases",
        may_lift=row.reason is Suppression.BOUNCED,
    )


def _risk_url(after: str) -> str:
    return f"{AT_RISK}?{urlencode({'after': after})}"
