"""Subscriptions on the clock: a period ends, the next one is invoiced and charged at once."""

import calendar
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Final

from rehearsal.stripe_double import bills
from rehearsal.stripe_double.billing import collect
from rehearsal.stripe_double.errors import StripeError
from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.invoice_objects import Billed
from rehearsal.stripe_double.invoicing import draft, finalize, mark_uncollectible, void
from rehearsal.stripe_double.standing import end, set_status
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import DAY_S, SCHEDULE, Cause, World

FIRST_PAYMENT_S: Final = 23 * 3600  # an incomplete subscription expires after 23 hours
# What has ended, has not begun or is paused enters no new period.
RENEWING: Final = frozenset({"active", "past_due", "unpaid", "trialing"})
TOLD_DAYS: Final = 7  # before a renewal; the account's setting `upcoming_days`


class Renewals:
    """Everything subscriptions do by themselves; `base_url` is where invoice pages live."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.base_url = ""
        world.on_due["renew"] = self.renew
        world.on_due["expire"] = self.expire
        world.on_due["resume"] = self.resume

    def start(self, subscription: Document, cause: Cause) -> StripeError | None:
        """Invoice the first period and charge it; a refusal leaves the subscription incomplete."""
        billed = self.invoice(subscription, "subscription_create", cause)
        refusal = collect(self._world, billed, cause) if _is_charged(billed) else None
        if refusal and subscription["status"] == "active":
            set_status(self._world, subscription, "incomplete", cause)
        if subscription["status"] == "incomplete":
            due = self._world.now() + FIRST_PAYMENT_S
            self._world.at(due, "expire", subscription["id"])
        self.plan(subscription)
        return refusal

    def plan(self, subscription: Document) -> None:
        """Wake up when the current period ends, and some days before."""
        item = subscription["items"]["data"][0]
        self._world.at(item["current_period_end"], "renew", subscription["id"])
        told = told_at(self._world, subscription)
        if told > self._world.now():
            self._world.at(told, "upcoming", subscription["id"])

    def renew(self, key: str) -> None:
        """Begin the next period: invoice it and charge it, or end what was to be cancelled."""
        subscription = self._world.store.get("subscription", key)
        if subscription is None or subscription["status"] not in RENEWING:
            return
        item = subscription["items"]["data"][0]
        if item["current_period_end"] > self._world.now():
            return
        if subscription["cancel_at_period_end"]:
            end(self._world, subscription, "cancellation_requested", SCHEDULE)
            return
        before = {name: deepcopy(subscription[name]) for name in ("items", "latest_invoice")}
        item["current_period_start"] = item["current_period_end"]
        item["current_period_end"] = period_end(
            item["current_period_start"], item["plan"], subscription["billing_cycle_anchor"]
        )
        self._world.store.touch(subscription)
        self.plan(subscription)
        if subscription["status"] == "unpaid":
            return
        billed = self.invoice(subscription, "subscription_cycle", SCHEDULE)
        emit(self._world, "customer.subscription.updated", subscription, SCHEDULE, before)
        if _is_charged(billed):
            collect(self._world, billed, SCHEDULE)

    def invoice(self, subscription: Document, reason: str, cause: Cause) -> Document:
        world = self._world
        buyer = world.store.get("customer", subscription["customer"])
        assert buyer is not None
        paused = subscription["pause_collection"]
        kept = bool(paused and paused["behavior"] == "keep_as_draft")
        item = subscription["items"]["data"][0]
        billed = draft(
            world, buyer,
            line_of(subscription, item["current_period_start"], item["current_period_end"]),
            billing_reason=reason, auto_advance=not kept, _subscription=subscription["id"],
            **bills.terms_of(subscription, world.now()),
            description=subscription["description"], parent=parent_of(subscription),
        )  # fmt: skip
        subscription["latest_invoice"] = billed["id"]
        world.store.touch(subscription)
        emit(world, "invoice.created", billed, cause)
        if kept:
            return billed
        finalize(world, billed, cause, self.base_url)
        if billed["collection_method"] == bills.BY_HAND and not paused:
            emit(world, "invoice.sent", billed, cause)
        if paused and paused["behavior"] == "void":
            void(world, billed, cause)
        elif paused:
            mark_uncollectible(world, billed, cause, "subscription_paused")
        return billed

    def expire(self, key: str) -> None:
        """End a subscription whose first invoice stayed unpaid for 23 hours."""
        subscription = self._world.store.get("subscription", key)
        if subscription is None or subscription["status"] != "incomplete":
            return
        subscription["ended_at"] = self._world.now()
        set_status(self._world, subscription, "incomplete_expired", SCHEDULE)
        billed = self._world.store.get("invoice", subscription["latest_invoice"])
        if billed and billed["status"] == "open":
            void(self._world, billed, SCHEDULE)

    def resume(self, key: str) -> None:
        """Collect again once `pause_collection.resumes_at` has come."""
        subscription = self._world.store.get("subscription", key)
        paused = subscription["pause_collection"] if subscription else None
        if subscription and paused and (paused["resumes_at"] or 0) <= self._world.now():
            subscription["pause_collection"] = None
            self._world.store.touch(subscription)
            before = {"pause_collection": paused}
            emit(self._world, "customer.subscription.updated", subscription, SCHEDULE, before)


def _is_charged(billed: Document) -> bool:
    """A bill waits for its customer."""
    return bool(billed["status"] == "open" and billed["collection_method"] != bills.BY_HAND)


def told_at(world: World, subscription: Document) -> int:
    """When the next renewal is told of."""
    merchant = world.store.get("account", subscription["_account"]) or {}
    ends = int(subscription["items"]["data"][0]["current_period_end"])
    return ends - int(merchant.get("_upcoming_days", TOLD_DAYS)) * DAY_S


def parent_of(subscription: Document) -> Document:
    """What an invoice says of the subscription that it is for."""
    details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
    return {
        "type": "subscription_details", "quote_details": None, "subscription_details": details,
    }  # fmt: skip


def line_of(subscription: Document, start: int, end: int) -> Billed:
    """What one period costs."""
    item = subscription["items"]["data"][0]
    amount = item["price"]["unit_amount"] * item["quantity"]
    return Billed(
        amount_minor=amount,
        currency=subscription["currency"],
        description=f"{item['quantity']} x {item['price']['nickname'] or 'Subscription'}",
        start=start,
        end=end,
        item=item,
    )


def period_end(start: int, plan: Document, anchor: int) -> int:
    """One interval later; months keep the anchor's day where the month has it."""
    count = plan["interval_count"]
    begin = datetime.fromtimestamp(start, UTC)
    match plan["interval"]:
        case "day":
            return int((begin + timedelta(days=count)).timestamp())
        case "week":
            return int((begin + timedelta(weeks=count)).timestamp())
        case "year":
            return _months_later(begin, 12 * count, anchor)
        case _:
            return _months_later(begin, count, anchor)


def _months_later(begin: datetime, months: int, anchor: int) -> int:
    total = begin.year * 12 + begin.month - 1 + months
    year, month = divmod(total, 12)
    wanted = datetime.fromtimestamp(anchor, UTC).day
    day = min(wanted, calendar.monthrange(year, month + 1)[1])
    return int(begin.replace(year=year, month=month + 1, day=day).timestamp())
