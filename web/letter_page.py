"""The page on which a merchant writes own words for one letter in one language."""

from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter
from litestar.response import Redirect
from msgspec import Struct

from application.errors import Unavailable
from application.letter_pages import LetterStanding, WordsVersion
from application.ports.accounts import Principal
from application.ports.wordings import MOST_TESTS, LetterRef
from application.use_cases.try_letter import Reader, Wish
from domain.letters import BLOCKS, OURS, InUse, LetterKind, LetterText, TextFault, faults_of
from web import letter_list, money, times
from web.forms import read_form
from web.letter_arms import compared, named
from web.letter_frame import framed, with_frames
from web.parts import WebParts
from web.rendering import AnyRequest, Renderer
from web.wording import letters as words

PATH: Final = f"{letter_list.PATH}/{{kind:str}}/{{language:str}}"
MOST_FORM_BYTES: Final = 200_000  # a whole letter in Japanese, each byte of it as %xx
SHOWN_VERSIONS: Final = 20
SHOWN_CASES: Final = 20
DONE: Final = {
    "saved": "Kept as a draft; nobody reads it yet.",
    "used": "From now on letters say this.",
    "ours": "From now on letters say what we wrote. Your versions stay.",
    "comparing": "From now on chance decides which of the two each customer reads.",
    "sent": "Sent to your own address.",
    "many": f"You have sent {MOST_TESTS} tests within an hour. Please wait a little.",
    "no_mail": "The mail server did not take it just now. Nothing else was changed.",
    "full": "There are as many versions of this letter as there may be. Nothing was kept.",
    "not_compared": "These two cannot be compared. Nothing was changed.",
}
TROUBLES: Final = frozenset({"many", "no_mail", "full", "not_compared"})


class Block(Struct, frozen=True, kw_only=True):
    """One field of the form."""

    name: str
    label: str
    hint: str
    text: str
    ours: str
    most: int
    rows: int
    faults: tuple[TextFault, ...]


class Version(Struct, frozen=True, kw_only=True):
    """One line of what was written."""

    number: int
    name: str
    by: str
    at: str
    state: str


def letter_of(
    kind: Annotated[str, PathParameter()],
    language: Annotated[str, PathParameter()],
    parts: NamedDependency[WebParts],
) -> LetterRef:
    """What the address names, if there is such a letter."""
    if kind not in set(LetterKind) or language not in parts.letter_desk.languages:
        raise NotFoundException
    return LetterRef(LetterKind(kind), language)


@get(PATH)
async def show(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
    letter: NamedDependency[LetterRef],
) -> Response[str]:
    """The version in the address, else the draft, else what is in use; ours where there is none."""
    asked = request.query_params.get("version", "")
    standing = await _standing(parts, principal, letter)
    number = standing.latest if standing.has_draft else standing.in_use.version
    if asked.isascii() and asked.isdigit() and len(asked) < 6:
        number = int(asked)
    text = await parts.letters.version(principal.merchant_id, letter, number)
    number = number if text else OURS
    shown = text or parts.letter_desk.ours(letter.kind, letter.language)
    return await _page(request, principal, parts, renderer, letter, _Form(shown, number))


@post(PATH, request_max_body_size=MOST_FORM_BYTES)
async def write(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
    letter: NamedDependency[LetterRef],
) -> Response[str] | Redirect:
    """Keep as a draft, use from now on, or send to oneself (and write on); or the form again, with
    each fault's place."""
    form = await read_form(request, parts)
    text, merchant_id = text_in(form), principal.merchant_id
    faults = faults_of(text, letter.kind)
    if faults:
        again = _Form(text, None, faults, form.get("case", ""))
        page = await _page(request, principal, parts, renderer, letter, again)
        page.status_code = 422
        return page
    if form.get("do") == "test":
        done = await _sent(principal, parts, letter, form)
        again = _Form(text, None, (), form.get("case", ""), done)
        return await _page(request, principal, parts, renderer, letter, again)
    actor = f"user:{principal.user_id}"
    saved = await parts.edit_letter.save(merchant_id, letter, text, actor)
    if saved.is_full:
        return _back(letter, "full")
    if form.get("do") != "use":
        return _back(letter, "saved", saved.version)
    await parts.edit_letter.use(merchant_id, letter, saved.version, actor)
    return _back(letter, "used" if saved.version else "ours")


