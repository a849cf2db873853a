"""Scenes: the populations a rehearsal starts with, and those who come later."""

import gc
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from rehearsal.people import USUAL_MIX, Person, Reaction, Temperament, populate
from rehearsal.stripe_double.billing import collect
from rehearsal.stripe_double.cards import TestCard
from rehearsal.stripe_double.objects import customer, payment_method, price, product, subscription
from rehearsal.stripe_double.renewals import Renewals, period_end
from rehearsal.stripe_double.scripts import set_script
from rehearsal.stripe_double.standing import ENDED
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import DAY_S, Cause, World

SEEDING: Final = Cause("seed")
DEMO_SPREAD_S: Final = 10 * DAY_S
MAX_PEOPLE: Final = 200_000


SceneName = Literal["demo", "burst", "history", "empty"]
HISTORY_S: Final = 730 * DAY_S
CONSENT: Final = "chargechase_sms_consent"  # as docs/runbook.md tells merchants
MONTH_S: Final = 30 * DAY_S
# How many of a past's invoices meet what their customer's cards are like; the others are paid.
HISTORY_SHARE: Final = 0.18
# Nobody's card has been expired for two years.
HISTORY_MIX: Final[Mapping[Temperament, float]] = {
    kind: weight for kind, weight in USUAL_MIX.items() if kind != "expired_card"
}


class Scene(Struct, frozen=True, forbid_unknown_fields=True):
    """What to seed: `n` people whose subscriptions first renew over `spread_s` virtual seconds.
    With `reacts` all of them take letters in that way, "never" for those whom you play yourself.

    `mix` weighs their temperaments; `history` gives each a first paid invoice in the past. The
    scene `history` has `n` people with a monthly invoice each for the last two years, of which some
    were refused once or for good, as Stripe's own retries left them; nobody was told.
    """

    scene: SceneName = "demo"
    n: int = 60
    seed: int = 1
    spread_s: float | None = None
    mix: dict[Temperament, float] | None = None
    account: str | None = None
    history: bool | None = None
    reacts: Reaction | None = None


