"""A brand is kept whole or not at all, and each change can be read in the audit log."""

from datetime import datetime
from hashlib import sha256
from uuid import uuid4

import pytest

from adapters.memory.unit_of_work import units_of_work
from adapters.memory.world import MemoryWorld
from application.ports.brands import LogoRefused, MadeLogo
from application.ports.stores import AuditEntry
from application.use_cases.set_brand import SetBrand
from domain.brand import Brand, Logo
from tests.builders import MONDAY

SHOP, WHO = uuid4(), "user:1"


def drawn(raw: bytes) -> MadeLogo:
    if raw == b"bad":
        raise LogoRefused("not_a_picture")
    logo = Logo(digest=sha256(raw).hexdigest(), width=10, height=5)
    return MadeLogo(logo=logo, picture=raw)


class Office:
    """A merchant's desk."""

    def __init__(self) -> None:
        self.world = MemoryWorld()
        self.set_brand = SetBrand(
            open_uow=units_of_work(self.world), clock=self.clock, read_logo=drawn
        )

    def clock(self) -> datetime:
        return MONDAY

    @property
    def brand(self) -> Brand:
        return self.world.brands.get(SHOP, Brand())

    @property
    def audit(self) -> list[AuditEntry]:
        return list(self.world.audit.values())


async def test_what_is_kept_is_tidied_and_told() -> None:
    office = Office()
    assert await office.set_brand(SHOP, Brand(colour="F00", footer=" Bread "), WHO) == ()
    assert office.brand == Brand(colour="#ff0000", footer="Bread")
    (entry,) = office.audit
    assert (entry.actor, entry.action, entry.at) == (WHO, "set_brand", MONDAY)
    assert entry.before == {"colour": "", "footer": ""}
    assert entry.after == {"colour": "#ff0000", "footer": "Bread"}


async def test_one_fault_and_nothing_is_kept() -> None:
    office = Office()
    faults = await office.set_brand(SHOP, Brand(colour="red", footer="Bread"), WHO)
    assert [fault.field for fault in faults] == ["colour"]
    assert (office.brand, office.audit) == (Brand(), [])


async def test_the_same_again_is_no_change() -> None:
    office = Office()
    for _ in range(2):
        await office.set_brand(SHOP, Brand(footer="Bread"), WHO)
        await office.set_brand.logo(SHOP, b"one", WHO)
    assert len(office.audit) == 2


async def test_words_and_logo_leave_one_another_alone() -> None:
    office = Office()
    await office.set_brand(SHOP, Brand(footer="Bread"), WHO)
    await office.set_brand.logo(SHOP, b"one", WHO)
    await office.set_brand(SHOP, Brand(footer="Rolls", logo=drawn(b"two").logo), WHO)
    assert office.brand == Brand(footer="Rolls", logo=drawn(b"one").logo)
    await office.set_brand.no_logo(SHOP, WHO)
    assert office.brand == Brand(footer="Rolls")
    assert office.audit[-1].before == {"logo": drawn(b"one").logo.digest}


async def test_a_bad_picture_changes_nothing() -> None:
    office = Office()
    await office.set_brand.logo(SHOP, b"one", WHO)
    with pytest.raises(LogoRefused):
        await office.set_brand.logo(SHOP, b"bad", WHO)
    assert office.brand.logo == drawn(b"one").logo
    assert len(office.audit) == 1
