"""A connected account, ready to be printed: who it is, what it may, how well we hear of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from application.ports.chores import Chore, ChoreKind
from application.ports.history import OfferedInvoice
from application.ports.stripe_accounts import Access, Connection
from web import money, times
from web.merchant_parts import AccountStanding, StripeDesk
from web.wording.agreements import not_allowed
from web.wording.permissions import PERMISSIONS, without

HOW: Final = {
    Access.INSTALLATION: "By the key of this installation",
    Access.KEY: "By a key of yours",
    Access.CONNECT: "By your agreement in Stripe",
}


class Right(Struct, frozen=True):
    """One permission: the words of Stripe's dashboard, and what fails if it is missing."""

    name: str
    level: str
    lost: str | None


class Shown(Struct, frozen=True, kw_only=True):
    """What the page says of an account."""

    account: str
    name: str
    mode: str
    facts: tuple[tuple[str, str], ...]
    missing: tuple[Right, ...]
    granted: tuple[Right, ...]  # both are empty where there is no key of the merchant's
    denied: tuple[str, ...]  # what Stripe will not let us do
    refused: bool
    deaf: str | None  # events that did not reach us
    address: str | None  # to be entered by hand
    offered: str | None  # open invoices of before, and what they come to
    taking_up: bool
    may_import: bool
    busy: bool  # something is under way: the page looks again
    leaving: bool


def shown(desk: StripeDesk, standing: AccountStanding, now: datetime, zone: str) -> Shown:
    """`now` is the real world's: so long ago an event came, whatever a rehearsal's clock says."""
    it = standing.connection
    by_kind = {each.ref.kind: each for each in standing.chores}
    importing, taking = by_kind.get(ChoreKind.IMPORT), by_kind.get(ChoreKind.TAKE_UP)
    by_hand = it.endpoint_by_hand and it.endpoint_id is not None
    rights = _rights(it)
    return Shown(
        account=it.account,
        name=it.name or it.account,
        mode="Live" if it.livemode else "Test",
        facts=tuple(_facts(it, by_kind, now, zone)),
        missing=tuple(right for right in rights if right.lost),
        granted=tuple(right for right in rights if not right.lost),
        denied=not_allowed(it.denied),
        refused=it.refused_at is not None,
        deaf=_deaf(by_kind.get(ChoreKind.RECONCILE)),
        address=desk.address(it.endpoint_id) if by_hand and it.endpoint_id else None,
        offered=_offered(standing.offered),
        taking_up=_waits(taking),
        may_import=not _waits(importing),
        busy=_waits(importing) or _waits(taking) or _waits(by_kind.get(ChoreKind.LEAVE)),
        leaving=_waits(by_kind.get(ChoreKind.LEAVE)),
    )


def _rights(it: Connection) -> list[Right]:
    """Only a key of the merchant's has permissions that were asked for one by one."""
    if it.access is not Access.KEY:
        return []
    return [
        Right(words[0], words[1], without(each) if each in it.missing else None)
        for each, words in PERMISSIONS.items()
    ]


def _facts(
    it: Connection, by_kind: dict[ChoreKind, Chore], now: datetime, zone: str
) -> list[tuple[str, str]]:
    heard = times.relative(it.last_event_at, now) if it.last_event_at else "None has come yet"
    facts = [("Account", it.account), ("Connected", HOW[it.access])]
    if it.country:
        facts.append(("Country", it.country))
    facts.append(("Last event", heard.capitalize()))
    looked = by_kind.get(ChoreKind.RECONCILE)
    if looked is not None and looked.last_ok_at is not None:
        facts.append(("Compared with Stripe", times.short(looked.last_ok_at, zone)))
    facts.append(("Import of the past", _imported(by_kind.get(ChoreKind.IMPORT))))
    told = by_kind.get(ChoreKind.EXPIRY)
    if told is not None and told.found_ever:
        facts.append(("Told that their card expires", _people(told.found_ever)))
    return facts


def _people(count: int) -> str:
    return "1 customer" if count == 1 else f"{count} customers"


def _deaf(chore: Chore | None) -> str | None:
    """The last hourly look found events that had never come."""
    if chore is None or chore.running or not chore.progress.found:
        return None
    events = "1 event that had" if chore.progress.found == 1 else f"{chore.progress.found} events"
    had = "" if chore.progress.found == 1 else " that had"
    return f"The last hourly look at Stripe found {events}{had} never reached us."


def _imported(chore: Chore | None) -> str:
    if chore is None:
        return "Not asked for"
    done, of = chore.progress.done, chore.progress.of_about
    if chore.finished_at is not None:
        return f"Done: {done} invoices read"
    return f"{done} of about {of} invoices read" if of else f"{done} invoices read so far"


def _offered(offers: Sequence[OfferedInvoice]) -> str | None:
    """How many, and what they come to in each currency."""
    if not offers:
        return None
    sums: dict[str, int] = {}
    for offer in offers:
        sums[offer.currency] = sums.get(offer.currency, 0) + offer.amount_minor
    total = ", ".join(money.plain(minor, currency) for currency, minor in sorted(sums.items()))
    if len(offers) == 1:
        return f"1 invoice of before is still open: {total}."
    return f"{len(offers)} invoices of before are still open: {total}."


def _waits(chore: Chore | None) -> bool:
    return chore is not None and chore.finished_at is None
