"""What a decision rests on, read in the transaction that will keep it."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar
from uuid import UUID

from msgspec import Struct

from application.ports.holidays import Holidays
from application.ports.stores import Conversation
from application.ports.unit_of_work import UnitOfWork
from domain.expiry import has_expired
from domain.invoice import Card
from domain.network import CardUse
from domain.policy import Policy
from domain.recovery import commands as c
from domain.recovery.basis import Basis, Circumstances, draw_of
from domain.recovery.state import RecoveryCase
from domain.timing.knowledge import Knowledge

# A merchant's knowledge is that merchant's alone: what is its own needs no name in it.
OWN: Final = "own"
MOST_POLICIES: Final = 1_000  # kept in this process: some kilobytes each
MOST_KNOWLEDGE: Final = 64  # a megabyte each
# After these nothing is planned: the case ends, or waits for Stripe's word.
PLAN_NOTHING: Final = (c.RecordPayment, c.WriteOff, c.StopCase, c.RecordUnclear)

Commands = tuple[c.Command, ...]
Value = TypeVar("Value")


class _Latest(Generic[Value]):
    """Versions are immutable, so that what was read once need not be read again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, Value] = OrderedDict()

    async def get(self, key: Hashable, read: Callable[[], Awaitable[Value]]) -> Value:
        if key not in self._held:
            self._held[key] = await read()
            if len(self._held) > self._most:
                self._held.popitem(last=False)
        self._held.move_to_end(key)
        return self._held[key]


class Known:
    """Versions of policies and of knowledge that this process has seen lately."""

    def __init__(self) -> None:
        self._policies: _Latest[Policy] = _Latest(MOST_POLICIES)
        self._knowledge: _Latest[Knowledge] = _Latest(MOST_KNOWLEDGE)

    async def policy(self, uow: UnitOfWork, merchant_id: UUID, version: int) -> Policy:
        """One version of the merchant's policy. Raises NotFound."""
        return await self._policies.get(
            (merchant_id, version), lambda: uow.policies.version(version)
        )

    async def knowledge(self, uow: UnitOfWork, merchant_id: UUID, version: int) -> Knowledge:
        """One version of the merchant's knowledge, to be read and never to learn on. Raises
        NotFound."""
        return await self._knowledge.get(
            (merchant_id, version), lambda: uow.knowledge.version(version)
        )


class Question(Struct, frozen=True, kw_only=True):
    """What is to be decided, about which case, and when."""

    merchant_id: UUID
    case_id: UUID
    case: RecoveryCase
    commands: Commands
    now: datetime


class _Person(Struct, frozen=True, kw_only=True):
    """Whom and what a question is about: the case's word, or the invoice's if it is yet to open."""

    account: str
    customer_id: str | None
    card: Card | None
    amount_minor: int
    country: str | None


async def basis_of(uow: UnitOfWork, question: Question, known: Known, holidays: Holidays) -> Basis:
    """Policy and knowledge by version, and the circumstances as they are now.

    For a decision that can plan nothing they are not read: the end of a case is the end.
    """
    policy = await _policy(uow, question, known)
    if _plans_nothing(question):
        around = Circumstances(
            draw=draw_of(str(question.case_id), question.case.version), merchant=OWN
        )
        return Basis(policy=policy, knowledge=Knowledge(), around=around)
    version = await uow.knowledge.active()
    return Basis(
        policy=policy,
        knowledge=await known.knowledge(uow, question.merchant_id, version),
        knowledge_version=version,
        around=await _around(uow, question, policy, holidays),
    )


def _plans_nothing(question: Question) -> bool:
    if question.case.version and not question.case.is_open:
        return True
    return all(isinstance(command, PLAN_NOTHING) for command in question.commands)


async def _policy(uow: UnitOfWork, question: Question, known: Known) -> Policy:
    if question.case.version == 0:
        return await uow.policies.active()
    return await known.policy(uow, question.merchant_id, question.case.policy_version)


async def _around(
    uow: UnitOfWork, question: Question, policy: Policy, holidays: Holidays
) -> Circumstances:
    person, now = _person(question), question.now
    said = Conversation()
    if person.customer_id is not None:
        said = await uow.cases.conversation(
            question.case_id, person.account, person.customer_id, now
        )
    use = CardUse()
    if person.card is not None:
        use = await uow.cases.card_use(person.card.fingerprint, person.amount_minor, now)
    ends_at = question.case.closes_at or now + _longest_window(policy)
    return Circumstances(
        use=use,
        contacts=said.contacts,
        spoken_for=said.spoken_for,
        backup=await _backup(uow, question, policy),
        holidays=holidays(person.country, now.date(), ends_at.date()),
        draw=draw_of(str(question.case_id), question.case.version),
        merchant=OWN,
    )


async def _backup(uow: UnitOfWork, question: Question, policy: Policy) -> Card | None:
    """The latest card that they agreed to and that has not expired."""
    if not policy.use_backup or question.case.version == 0:
        return None
    standing = await uow.consents.standing(question.case_id)
    return next((one.card for one in standing if not has_expired(one.card, question.now)), None)


def _person(question: Question) -> _Person:
    case, card = question.case, _card(question)
    for command in question.commands:
        if case.version == 0 and isinstance(command, c.OpenCase):
            invoice = command.invoice
            return _Person(
                account=command.account,
                customer_id=invoice.customer.customer_id if invoice.customer else None,
                card=card,
                amount_minor=invoice.amount_remaining_minor,
                country=invoice.profile.country if invoice.profile else None,
            )
    country = case.profile.country if case.profile else None
    return _Person(
        account=case.account,
        customer_id=case.customer_id,
        card=card,
        amount_minor=case.amount_minor,
        country=country or (card.country if card else None),
    )


def _card(question: Question) -> Card | None:
    """The card on file; where the case knows of none yet, the one that was refused."""
    card = question.case.card
    for command in question.commands:
        match command:
            case c.OpenCase() if card is None:
                failure = command.invoice.last_failure
                card = (failure.card if failure else None) or command.invoice.card
            case c.RecordDecline() if card is None:
                card = command.failure.card
            case _:
                pass
    return card


def _longest_window(policy: Policy) -> timedelta:
    windows = [segment.window for segment in policy.segments] + [arm.window for arm in policy.arms]
    return max([policy.window, *(window for window in windows if window is not None)])