@post(f"{PATH}/preview", request_max_body_size=MOST_FORM_BYTES, status_code=200)
async def preview(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    letter: NamedDependency[LetterRef],
) -> Response[str]:
    """The letter as the form has it, faults and all; for a frame of the page."""
    form = await read_form(request, parts)
    shown = await parts.try_letter.preview(principal.merchant_id, _wish(letter, form))
    return framed(shown, as_text=form.get("as") == "text")


@post(f"{PATH}/check", request_max_body_size=MOST_FORM_BYTES, status_code=200)
async def check(
    request: AnyRequest,
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
    letter: NamedDependency[LetterRef],
) -> Response[str]:
    """What is wrong with a form that is being filled in."""
    faults = faults_of(text_in(await read_form(request, parts)), letter.kind)
    return renderer.page("settings/_faults.html", faults=_named(faults))


@post(f"{PATH}/put", status_code=303)
async def put(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    letter: NamedDependency[LetterRef],
) -> Redirect:
    """Which version letters say from now on, or which two are compared."""
    form = await read_form(request, parts)
    who = (principal.merchant_id, letter)
    actor, version = f"user:{principal.user_id}", _number(form.get("version", ""))
    if "rival" in form:
        wish = InUse(
            version=version,
            rival=_number(form["rival"]),
            rival_percent=_number(form.get("percent", "")),
        )
        done = await parts.edit_letter.compare(*who, wish, actor)
        return _back(letter, "comparing" if done else "not_compared")
    if not await parts.edit_letter.use(*who, version, actor):
        raise NotFoundException
    return _back(letter, "used" if version else "ours")


class _Form(Struct, frozen=True):
    """What stands in the fields: whose version, if it is one that is kept."""

    text: LetterText
    version: int | None
    faults: tuple[TextFault, ...] = ()
    case: str = ""
    done: str = ""


def text_in(form: dict[str, str]) -> LetterText:
    """The words of a form. Browsers send each line's end as two characters."""
    blocks = {block: form.get(block, "").replace("\r\n", "\n").strip() for block in BLOCKS}
    return LetterText(**blocks)


async def _page(  # noqa: PLR0913, PLR0917 - a page is made of all of these
    request: AnyRequest,
    principal: Principal,
    parts: WebParts,
    renderer: Renderer,
    letter: LetterRef,
    form: _Form,
) -> Response[str]:
    merchant_id, query = principal.merchant_id, request.query_params
    standing = await _standing(parts, principal, letter)
    use = standing.in_use
    written = await parts.letters.versions(merchant_id, letter, SHOWN_VERSIONS)
    outcomes = await parts.letters.arms(merchant_id, letter, use.use)
    done = form.done or query.get("done", "")
    name, when = words.LETTERS[letter.kind]
    page = renderer.page_or_fragment(
        request,
        principal,
        page="settings/letter.html",
        fragment="settings/letter.html",
        letter=letter,
        here=f"{letter_list.PATH}/{letter.kind}/{letter.language}",
        name=name,
        when=when,
        language=words.LANGUAGES[letter.language],
        blocks=_blocks(parts, letter, form),
        known=[(field.value, words.FIELDS[field], True) for field in sorted(letter.kind.always)]
        + [(field.value, words.FIELDS[field], False) for field in sorted(letter.kind.sometimes)],
        faults=_named(form.faults),
        shown=named(form.version) if form.version is not None else None,
        state=letter_list.state_of(standing),
        in_use=named(use.version),
        is_ours=use.version == OURS and use.rival is None,
        versions=[_version(each, standing, principal) for each in written],
        comparing=compared(use, outcomes),
        can_compare=letter.kind.can_be_compared and bool(written),
        choices=[(OURS, named(OURS)), *((each.version, named(each.version)) for each in written)],
        cases=await _cases(parts, principal, letter),
        case=form.case or query.get("case", ""),
        address=principal.email if parts.try_letter.can_send else None,
        told=DONE.get(done),
        is_trouble=done in TROUBLES,
        version=await parts.changes(merchant_id),
    )
    return with_frames(page)