class Scenes:
    """Seeds scenes and keeps a demo populated."""

    def __init__(self, world: World, renewals: Renewals) -> None:
        self._world = world
        self._renewals = renewals
        world.on_due["arrivals"] = self._arrivals

    def seed(self, scene: Scene, account: str) -> int:
        """Create the scene's people in the account without telling anybody; answers how many."""
        if scene.scene == "empty":
            return 0
        gc.disable()  # a million new containers and not one of them garbage
        try:
            return self._seed(scene, account)
        finally:
            gc.enable()

    def _seed(self, scene: Scene, account: str) -> int:
        count = min(scene.n, MAX_PEOPLE)
        if scene.scene == "history":
            return self._past(scene, account, count)
        demo = scene.scene == "demo"
        past = demo if scene.history is None else scene.history
        spread = scene.spread_s if scene.spread_s is not None else (DEMO_SPREAD_S if demo else 0)
        first = self._world.store.count("person")
        mix: Mapping[Temperament, float] = scene.mix or USUAL_MIX
        random = Random(f"{scene.seed}:{first}:spread")
        for number, born in enumerate(populate(count, scene.seed, mix, first)):
            begins = spread * (number + random.random()) / count
            # Outside the demo each renews once, so that a campaign comes to an end.
            person = born if demo else replace(born, interval="year")
            person = replace(person, reacts=scene.reacts or person.reacts)
            self._settle(account, person, begins, history=past)
        if demo:
            self._keep_populated(scene, account, count)
        return count

    def _past(self, scene: Scene, account: str, count: int) -> int:
        """Two years are lived at once: each renewal, refusal and retry at its own instant."""
        world, was_quiet = self._world, self._world.quiet
        first = world.store.count("person")
        begins = world.seconds() - HISTORY_S
        world.quiet = True
        world.freeze(begins)
        try:
            people = populate(count, scene.seed, scene.mix or HISTORY_MIX, first)
            for number, born in enumerate(people):
                rules = tuple(_seldom(rule, first + number) for rule in born.rules)
                person = replace(born, interval="month", rules=rules)
                self._settle(account, person, MONTH_S * (number + 0.5) / count, history=False)
            world.freeze(None)
            world.catch_up()
        finally:
            world.freeze(None)
            world.quiet = was_quiet
        return count

    def _keep_populated(self, scene: Scene, account: str, count: int) -> None:
        self._world.store.insert(
            {
                "object": "scene", "id": self._world.new_id("scene_", 8), "_account": account,
                "seed": scene.seed, "size": count, "mix": scene.mix,
                "due": self._world.seconds() + DAY_S,
            }
        )  # fmt: skip
        self.wake()

    def wake(self) -> None:
        """Take up the daily arrivals, of this run or of an earlier one."""
        for kept in self._world.store.all("scene"):
            self._world.at(kept["due"], "arrivals", kept["id"])

    def _arrivals(self, key: str) -> None:
        """Once a virtual day: somebody new for each who has left."""
        kept = self._world.store.get("scene", key)
        if kept is None or kept["due"] > self._world.seconds():
            return
        kept["due"] += DAY_S
        self._world.store.touch(kept)
        self._world.at(kept["due"], "arrivals", key)
        running = sum(
            1
            for each in self._world.store.newest_first("subscription", kept["_account"])
            if each["status"] not in ENDED
        )
        first = self._world.store.count("person")
        missing = max(0, kept["size"] - running)
        mix: Mapping[Temperament, float] = kept["mix"] or USUAL_MIX
        random = Random(f"{kept['seed']}:{first}:arrivals")
        for person in populate(missing, kept["seed"], mix, first):
            self._settle(kept["_account"], person, random.uniform(0, DEMO_SPREAD_S), history=True)

    def _settle(self, account: str, person: Person, begins_s: float, *, history: bool) -> None:
        """Make the person a customer with a card and a subscription renewing in `begins_s`."""
        world, was_quiet = self._world, self._world.quiet
        world.quiet = True
        try:
            buyer = self._customer(account, person, begins_s)
            bought = self._subscription(buyer, person, begins_s)
            if history:
                self._first_period_paid(bought)
            self._renewals.plan(bought)
            set_script(world, account, buyer["id"], list(person.rules))
        finally:
            world.quiet = was_quiet

    def _customer(self, account: str, person: Person, begins_s: float) -> Document:
        world = self._world
        kind = TestCard(person.brand, person.last4, person.funding, person.country)
        address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
        buyer = world.store.insert(
            customer(
                world, account, name=person.name, email=person.email,
                preferred_locales=[person.locale], address={**address, "country": person.country},
                metadata=_metadata(person), phone=person.phone,
            )
        )  # fmt: skip
        card = payment_method(
            world, account, kind, customer=buyer["id"],
            billing_details={"email": person.email, "name": person.name},
        )  # fmt: skip
        year, month = self._good_until(person, begins_s)
        card["card"].update(exp_month=month, exp_year=year)
        world.store.insert(card)
        buyer["invoice_settings"]["default_payment_method"] = card["id"]
        world.store.insert(
            {
                "object": "person", "id": buyer["id"], "_account": account,
                **msgspec.to_builtins(person),
            }
        )  # fmt: skip
        return buyer

    def _good_until(self, person: Person, begins_s: float) -> tuple[int, int]:
        """Year and month; a card that is refused as expired was good until shortly before."""
        if person.temperament != "expired_card":
            return person.exp_year, person.exp_month
        renews = datetime.fromtimestamp(self._world.seconds() + begins_s, UTC)
        before = renews.replace(day=1) - timedelta(days=1)
        return before.year, before.month

    def _subscription(self, buyer: Document, person: Person, begins_s: float) -> Document:
        world = self._world
        renews = int(world.seconds() + begins_s)
        bought = subscription(world, buyer, self._price(buyer["_account"], person), 1, renews)
        start = _one_period_before(renews, person.interval)
        item = bought["items"]["data"][0]
        item.update(current_period_start=start, created=start)
        bought.update(created=start, start_date=start, billing_cycle_anchor=renews)
        buyer["created"] = start
        return world.store.insert(bought)

    def _price(self, account: str, person: Person) -> Document:
        world = self._world
        key = f"price_{account[5:]}_{person.product}_{person.currency}_{person.interval}".lower()
        if found := world.store.get("price", key):
            return found
        sold = world.store.insert(product(world, account, person.product))
        made = price(
            world, account, sold["id"], person.amount_minor, person.currency, id=key,
            nickname=person.product,
        )  # fmt: skip
        made["recurring"]["interval"] = person.interval
        return world.store.insert(made)

    def _first_period_paid(self, bought: Document) -> None:
        """The invoice of the period that is running now, paid when it began."""
        world = self._world
        begun = bought["items"]["data"][0]["current_period_start"]
        world.freeze(begun)
        try:
            billed = self._renewals.invoice(bought, "subscription_create", SEEDING)
            collect(world, billed, SEEDING)
        finally:
            world.freeze(None)


def _seldom(rule: dict[str, Any], seed: int) -> dict[str, Any]:
    """The rule for some of a person's invoices only, for the same ones as their other rules."""
    return {**rule, "share": HISTORY_SHARE * rule.get("share", 1.0), "seed": seed}


def _one_period_before(renews: int, interval: str) -> int:
    if interval == "week":
        return renews - 7 * DAY_S
    start = renews - (366 if interval == "year" else 31) * DAY_S
    plan: dict[str, Any] = {"interval": interval, "interval_count": 1}
    while period_end(start, plan, start) < renews:
        start += DAY_S
    return start


def _metadata(person: Person) -> dict[str, str]:
    """What the merchant has written beside the customer."""
    agreed = {} if person.agreed_to_texts is None else {CONSENT: person.agreed_to_texts}
    return {"timezone": person.timezone, **agreed}
