"""From one case to what its page shows: the large chase line, the story, the facts."""

from datetime import datetime

from markupsafe import Markup
from msgspec import Struct

from application.views import CaseRow, CaseView
from domain.decline import DeclineFamily
from domain.network import DEBIT_SCHEMES
from domain.recovery.actions import ActionKind
from domain.recovery.state import MarkKind
from domain.recovery.transitions import Phase
from web import money, times
from web.chase_line import WELL, ChaseLine, Point, chase_line, path_of
from web.declines import FAMILIES
from web.reasons import Reason, planned, reason_of
from web.wording.ahead import PLANNED, TEXTED, is_text_planned, next_sentence
from web.wording.bills import due
from web.wording.budgets import budget, left_on_card, most_on_card, network_of
from web.wording.ends import EndPanel, end_panel
from web.wording.modes import mode_of, tries_of_stripe
from web.wording.phases import MARKS, PHASES, PhaseWords
from web.wording.reports import ReportPanel, report_panel
from web.wording.story import Told, folded, tell
from web.wording.telling import Telling, card_name

# The drawing's height in shares: captions above, the axis below.
TOP, DEPTH = 30.0, 42.0
MOST_TICKS = 8
# A letter nearer than this to another mark stands above the line, so that both are seen.
NEAR, ABOVE = 0.035, 10.0


class Spot(Struct, frozen=True, gc=False):
    """A mark of the large drawing, in percent, with its words."""

    x: str
    y: str
    kind: str
    text: str
    when: str
    anchor: str  # start | middle | end: so that the words stay inside


class Tick(Struct, frozen=True, gc=False):
    """A day on the axis."""

    x: str
    label: str
    minor: bool  # not labelled where there is little room


class Drawing(Struct, frozen=True):
    """The large chase line, ready to be drawn."""

    past: str
    future: str
    hope: str
    back: str
    spots: tuple[Spot, ...]
    ahead: tuple[Spot, ...]
    ticks: tuple[Tick, ...]
    now: str | None
    now_anchor: str
    end: str
    about: str


class Story(Struct, frozen=True):
    """One line of the timeline."""

    at: datetime
    when: str
    tone: str
    text: str
    why: str
    is_plan: bool


class CasePageView(Struct, frozen=True):
    """Everything the page prints."""

    key: str
    url: str
    row: CaseRow
    title: str
    words: PhaseWords
    amount: Markup
    next: str
    drawing: Drawing
    ahead: tuple[Story, ...]
    story: tuple[Story, ...]
    is_bill: bool  # nothing is charged: there is no card to speak of
    method: str  # what is charged: a card, a debit
    card: str
    family: str | None
    budget: str
    budget_left: int
    budget_all: int
    due: str | None  # of a bill: when it is to be paid, and how far that is
    mode: str | None  # who charges
    stripe_tries: str | None  # what Stripe counts and never charged
    reasons: tuple[Reason, ...]
    dead: bool
    report: ReportPanel | None  # what the customer says is wrong
    end: EndPanel | None  # what waits for the merchant, or can be taken back
    changed: str


def build(view: CaseView, now: datetime, zone: str, refused: str | None = None) -> CasePageView:
    """What `cases/_case.html` prints; `refused` is why the last answer could not be carried out."""
    row = view.row
    telling = Telling(zone=zone, currency=row.currency)
    is_back = row.phase is Phase.RECOVERED
    amount = row.recovered_minor if is_back else row.amount_minor
    told = sorted((tell(event, telling) for event in folded(view.history)), key=_at)
    return CasePageView(
        key=str(row.case_id),
        url=f"/cases/{row.case_id}",
        row=row,
        title=row.customer_name or row.customer_email or "A customer without a name",
        words=PHASES[row.phase],
        amount=money.html(amount, row.currency),
        next=next_sentence(view, telling),
        drawing=_draw(view, now, zone),
        ahead=tuple(reversed(_ahead(view, telling))),
        story=tuple(reversed([_story(line, zone) for line in told])),
        is_bill=row.family is DeclineFamily.OUTSTANDING,
        method="Debit" if row.card is not None and row.card.kind in DEBIT_SCHEMES else "Card",
        card=card_name(row.card),
        family=FAMILIES[row.family] if row.family else None,
        budget=budget(view),
        budget_left=left_on_card(view),
        budget_all=most_on_card(view),
        due=due(view.history, now, telling) if row.closed_at is None else None,
        mode=mode_of(view.history),
        stripe_tries=tries_of_stripe(view.history),
        reasons=_reasons(view, telling),
        dead=view.dead is not None,
        report=report_panel(view.history, view.reports),
        end=end_panel(view.history, refused),
        changed=row.changed_at.isoformat(),
    )


def _reasons(view: CaseView, telling: Telling) -> tuple[Reason, ...]:
    """Why each coming step is planned; a closed case plans nothing."""
    if view.row.closed_at is not None:
        return ()
    scheme = network_of(view.row.card)
    return tuple(reason_of(event, telling, scheme) for event in planned(view.history))


