"""The page of the hand-off: what becomes a task and by when, who is mailed, where it is posted."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from msgspec import Struct

from application.errors import Unavailable
from application.ports.accounts import Principal
from application.ports.hand_off import HandOffStanding, Member
from application.ports.sealing import CannotSeal
from application.use_cases.set_hand_off import Posted
from domain.money import Money, exponent
from domain.tasks import MOST_AMOUNT, MOST_CURRENCIES, MOST_DAYS, HandOff, TaskKind
from web import times
from web.forms import read_form
from web.parts import WebParts
from web.rendering import AnyRequest, Renderer
from web.wording.hand_off import FAULTS, SAID
from web.wording.tasks import ABOUT_KINDS, test_news

PATH: Final = "/settings/tasks"
AMOUNT: Final = re.compile(r"(\d{1,12}(?:\.\d{1,3})?)\s*([A-Za-z]{3})", re.ASCII)
LONGEST_AMOUNTS: Final = 400  # characters


class Unfit(Exception):
    """What was entered cannot be kept; its text is a key of FAULTS."""


class DueRow(Struct, frozen=True):
    """One kind of task, and how many working days it has."""

    name: str
    label: str
    days: str


class HandOffView(Struct, frozen=True):
    """What the page prints."""

    amounts: str
    dues: tuple[DueRow, ...]
    most_days: int
    team: tuple[Member, ...]
    slack_on: bool
    slack: str  # how it stands, in a sentence
    gone: str | None  # that Slack turned it off


@get(PATH)
async def show(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """`said` in the address names what has just been done."""
    standing = await parts.set_hand_off.standing(principal.merchant_id)
    team = await parts.teams.of(principal.merchant_id)
    view = _view(standing, team, principal.timezone)
    said = SAID.get(request.query_params.get("said", ""))
    fault = FAULTS.get(request.query_params.get("refused", ""))
    return await _page(request, (principal, parts, renderer), view, said=said, fault=fault)


@post(PATH, status_code=303)
async def save(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Redirect | Response[str]:
    """Keep the numbers, and who is mailed; what cannot be read comes back as it was entered."""
    form, merchant_id = await read_form(request, parts), principal.merchant_id
    team = await parts.teams.of(merchant_id)
    hearers = [each.user_id for each in team if f"hears_{each.user_id}" in form]
    try:
        rules = _rules(form)
    except Unfit as unfit:
        standing = await parts.set_hand_off.standing(merchant_id)
        view = _as_entered(_view(standing, team, principal.timezone), form, hearers)
        page = await _page(
            request, (principal, parts, renderer), view, said=None, fault=FAULTS[str(unfit)]
        )
        page.status_code = 422
        return page
    await parts.set_hand_off.rules(merchant_id, rules, principal.user_id)
    await parts.set_hand_off.hearers(merchant_id, hearers, principal.user_id)
    return _back("said", "saved")


@post(f"{PATH}/slack", status_code=303)
async def connect_slack(
    request: AnyRequest, principal: NamedDependency[Principal], parts: NamedDependency[WebParts]
) -> Redirect:
    """Post to a channel from now on; its address is never shown again, nor in an address."""
    url = (await read_form(request, parts)).get("url", "")
    try:
        taken = await parts.set_hand_off.connect_slack(
            principal.merchant_id, url, principal.user_id
        )
    except CannotSeal:
        return _back("refused", "cannot_seal")
    return _back("said", "connected") if taken else _back("refused", "slack_url")


@post(f"{PATH}/slack/test", status_code=303)
async def test_slack(
    principal: NamedDependency[Principal], parts: NamedDependency[WebParts]
) -> Redirect:
    """Post a line, and say what became of it."""
    try:
        posted = await parts.set_hand_off.test_slack(
            principal.merchant_id, test_news(parts.base_url)
        )
    except Unavailable:
        posted = Posted.DEFERRED
    if posted is Posted.SENT:
        return _back("said", "posted")
    return _back("refused", f"slack_{posted.value}")


@post(f"{PATH}/slack/drop", status_code=303)
async def drop_slack(
    principal: NamedDependency[Principal], parts: NamedDependency[WebParts]
) -> Redirect:
    """Post nothing any more."""
    await parts.set_hand_off.drop_slack(principal.merchant_id, principal.user_id)
    return _back("said", "dropped")


async def _page(
    request: AnyRequest,
    on: tuple[Principal, WebParts, Renderer],
    view: HandOffView,
    **told: Any,
) -> Response[str]:
    principal, parts, renderer = on
    return renderer.page_or_fragment(
        request,
        principal,
        page="settings/tasks.html",
        fragment="settings/tasks.html",
        view=view,
        version=await parts.changes(principal.merchant_id),
        **told,
    )


def _view(standing: HandOffStanding, team: tuple[Member, ...], zone: str) -> HandOffView:
    rules, slack = standing.rules, standing.slack
    since, gone_at = slack.since, slack.gone_at
    return HandOffView(
        amounts=", ".join(_amount(least, name) for name, least in sorted(rules.large.items())),
        dues=tuple(
            DueRow(f"due_{kind}", label, str(rules.due_days[kind]))
            for kind, label in ABOUT_KINDS.items()
        ),
        most_days=MOST_DAYS,
        team=team,
        slack_on=since is not None,
        slack=f"Every new task is posted, since {times.short(since, zone)}." if since else "",
        gone=times.sentence(gone_at, zone) if gone_at else None,
    )


def _as_entered(view: HandOffView, form: Mapping[str, str], hearers: list[UUID]) -> HandOffView:
    return HandOffView(
        amounts=form.get("amounts", "")[:LONGEST_AMOUNTS],
        dues=tuple(DueRow(row.name, row.label, form.get(row.name, "")[:9]) for row in view.dues),
        most_days=view.most_days,
        team=tuple(
            Member(user_id=each.user_id, email=each.email, hears=each.user_id in hearers)
            for each in view.team
        ),
        slack_on=view.slack_on,
        slack=view.slack,
        gone=view.gone,
    )


def _rules(form: Mapping[str, str]) -> HandOff:
    """Raises Unfit."""
    due_days = {kind: _days(form.get(f"due_{kind}", "")) for kind in TaskKind}
    return HandOff(large=_large(form.get("amounts", "")), due_days=due_days)


def _large(text: str) -> dict[str, int]:
    """ "1000 EUR, 600.50 USD": one for each currency. Raises Unfit."""
    if len(text) > LONGEST_AMOUNTS:
        raise Unfit("amounts")
    found: dict[str, int] = {}
    for part in filter(None, (each.strip() for each in re.split(r"[,;\n]", text))):
        read = AMOUNT.fullmatch(part)
        if read is None:
            raise Unfit("amounts")
        currency = read[2].lower()
        minor = Decimal(read[1]).scaleb(exponent(currency))
        if currency in found or minor != int(minor) or not 0 < minor <= MOST_AMOUNT:
            raise Unfit("amounts")
        found[currency] = int(minor)
    if len(found) > MOST_CURRENCIES:
        raise Unfit("amounts")
    return found


def _days(text: str) -> int:
    """Raises Unfit."""
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= MOST_DAYS):
        raise Unfit("days")
    return int(text)


def _amount(minor: int, currency: str) -> str:
    whole = Money(minor, currency).to_decimal()
    text = f"{whole:f}"
    return f"{text.removesuffix('.000').removesuffix('.00')} {currency.upper()}"


def _back(kind: str, name: str) -> Redirect:
    return Redirect(f"{PATH}?{kind}={name}", status_code=303)
