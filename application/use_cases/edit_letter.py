"""EditLetter: merchants write their own words for a letter, and decide who reads them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from application.ports.letters import LetterDesk
from application.ports.stores import AuditEntry
from application.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from application.ports.wordings import LetterRef
from domain.letters import OURS, InUse, LetterText, TextFault, faults_of


class Saved(Struct, frozen=True, kw_only=True):
    """The version that holds the words; 0 where they are ours, or nothing was kept."""

    version: int = OURS
    faults: tuple[TextFault, ...] = ()
    is_full: bool = False  # there are as many versions as there may be


@dataclass(frozen=True, slots=True, kw_only=True)
class EditLetter:
    """Versions never change; what is in use is decided anew, and noted each time."""

    open_uow: OpenUnitOfWork
    clock: Callable[[], datetime]
    desk: LetterDesk

    async def save(
        self, merchant_id: UUID, letter: LetterRef, text: LetterText, actor: str
    ) -> Saved:
        """Keep these words as a draft. No new version for words that the latest one, or ours, has
        already."""
        faults = faults_of(text, letter.kind)
        if faults:
            return Saved(faults=faults)
        if text == self.desk.ours(letter.kind, letter.language):
            return Saved()
        async with self.open_uow(merchant_id) as uow:
            latest = await uow.wordings.latest(letter)
            if latest and await uow.wordings.version(letter, latest) == text:
                return Saved(version=latest)
            version = await uow.wordings.add(letter, text, actor, self.clock())
            if not version:
                return Saved(is_full=True)
            written = _told(InUse(version=version))
            await uow.audit.add(self._entry("write_letter", letter, actor, {}, written))
        return Saved(version=version)

    async def use(self, merchant_id: UUID, letter: LetterRef, version: int, actor: str) -> bool:
        """From now on letters say this; OURS is what we wrote. False if there is no such
        version."""
        return await self._put(merchant_id, letter, InUse(version=version), actor)

    async def compare(self, merchant_id: UUID, letter: LetterRef, wish: InUse, actor: str) -> bool:
        """From now on chance decides between two versions. False if one of them is not there, or
        this letter's outcome cannot be told."""
        fits = letter.kind.can_be_compared and 0 < wish.rival_percent < 100
        if wish.rival is None or wish.rival == wish.version or not fits:
            return False
        return await self._put(merchant_id, letter, wish, actor)

    async def _put(self, merchant_id: UUID, letter: LetterRef, wish: InUse, actor: str) -> bool:
        async with self.open_uow(merchant_id) as uow:
            if not await _are_there(uow, letter, wish):
                return False
            before = await uow.wordings.in_use(letter)
            if replace(wish, use=before.use) == before:
                return True
            after = replace(wish, use=before.use + 1)
            await uow.wordings.put_in_use(letter, after, actor, self.clock())
            told = (_told(before), _told(after))
            await uow.audit.add(self._entry("use_letter", letter, actor, *told))
        return True

    def _entry(
        self,
        action: str,
        letter: LetterRef,
        actor: str,
        before: dict[str, str | int | None],
        after: dict[str, str | int | None],
    ) -> AuditEntry:
        return AuditEntry(
            at=self.clock(),
            actor=actor,
            action=action,
            subject=f"letter:{letter.name}",
            before=before,
            after=after,
        )


async def _are_there(uow: UnitOfWork, letter: LetterRef, wish: InUse) -> bool:
    for version in (wish.version, wish.rival):
        if version and await uow.wordings.version(letter, version) is None:
            return False
    return True


def _told(use: InUse) -> dict[str, str | int | None]:
    told: dict[str, str | int | None] = {"version": use.version}
    if use.rival is not None:
        told |= {"rival": use.rival, "rival_percent": use.rival_percent}
    return told
