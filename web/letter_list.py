"""The page that lists all letters of one language: what they say now, and whose words they are."""

from collections.abc import Iterator
from typing import Final

from litestar import Response, get
from litestar.di import NamedDependency
from msgspec import Struct

from application.letter_pages import LetterStanding
from application.ports.accounts import Principal
from application.ports.letters import LetterDesk
from application.ports.wordings import LetterRef
from domain.letters import OURS, LetterKind
from web import times
from web.parts import WebParts
from web.rendering import AnyRequest, Renderer
from web.wording.letters import GROUPS, LANGUAGES, LETTERS

PATH: Final = "/settings/letters"


class Line(Struct, frozen=True, kw_only=True):
    """One letter."""

    address: str
    name: str
    when: str
    state: str  # whose words it is made of
    draft: bool
    changed: str | None


@get(PATH)
async def show(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """Of the language in the address, else of the first."""
    desk = parts.letter_desk
    asked = request.query_params.get("language", "")
    language = asked if asked in desk.languages else desk.languages[0]
    standings = {each.letter: each for each in await parts.letters.standings(principal.merchant_id)}
    return renderer.page_or_fragment(
        request,
        principal,
        page="settings/letters.html",
        fragment="settings/letters.html",
        groups=list(_groups(language, standings, principal.timezone)),
        language=language,
        languages=_languages(desk, standings),
        version=await parts.changes(principal.merchant_id),
    )


def state_of(standing: LetterStanding) -> str:
    """In one word or two."""
    if standing.in_use.rival is not None:
        return "Comparing two"
    return "Ours" if standing.in_use.version == OURS else "Yours"


def _groups(
    language: str, standings: dict[LetterRef, LetterStanding], zone: str
) -> Iterator[tuple[str, list[Line]]]:
    for name, kinds in GROUPS:
        yield name, [_line(LetterRef(kind, language), standings, zone) for kind in kinds]


def _line(letter: LetterRef, standings: dict[LetterRef, LetterStanding], zone: str) -> Line:
    standing = standings.get(letter, LetterStanding(letter=letter))
    name, when = LETTERS[LetterKind(letter.kind)]
    return Line(
        address=f"{PATH}/{letter.kind}/{letter.language}",
        name=name,
        when=when,
        state=state_of(standing),
        draft=standing.has_draft,
        changed=times.short(standing.changed_at, zone) if standing.changed_at else None,
    )


def _languages(
    desk: LetterDesk, standings: dict[LetterRef, LetterStanding]
) -> list[tuple[str, str, int]]:
    """Each with its name and how many letters of it are not ours alone."""
    own = [each.letter.language for each in standings.values() if state_of(each) != "Ours"]
    return [(tag, LANGUAGES[tag], own.count(tag)) for tag in desk.languages]
