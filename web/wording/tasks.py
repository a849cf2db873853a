"""Tasks in words: what there is to do, in one sentence; how the page, the mail and Slack say it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from application.account_tasks import KEY_REFUSED
from application.ports.stripe_accounts import Permission
from application.ports.suppressions import Suppression
from application.ports.team_news import News, NewsLine, Occasion
from application.task_views import TaskFilter, TaskRow
from domain.policy import EndAction
from domain.recovery.events import Problem
from domain.tasks import TaskKind
from web import money, times
from web.wording.ends import TO_DO
from web.wording.permissions import PERMISSIONS
from web.wording.reports import PROBLEMS

KINDS: Final = {
    TaskKind.LARGE_AMOUNT: "Large amount",
    TaskKind.SOMETHING_WRONG: "Something is wrong",
    TaskKind.DEAD_ADDRESS: "Dead address",
    TaskKind.COMPLAINT: "Complaint",
    TaskKind.CONFIRM_END: "To confirm",
    TaskKind.CAPABILITY_MISSING: "Permission missing",
}
ABOUT_KINDS: Final = {
    TaskKind.LARGE_AMOUNT: "A case opens with a large amount",
    TaskKind.SOMETHING_WRONG: "A customer says that something is wrong",
    TaskKind.DEAD_ADDRESS: "A customer\u2019s address does not exist",
    TaskKind.COMPLAINT: "A customer calls a letter spam",
    TaskKind.CONFIRM_END: "The end of a case waits for your word",
    TaskKind.CAPABILITY_MISSING: "Stripe does not let us do something",
}
FILTERS: Final = {
    TaskFilter.ALL: "Open",
    TaskFilter.MINE: "Mine",
    TaskFilter.NOBODYS: "Nobody\u2019s",
    TaskFilter.DONE: "Done",
}
EMPTY: Final = {
    TaskFilter.ALL: (
        "Nothing is to do",
        "When a person is needed, their task opens here by itself: a large amount, a customer who "
        "says that something is wrong, an address that does not exist.",
    ),
    TaskFilter.MINE: ("Nothing is yours", "What a colleague gives you, or you take, stands here."),
    TaskFilter.NOBODYS: ("Everything has somebody", "New tasks are nobody\u2019s at first."),
    TaskFilter.DONE: ("Nothing has been done yet", "What is done stays here, with who did it."),
}
WHY_SILENT: Final = {
    Suppression.BOUNCED: "Their address does not exist",
    Suppression.COMPLAINED: "They called a letter spam",
    Suppression.UNSUBSCRIBED: "They want no letters",
}
NAMELESS: Final = "A customer without a name"
FOOTER: Final = (
    "You get this because you work through tasks there. Change it under Tasks, Settings."
)


def name_of(row: TaskRow) -> str:
    """As the list of cases names them: for pages alone, since it may be an address."""
    return row.customer_name or row.customer_email or NAMELESS


def discreet_name_of(row: TaskRow) -> str:
    """For mails and Slack: nothing that is, or holds, an address of theirs."""
    name = " ".join((row.customer_name or "").split())
    return name[:100] if name and "@" not in name else "A customer"


def sentence(row: TaskRow, who: str) -> str:
    """What there is to do; `who` is the customer."""
    return _SENTENCES[row.task.kind](row, who)


def due(row: TaskRow, now: datetime, zone: str) -> str:
    """Until when, or since when it is late."""
    at = row.task.due_at
    if at < now:
        return f"Overdue since {times.date(at, zone)}"
    return f"Due {times.date(at, zone)}"


def news_teller(
    base_url: str, clock: Callable[[], datetime]
) -> Callable[[Occasion, Sequence[TaskRow], int, str], News]:
    """What puts tasks into a message; links lead to `base_url`."""

    def word(occasion: Occasion, rows: Sequence[TaskRow], count: int, zone: str) -> News:
        now, more = clock(), count - len(rows)
        return News(
            title=_title(occasion, count),
            lines=tuple(
                NewsLine(
                    text=sentence(row, discreet_name_of(row)),
                    due=f"{due(row, now, zone)}.",
                    link=base_url + path_of(row),
                )
                for row in rows
            ),
            more=f"And {more} more." if more else "",
            link=f"{base_url}/tasks",
            button="See all tasks",
            footer=FOOTER,
        )

    return word


def test_news(base_url: str) -> News:
    """What a test post says."""
    return News(
        title="ChargeChase posts your tasks here.",
        lines=(),
        more="",
        link=f"{base_url}/tasks",
        button="See all tasks",
        footer="",
    )


def path_of(row: TaskRow) -> str:
    """Where it is worked on."""
    if row.task.case_id is not None:
        return f"/cases/{row.task.case_id}"
    return "/settings/stripe" if row.task.kind is TaskKind.CAPABILITY_MISSING else "/tasks"


def _title(occasion: Occasion, count: int) -> str:
    tasks = "1 task" if count == 1 else f"{count} tasks"
    match occasion:
        case Occasion.NEW:
            return "A new task" if count == 1 else f"{count} new tasks"
        case Occasion.ASSIGNED:
            return "A task is yours now" if count == 1 else f"{count} tasks are yours now"
        case Occasion.OVERDUE:
            return f"{tasks} overdue"


def _amount(row: TaskRow) -> str:
    if row.task.amount_minor is None or row.task.currency is None:
        return ""
    return money.plain(row.task.amount_minor, row.task.currency)


def _large(row: TaskRow, who: str) -> str:
    return f"{who} owes {_amount(row)}: look at it yourself, and call if you know them."


def _wrong(row: TaskRow, who: str) -> str:
    until = "Nobody charges or writes until you have answered."
    if row.task.about == Problem.ANSWERED:
        return f"{who} answered a letter: read it. {until}"
    problem = PROBLEMS[Problem(row.task.about)] if row.task.about else "something is wrong"
    return f"{who} says: {problem}. {until}"


def _dead(row: TaskRow, who: str) -> str:
    if row.task.case_id is None:
        return "The address of a customer does not exist, so no letter reaches them."
    whom = _in_sentence(who)
    return f"No letter reaches {whom}: their address does not exist. They owe {_amount(row)}."


def _complaint(row: TaskRow, who: str) -> str:
    if row.task.case_id is None:
        return "A customer called a letter spam and gets none any more."
    return f"{who} called a letter spam and gets none any more. They owe {_amount(row)}."


def _confirm(row: TaskRow, who: str) -> str:
    if not row.task.about:
        return f"The case of {_in_sentence(who)} is lost, and its end waits for your word."
    todo = TO_DO[EndAction(row.task.about)]
    return f"The case of {_in_sentence(who)} is lost. Confirm, or not: {todo}."


def _capability(row: TaskRow, who: str) -> str:
    about, subject = row.task.about, row.task.subject
    if row.task.case_id is not None:
        todo = TO_DO[EndAction(about)] if about else "end it"
        return f"The case of {_in_sentence(who)} is lost, and we may not {todo}: do it in Stripe."
    account = subject.partition(":")[2]
    if about == KEY_REFUSED:
        return f"Stripe does not take the key of {account} any more. Paste a new one."
    names = [f"{PERMISSIONS[each][0]}: {PERMISSIONS[each][1]}" for each in _permissions(about)]
    return f"The key of {account} lacks {_listed(names)}. Allow it in Stripe\u2019s dashboard."


def _permissions(about: str) -> list[Permission]:
    known = {str(each): each for each in Permission}
    return [known[name] for name in about.split() if name in known]


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return names[0] if names else "a permission"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _in_sentence(who: str) -> str:
    """A name as it is; words of ours begin small in the middle."""
    return who[:1].lower() + who[1:] if who in (NAMELESS, "A customer") else who


_SENTENCES: Final = {
    TaskKind.LARGE_AMOUNT: _large,
    TaskKind.SOMETHING_WRONG: _wrong,
    TaskKind.DEAD_ADDRESS: _dead,
    TaskKind.COMPLAINT: _complaint,
    TaskKind.CONFIRM_END: _confirm,
    TaskKind.CAPABILITY_MISSING: _capability,
}