def _blocks(parts: WebParts, letter: LetterRef, form: _Form) -> list[Block]:
    ours = parts.letter_desk.ours(letter.kind, letter.language)
    return [
        Block(
            name=block,
            label=words.BLOCKS[block][0],
            hint=words.BLOCKS[block][1],
            text=getattr(form.text, block),
            ours=getattr(ours, block),
            most=most,
            rows=_rows(getattr(form.text, block), most),
            faults=tuple(fault for fault in form.faults if fault.block == block),
        )
        for block, most in BLOCKS.items()
        if block != "button" or letter.kind.asks
    ]


def _rows(text: str, most: int) -> int:
    """As high as what stands there, within bounds."""
    least = 1 if most <= 40 else 2 if most <= 200 else 3
    return min(max(sum(1 + len(line) // 64 for line in text.split("\n")), least), 14)


def _version(each: WordsVersion, standing: LetterStanding, principal: Principal) -> Version:
    use = standing.in_use
    state = "In use" if each.version in (use.version, use.rival) else ""
    if not state and each.version == standing.latest:
        state = "Draft"
    mine = each.actor == f"user:{principal.user_id}"
    return Version(
        number=each.version,
        name=named(each.version),
        by="you" if mine else "somebody of your team",
        at=times.short(each.at, principal.timezone),
        state=state,
    )


def _named(faults: Sequence[TextFault]) -> list[tuple[str, TextFault]]:
    return [(words.BLOCKS[fault.block][0], fault) for fault in faults]


async def _standing(parts: WebParts, principal: Principal, letter: LetterRef) -> LetterStanding:
    found = await parts.letters.standings(principal.merchant_id)
    alone = LetterStanding(letter=letter)
    return next((each for each in found if each.letter == letter), alone)


async def _cases(parts: WebParts, principal: Principal, letter: LetterRef) -> list[tuple[str, str]]:
    """The newest, to see a letter by."""
    if letter.kind.about_card:
        return []
    page = await parts.pages.cases(principal.merchant_id, None, None, SHOWN_CASES)
    return [
        (
            str(row.case_id),
            f"{row.customer_name or row.customer_email or row.invoice_id}, "
            f"{money.plain(row.amount_minor, row.currency)}",
        )
        for row in page.rows
    ]


async def _sent(
    principal: Principal, parts: WebParts, letter: LetterRef, form: dict[str, str]
) -> str:
    """To whoever is signed in, whatever the form says."""
    reader = Reader(
        merchant_id=principal.merchant_id, user_id=principal.user_id, address=principal.email
    )
    try:
        sent = await parts.try_letter.send(reader, _wish(letter, form))
    except Unavailable:
        return "no_mail"
    return "sent" if sent else "many"


def _wish(letter: LetterRef, form: dict[str, str]) -> Wish:
    return Wish(letter=letter, text=text_in(form), case_id=_case_id(form.get("case", "")))


def _case_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _number(text: str) -> int:
    """-1 for what is none: there is no such version."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1


def _back(letter: LetterRef, done: str, version: int | None = None) -> Redirect:
    query: dict[str, Any] = {"done": done}
    if version:
        query["version"] = version
    address = f"{letter_list.PATH}/{letter.kind}/{letter.language}"
    told = "&".join(f"{name}={value}" for name, value in query.items())
    return Redirect(f"{address}?{told}", status_code=303)
