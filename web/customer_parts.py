"""What customers' pages need from outside."""

from datetime import date
from typing import Protocol
from uuid import UUID

from application.change_case import CaseRef
from application.ports.stores import CardLink, LinkTarget
from application.use_cases.agree_to_texts import TextsOffer
from application.use_cases.backup_cards import BackupOffer
from application.use_cases.card_pages import CardStanding
from application.use_cases.pick_day import DaysOffer
from domain.recovery.events import Problem


class CardPages(Protocol):
    """What the page about a card that is to expire needs. Both raise Unavailable."""

    async def standing(self, link: CardLink) -> CardStanding | None:
        """None if nothing will be charged any more."""
        ...

    async def open(self, link: CardLink, address: str) -> str | None:
        """Where to send the customer, who comes back to `address`."""
        ...

    async def returned(self, link: CardLink) -> None:
        """They are back."""
        ...


class BackupCards(Protocol):
    """What agreeing to another card needs."""

    async def offer(self, ref: CaseRef) -> BackupOffer:
        """Changes nothing."""
        ...

    async def agree(self, ref: CaseRef, choice: str, wording: str) -> bool:
        """False if that card is not offered. Raises Unavailable."""
        ...

    async def withdraw(self, ref: CaseRef) -> None: ...


class GiveCard(Protocol):
    """What giving another card needs. Both raise Unavailable."""

    async def page(self, ref: CaseRef, address: str) -> str | None:
        """Where to send the customer, who comes back to `address`; None if there is no such
        page."""
        ...

    async def given(self, ref: CaseRef) -> None:
        """They are back."""
        ...


class ReportProblem(Protocol):
    """What a customer's word that something is wrong needs, and its answers."""

    async def __call__(self, ref: CaseRef, about: Problem, words: str) -> None:
        """All they owe rests."""
        ...

    async def take_back(self, ref: CaseRef) -> None: ...

    async def go_on(self, ref: CaseRef, user_id: UUID) -> bool:
        """False if there is nothing (any more) to answer."""
        ...

    async def leave(self, ref: CaseRef, user_id: UUID) -> bool:
        """As `go_on`."""
        ...


class PickDay(Protocol):
    """What choosing the day of the charge needs."""

    async def offer(self, ref: CaseRef) -> DaysOffer:
        """Changes nothing."""
        ...

    async def pick(self, ref: CaseRef, day: date) -> bool:
        """False if that day is not offered."""
        ...

    async def at_once(self, ref: CaseRef) -> bool:
        """False if the card on file cannot be charged just now."""
        ...


class AgreeToTexts(Protocol):
    """What agreeing to text messages needs."""

    async def offer(self, ref: CaseRef) -> TextsOffer:
        """Changes nothing."""
        ...

    async def agree(self, ref: CaseRef, typed: str, wording: str) -> bool:
        """False if what was typed is no mobile number, or nobody asked."""
        ...

    async def withdraw(self, ref: CaseRef) -> None: ...


class Unsubscribe(Protocol):
    """What stopping letters needs."""

    async def is_silent(self, target: LinkTarget | CardLink) -> bool | None:
        """None if no address is known. Changes nothing."""
        ...

    async def stop(self, target: LinkTarget | CardLink) -> None: ...

    async def again(self, target: LinkTarget | CardLink) -> None: ...