def _at(told: Told) -> datetime:
    """A decline that opened the case happened before it; equal instants keep their order."""
    return told.at


def _story(told: Told, zone: str) -> Story:
    return Story(
        at=told.at,
        when=times.short(told.at, zone),
        tone=told.tone,
        text=told.text,
        why=told.why,
        is_plan=told.tone == "plan",
    )


def _ahead(view: CaseView, telling: Telling) -> list[Story]:
    """What is planned, in its order: the plan is told as it stands, not as it once was."""
    if view.row.closed_at is not None:
        return []
    stories = [
        Story(
            at=at,
            when=times.short(at, telling.zone),
            tone="ahead",
            text=TEXTED if kind is ActionKind.REMINDER and is_text_planned(view) else PLANNED[kind],
            why="",
            is_plan=False,
        )
        for kind, at, _ in _planned(view)
    ]
    return sorted(stories, key=lambda story: story.at)


def _planned(view: CaseView) -> list[tuple[ActionKind, datetime, int]]:
    planned = [(ActionKind.CLOSE, view.row.closes_at, 0)]
    if view.next_attempt_at is not None:
        planned.append((ActionKind.ATTEMPT, view.next_attempt_at, 0))
    if view.reminder_at is not None:
        planned.append((ActionKind.REMINDER, view.reminder_at, 0))
    following = view.row.next
    if following is not None and following.kind in (ActionKind.RECONCILE, ActionKind.TAKE_OVER):
        planned.append((following.kind, following.due_at, following.number))
    return planned


def _draw(view: CaseView, now: datetime, zone: str) -> Drawing:
    line = chase_line(view.row, now, _planned(view))
    return Drawing(
        past=path_of(line.past, 1000, DEPTH, TOP),
        future=_future(line),
        hope=_hope(line),
        back=f"M{line.back * 1000:.1f} {TOP:.1f}H1000" if line.back is not None else "",
        spots=tuple(
            Spot(
                _pct(p.x),
                _y(p.y, ABOVE if _is_crowded(line.points, index) else 0.0),
                p.kind,
                MARKS[p.kind],
                times.short(p.at, zone),
                _anchor(p.x),
            )
            for index, p in enumerate(line.points)
        ),
        ahead=tuple(
            Spot(
                _pct(a.x),
                _y(line.level),
                a.kind,
                PLANNED[a.kind],
                times.short(a.at, zone),
                _anchor(a.x),
            )
            for a in line.ahead
        ),
        ticks=_ticks(line, zone),
        now=_pct(line.now) if line.now is not None else None,
        now_anchor=_anchor(line.now or 0.0),
        end=_pct(line.end),
        about=_about(line),
    )


def _future(line: ChaseLine) -> str:
    if line.now is None:
        return ""
    y = TOP + line.level * DEPTH
    return f"M{line.now * 1000:.1f} {y:.1f}H{line.end * 1000:.1f}"


def _hope(line: ChaseLine) -> str:
    """From the next attempt back up: what it is made for."""
    attempts = [a.x for a in line.ahead if a.kind is ActionKind.ATTEMPT]
    if not attempts:
        return ""
    x = attempts[0]
    rise = [(x, line.level), (min(x + 0.05, 1.0), WELL), (1.0, WELL)]
    return path_of(rise, 1000, DEPTH, TOP)


def _ticks(line: ChaseLine, zone: str) -> tuple[Tick, ...]:
    midnights = times.midnights(line.span.start, line.span.end, zone)
    step = max(1, -(-len(midnights) // MOST_TICKS))
    return tuple(
        Tick(
            x=_pct(line.span.x(at)),
            label=times.day(at, zone) if index % step == 0 else "",
            minor=index // step % 2 == 1,
        )
        for index, at in enumerate(midnights)
    )


def _about(line: ChaseLine) -> str:
    """The drawing in one sentence, for who cannot see it; the timeline below says all."""
    declines = sum(point.kind is MarkKind.FAILED for point in line.points)
    messages = sum(point.kind is MarkKind.WROTE for point in line.points)
    return (
        f"{declines} {'decline' if declines == 1 else 'declines'} and "
        f"{messages} {'reminder' if messages == 1 else 'reminders'} so far. "
        "The timeline below tells each."
    )


def _pct(share: float) -> str:
    return f"{share * 100:.2f}%"


def _y(share: float, above: float = 0.0) -> str:
    return f"{TOP + share * DEPTH - above:.1f}%"


def _is_crowded(points: tuple[Point, ...], index: int) -> bool:
    """A letter whose neighbour would cover it, or be covered."""
    here = points[index]
    beside = points[max(0, index - 1) : index + 2]
    return here.kind is MarkKind.WROTE and any(
        other is not here and abs(other.x - here.x) < NEAR for other in beside
    )


def _anchor(share: float) -> str:
    if share < 0.3:
        return "start"
    return "end" if share > 0.7 else "middle"
