"""What the pages about merchants' own words read, from dicts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from adapters.memory.lift import returned
from adapters.memory.world import HeldMessage, MemoryWorld
from application.letter_pages import ArmOutcome, LetterStanding, WordsVersion
from application.ports.wordings import LetterRef
from domain.attribution import PeopleOutcome
from domain.letters import InUse, LetterText
from domain.recovery.state import RecoveryCase


class MemoryLetterPages:
    """Of one merchant at a time."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def standings(self, merchant_id: UUID) -> Sequence[LetterStanding]:
        known = {*self._world.wordings, *self._world.uses}
        return [self._standing(*key) for key in known if key[0] == merchant_id]

    async def versions(
        self, merchant_id: UUID, letter: LetterRef, limit: int
    ) -> Sequence[WordsVersion]:
        written = self._world.wordings.get((merchant_id, letter), ())
        found = [
            WordsVersion(version=version, text=held.text, actor=held.actor, at=held.at)
            for version, held in enumerate(written, 1)
        ]
        return found[::-1][:limit]

    async def version(
        self, merchant_id: UUID, letter: LetterRef, version: int
    ) -> LetterText | None:
        written = self._world.wordings.get((merchant_id, letter), ())
        return written[version - 1].text if 1 <= version <= len(written) else None

    async def arms(self, merchant_id: UUID, letter: LetterRef, use: int) -> Sequence[ArmOutcome]:
        read = [
            (held, self._world.cases[merchant_id, case_id].state)
            for (owner, case_id, _), held in self._world.messages.items()
            if owner == merchant_id and held.sent_at and _is_of(held, letter, use)
        ]
        people = _people(read)
        return [
            ArmOutcome(
                version=version,
                sent=len(of_version),
                visited=sum(held.visited_at is not None for held in of_version),
                people=people.get(version, ()),
            )
            for version, of_version in sorted(_by_version(held for held, _ in read).items())
        ]

    def _standing(self, merchant_id: UUID, letter: LetterRef) -> LetterStanding:
        written = self._world.wordings.get((merchant_id, letter), ())
        used = self._world.uses.get((merchant_id, letter), ())
        return LetterStanding(
            letter=letter,
            in_use=used[-1].use if used else InUse(),
            latest=len(written),
            changed_at=max([held.at for held in written[-1:]] + [held.at for held in used[-1:]]),
        )


def _is_of(held: HeldMessage, letter: LetterRef, use: int) -> bool:
    text = held.message.words
    return text is not None and text.letter == letter and text.use == use


def _by_version(read: Iterable[HeldMessage]) -> dict[int, list[HeldMessage]]:
    found: dict[int, list[HeldMessage]] = defaultdict(list)
    for held in read:
        assert held.message.words is not None
        found[held.message.words.version].append(held)
    return found


def _people(
    read: Iterable[tuple[HeldMessage, RecoveryCase]],
) -> dict[int, tuple[PeopleOutcome, ...]]:
    """Customers by what they read and what became of their cases; who read both is in neither."""
    versions: dict[str, set[int]] = defaultdict(set)
    cases: dict[str, dict[str, bool]] = defaultdict(dict)
    for held, case in read:
        assert held.message.words is not None
        person = case.customer_id or case.invoice_id
        versions[person].add(held.message.words.version)
        cases[person][case.invoice_id] = case.recovered_minor > returned(case)
    counted = Counter(
        (min(versions[person]), len(paid), sum(paid.values()))
        for person, paid in cases.items()
        if len(versions[person]) == 1
    )
    found: dict[int, tuple[PeopleOutcome, ...]] = defaultdict(tuple)
    for (version, many, paid), customers in counted.items():
        outcome = PeopleOutcome(
            held_out=False, arm=None, cases=many, paid=paid, customers=customers
        )
        found[version] = (*found[version], outcome)
    return found
