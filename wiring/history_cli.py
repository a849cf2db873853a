"""`chargechase admin import-history`: an account's past, with a bar; and cases for what is open."""

import argparse
import asyncio
import sys
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from application.ports.chores import Chore, ChoreKind
from application.ports.history import OfferedInvoice
from domain.money import Money
from wiring.composition import Ground, ground
from wiring.settings import Settings
from wiring.starting import refusals_told
from wiring.terminal import Terminal

OK, FAILED = 0, 1
LOOKED_AT_EVERY_S: Final = 0.5
MOST_SHOWN: Final = 20
MOST_COUNTED: Final = 100_000
BAR_CHARS: Final = 30


async def import_history(settings: Settings, options: argparse.Namespace) -> int:
    """Ask for it and watch until it is done; the workers do it, and go on if nobody watches.

    Exit code 1 if nobody has connected that account.
    """
    terminal = Terminal(sys.stderr)
    with refusals_told():
        async with ground(settings, app_connections=1) as here:
            merchant_id = await _owner(here, options.account)
            if merchant_id is None:
                terminal.say(f"chargechase: nobody has connected {options.account}")
                return FAILED
            watch = Watch(here, terminal, merchant_id, options.account)
            found = await watch.until_done(ChoreKind.IMPORT)
            print(f"{found.progress.done} invoices looked at.")
            print("\n".join(told(await watch.offers())))
            if options.take_up:
                taken = await watch.until_done(ChoreKind.TAKE_UP)
                print(f"{taken.progress.found} cases are open now.")
    return OK


async def _owner(here: Ground, account: str) -> UUID | None:
    """Whose account it is, in the mode that this installation works in."""
    for connected in await here.registry.accounts():
        if connected.account == account and connected.livemode == here.settings.livemode:
            return connected.merchant_id
    return None


class Watch:
    """One account's chores, seen from a terminal."""

    def __init__(self, here: Ground, terminal: Terminal, merchant_id: UUID, account: str) -> None:
        self._here, self._terminal = here, terminal
        self._merchant_id, self._account = merchant_id, account

    async def until_done(self, kind: ChoreKind) -> Chore:
        """Ask for a chore (one that is under way goes on) and return it when it has finished."""
        async with self._here.open_uow(self._merchant_id) as uow:
            await uow.chores.put(self._account, kind, self._here.clock())
        while True:
            chore = await self._chore(kind)
            if chore.finished_at is not None:
                self._terminal.clear()
                return chore
            self._terminal.step(bar(chore))
            await asyncio.sleep(LOOKED_AT_EVERY_S)

    async def offers(self) -> tuple[OfferedInvoice, ...]:
        async with self._here.open_uow(self._merchant_id) as uow:
            return await uow.past.offers(self._account, MOST_COUNTED)

    async def _chore(self, kind: ChoreKind) -> Chore:
        async with self._here.open_uow(self._merchant_id) as uow:
            chores = await uow.chores.of_account(self._account)
        return next(chore for chore in chores if chore.ref.kind is kind)


def bar(chore: Chore) -> str:
    """How far a run is, in one line."""
    progress = chore.progress
    if chore.error is not None:
        return f"{progress.done} looked at; tried again soon, because of: {chore.error}"
    if progress.of_about is None:
        return f"{progress.done} looked at, {progress.found} found"
    share = min(1.0, progress.done / max(1, progress.of_about))
    filled = f"[{'#' * round(share * BAR_CHARS):{BAR_CHARS}}]"
    return f"{filled} {progress.done} of about {progress.of_about}, {progress.found} found"


def told(offers: Iterable[OfferedInvoice]) -> list[str]:
    """What is worth a case, the largest first; sums where there are many."""
    offers = list(offers)
    if not offers:
        return ["No open invoice of before is worth a case."]
    sums: dict[str, int] = {}
    for offer in offers:
        sums[offer.currency] = sums.get(offer.currency, 0) + offer.amount_minor
    total = ", ".join(_amount(minor, currency) for currency, minor in sorted(sums.items()))
    lines = [f"{len(offers)} open invoices are worth a case: {total}. Nobody chases them yet."]
    for offer in offers[:MOST_SHOWN]:
        amount = _amount(offer.amount_minor, offer.currency)
        lines.append(f"  {offer.invoice_id}  {amount:>14}  failed {offer.failed_at:%Y-%m-%d}")
    if len(offers) > MOST_SHOWN:
        lines.append(f"  and {len(offers) - MOST_SHOWN} more")
    return lines


def _amount(minor: int, currency: str) -> str:
    return f"{Money(minor, currency).to_decimal():,} {currency.upper()}"
