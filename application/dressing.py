"""How one letter of a merchant's looks and what it is made of, read before it is written."""

from msgspec import Struct

from application.ports.letters import Dress
from application.ports.mailer import Picture
from application.ports.unit_of_work import UnitOfWork
from application.ports.wordings import LetterRef, WordsUsed
from domain.brand import Brand
from domain.letters import OURS


class Dressed(Struct, frozen=True, kw_only=True):
    """What the renderer needs, what goes along, and what is to be remembered."""

    dress: Dress
    picture: Picture | None
    used: WordsUsed


async def dressed(uow: UnitOfWork, letter: LetterRef, person: str, mail_domain: str) -> Dressed:
    """`person` is any stable key of whoever reads it: where two versions are compared, it decides
    which one they get."""
    brand, in_use = await uow.brands.current(), await uow.wordings.in_use(letter)
    version = in_use.drawn(letter.name, person)
    text = None if version == OURS else await uow.wordings.version(letter, version)
    picture = await _picture(uow, brand, mail_domain)
    return Dressed(
        dress=Dress(brand=brand, logo=f"cid:{picture.cid}" if picture else None, text=text),
        picture=picture,
        used=WordsUsed(letter=letter, version=version, use=in_use.use),
    )


async def _picture(uow: UnitOfWork, brand: Brand, mail_domain: str) -> Picture | None:
    if brand.logo is None:
        return None
    png = await uow.brands.picture(brand.logo.digest)
    return Picture(cid=f"{brand.logo.digest[:32]}@{mail_domain}", png=png) if png else None
