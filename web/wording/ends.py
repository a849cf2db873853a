"""What the case page says of the end in Stripe, and which buttons it has."""

from typing import Final
from urllib.parse import quote

from msgspec import Struct

from application.use_cases.answer_end import EndAnswer
from domain.policy import EndAction
from domain.policy.shapes import OF_SUBSCRIPTION, UNDOABLE
from domain.recovery import events as e
from domain.recovery.case import replay
from domain.recovery.state import RecoveryCase
from web.reasons import why_not

TO_DO: Final = {
    EndAction.KEEP: "leave everything as it is",
    EndAction.HAND_BACK: "let Stripe retry this invoice again",
    EndAction.MARK_UNCOLLECTIBLE: "mark this invoice as uncollectible",
    EndAction.VOID_INVOICE: "void this invoice",
    EndAction.CANCEL_SUBSCRIPTION: "cancel this subscription now",
    EndAction.CANCEL_AT_PERIOD_END: "cancel this subscription at the end of its period",
    EndAction.PAUSE_COLLECTION: "pause the collection of this subscription",
}
DID: Final = {
    EndAction.HAND_BACK: "Stripe retries this invoice again by its own settings.",
    EndAction.CANCEL_AT_PERIOD_END: "The subscription ends when its period is over.",
    EndAction.PAUSE_COLLECTION: "The subscription\u2019s next invoices stay drafts.",
}
GONE: Final = {
    EndAction.VOID_INVOICE: "A voided invoice cannot be paid any more, and nothing brings it back.",
    EndAction.CANCEL_SUBSCRIPTION: "A cancelled subscription cannot be taken up again: the "
    "customer would have to subscribe anew.",
}
WHOLE_PERIOD: Final = "Do it in Stripe, and then say so here."


class Button(Struct, frozen=True):
    """One answer that can be given."""

    answer: str
    label: str
    tone: str = "quiet"  # its class: "" for the one to press, "danger" for what nothing brings back


class EndPanel(Struct, frozen=True):
    """What waits for the merchant, or can be taken back."""

    title: str
    text: str
    buttons: tuple[Button, ...]
    link: str | None = None  # into Stripe's dashboard


def end_panel(history: tuple[e.Event, ...], refused: str | None = None) -> EndPanel | None:
    """The panel of a lost case; None where there is nothing to say. `refused` is why the last
    answer could not be carried out."""
    case = replay(history)
    panel = _panel(case, history)
    if panel is None or refused is None:
        return panel
    text = f"{why_not(refused)} {panel.text}"
    return EndPanel(title=panel.title, text=text, buttons=panel.buttons, link=panel.link)


def _panel(case: RecoveryCase, history: tuple[e.Event, ...]) -> EndPanel | None:
    if case.end_waits:
        return EndPanel(
            title=f"Please confirm: {TO_DO[case.then]}",
            text=GONE[case.then],
            buttons=(
                Button(EndAnswer.CONFIRM, _first_up(TO_DO[case.then]), tone="danger"),
                Button(EndAnswer.LEAVE, "Leave it as it is"),
            ),
        )
    if case.end_needs_merchant:
        return EndPanel(
            title=f"You have to {TO_DO[case.by_hand]} in Stripe yourself",
            text=f"{why_not(_last_reason(history))} {WHOLE_PERIOD}",
            buttons=(
                Button(EndAnswer.DONE, "Done", tone=""),
                Button(EndAnswer.LEAVE, "Leave it as it is"),
            ),
            link=dashboard_link(case, case.by_hand),
        )
    if case.ended_by in UNDOABLE:
        undo = (Button(EndAnswer.UNDO, "Take it back"),)
        return EndPanel(title="Done in Stripe", text=DID[case.ended_by], buttons=undo)
    return None


def dashboard_link(case: RecoveryCase, action: EndAction) -> str:
    """Stripe's own page of the subscription or invoice that is meant."""
    of_subscription = action in OF_SUBSCRIPTION and case.subscription_id is not None
    thing = f"subscriptions/{case.subscription_id}" if of_subscription else None
    path = thing or f"invoices/{case.invoice_id}"
    return f"https://dashboard.stripe.com/{quote(case.account, safe='')}/{quote(path)}"


def _last_reason(history: tuple[e.Event, ...]) -> str:
    told = [event for event in history if isinstance(event, e.EndActionDone)]
    return told[-1].reason or "permission_missing"


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]
