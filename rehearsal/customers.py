"""The people of the rehearsal: they open their mail when they get to it, and act on it, or not.

Who they are is the double's knowledge (their cards live there); when they act is virtual time;
what they do goes through the same pages a real customer would use.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import aiohttp
import msgspec
import structlog
from msgspec import Struct

from rehearsal.diary import Diary, Intent
from rehearsal.link_visit import DeadEnd, NotNow, follow_link, recovery_link
from rehearsal.mail_store import MailStore, MailSummary

POLL_S: Final = 0.2
MAX_LETTERS_A_ROUND: Final = 200
MAX_AT_ONCE: Final = 16
MAX_TRIES: Final = 6
FIRST_PAUSE_S: Final = 0.5
DOUBLE_TIMEOUT_S: Final = 10.0
GOOD_CARD: Final = "pm_card_visa"
CARD_ON_FILE: Final = "on_file"

log = structlog.get_logger("customers")
Clock = Callable[[], datetime]
Reaction = Literal["new_card", "pays_by_page", "cancels", "never"]


class Traits(Struct, frozen=True):
    """What the double tells of a customer; `opens_mail_after_s` is virtual, None opens none."""

    customer: str
    email: str
    temperament: str
    reacts: Reaction
    opens_mail_after_s: float | None

    @property
    def payment(self) -> dict[str, str]:
        """What they choose on Stripe's page: who was asked for an authentication gives it."""
        return {"pm": CARD_ON_FILE if self.temperament == "authentication" else GOOD_CARD}

    @property
    def way(self) -> str:
        """Which of the page's buttons they press: another card, or Stripe's page of the invoice."""
        return "/card" if self.reacts == "new_card" else ""


async def traits_of(address: str, double_url: str) -> Traits | None:
    """By mail address or number. None: nobody the double knows. Raises NotNow when it cannot
    say."""
    by = "phone" if address.startswith("+") else "email"
    answer = await _double("GET", f"{double_url}/_double/people", params={by: address})
    found = msgspec.json.decode(answer, type=tuple[Traits, ...])
    return found[0] if found else None


async def cancel_subscription(traits: Traits, double_url: str) -> str:
    """They end it where they took it out, and say so to nobody. Raises NotNow."""
    await _double("POST", f"{double_url}/_double/cancel", json={"customer": traits.customer})
    return "cancelled"


async def _double(method: str, url: str, **request: Any) -> bytes:
    timeout = aiohttp.ClientTimeout(total=DOUBLE_TIMEOUT_S)
    try:
        async with aiohttp.request(method, url, timeout=timeout, **request) as response:
            response.raise_for_status()
            return await response.read()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise NotNow(f"the double: {error!r}") from error


class Customers:
    """Reads new mail, keeps intents in the diary, acts on those that are due."""

    def __init__(self, store: MailStore, diary: Diary, clock: Clock, double_url: str) -> None:
        self._store, self._diary, self._clock = store, diary, clock
        self._double_url = double_url.rstrip("/")
        self._acting: dict[int, asyncio.Task[None]] = {}

    async def round(self) -> None:
        """One look at the mail and the diary; acts go on in the background."""
        await self._read_new_mail()
        free = MAX_AT_ONCE - len(self._acting)
        for intent in self._diary.due(self._clock(), free, self._acting):
            self._acting[intent.id] = asyncio.create_task(self._act(intent))

    async def settled(self) -> None:
        """Return when nobody is acting."""
        while self._acting:
            await asyncio.wait(list(self._acting.values()))

    async def _read_new_mail(self) -> None:
        for letter in self._store.after(self._diary.read_up_to(), MAX_LETTERS_A_ROUND):
            traits = await traits_of(letter.recipient, self._double_url)
            if traits is not None:
                self._intend(letter, traits)
            self._diary.mark_read(letter.id)

    def _intend(self, letter: MailSummary, traits: Traits) -> None:
        if traits.reacts == "never" or traits.opens_mail_after_s is None:
            return
        due_at = letter.received_at + timedelta(seconds=traits.opens_mail_after_s)
        thread = letter.thread or f"letter {letter.id}"
        self._diary.intend(letter.recipient, thread, letter.id, due_at)

    async def _act(self, intent: Intent) -> None:
        try:
            await self._act_and_note(intent)
        finally:
            del self._acting[intent.id]

    async def _act_and_note(self, intent: Intent) -> None:
        try:
            outcome = await self._react(intent)
        except NotNow as reason:
            self._put_off(intent, str(reason))
            return
        except DeadEnd as reason:
            outcome = f"turned away: {reason}"
        except Exception as error:  # one odd page must not silence the other customers
            outcome = f"gave up: {error!r}"
            log.warning("customer_gave_up", error=repr(error))
        self._diary.finish(intent, outcome)
        log.info("customer_acted", outcome=outcome)

    def _put_off(self, intent: Intent, reason: str) -> None:
        if intent.tries + 1 >= MAX_TRIES:
            log.warning("customer_gave_up", error=reason)
            self._diary.finish(intent, f"gave up: {reason}")
        else:
            self._diary.try_again(intent, FIRST_PAUSE_S * 2**intent.tries)

    async def _react(self, intent: Intent) -> str:
        traits = await traits_of(intent.recipient, self._double_url)
        letter = self._store.open(intent.message_id)
        if traits is None or letter is None:
            return "forgotten"
        if traits.reacts == "cancels":
            return await cancel_subscription(traits, self._double_url)
        link = recovery_link(letter.text, letter.html)
        if link is None:
            return "no link in the letter"
        return await follow_link(link, traits.payment, traits.way)


async def live(store: MailStore, diary_file: Path, clock: Clock, double_url: str) -> None:
    """Look at the mail five times a second until cancelled."""
    diary = Diary(diary_file)
    customers = Customers(store, diary, clock, double_url)
    try:
        while True:
            await _calmly(customers.round())
            await asyncio.sleep(POLL_S)
    finally:
        diary.close()


async def _calmly(round_: Awaitable[None]) -> None:
    try:
        await round_
    except NotNow as reason:
        log.info("customers_wait", reason=str(reason))
    except Exception as error:
        log.warning("customers_stumbled", error=repr(error))
