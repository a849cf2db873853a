"""What people of the merchant's team are asked to do: the list, and what they say to it."""

from typing import Annotated, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter
from litestar.response import Redirect

from application.ports.accounts import Principal
from application.task_views import TaskFilter
from domain.access import Permission, may
from web import task_list
from web.forms import read_form
from web.parts import WebParts
from web.rendering import AnyRequest, Renderer

PAGE_SIZE: Final = 50
LONGEST_CURSOR: Final = 400
FILTERS: Final = frozenset(TaskFilter)
HASH_CHARACTERS: Final = 64


@get(task_list.PATH, name="tasks.list")
async def list_tasks(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """Open ones, the soonest due first; `show` narrows it, `after` goes on."""
    wish, merchant_id = _wish(request), principal.merchant_id
    version = await parts.changes(merchant_id)
    given = (wish.show, principal.user_id, wish.after, PAGE_SIZE)
    page = await parts.hand_off_pages.tasks(merchant_id, *given)
    reader = await reader_of(parts, principal)
    counts = await parts.hand_off_pages.counts(merchant_id, principal.user_id, reader.now)
    return renderer.page_or_fragment(
        request,
        principal,
        page="tasks/list.html",
        fragment="tasks/_list.html",
        view=task_list.build(wish, page, counts, reader),
        version=version,
    )


@get(task_list.AT_RISK, name="tasks.at_risk")
async def list_at_risk(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """Whoever owes and is reached by no letter, the latest first."""
    after, merchant_id = _after(request), principal.merchant_id
    version = await parts.changes(merchant_id)
    page = await parts.hand_off_pages.at_risk(merchant_id, after, PAGE_SIZE)
    return renderer.page_or_fragment(
        request,
        principal,
        page="tasks/at_risk.html",
        fragment="tasks/_at_risk.html",
        view=task_list.at_risk(page, after, principal.timezone),
        version=version,
    )


@post(f"{task_list.PATH}/{{task_id:uuid}}/assign", name="tasks.assign", status_code=303)
async def assign(
    request: AnyRequest,
    task_id: Annotated[UUID, PathParameter()],
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
) -> Redirect:
    """Give it to a colleague, to oneself, or to nobody. What cannot be changed stays as it is: the
    page that follows shows how it stands, and an absent task like a foreign one."""
    form = await read_form(request, parts)
    is_named, to = _user(form.get("assignee"))
    if is_named:
        await parts.work_task.assign(principal.merchant_id, task_id, to, principal.user_id)
    return _back(form)


@post(f"{task_list.PATH}/{{task_id:uuid}}/done", name="tasks.done", status_code=303)
async def done(
    request: AnyRequest,
    task_id: Annotated[UUID, PathParameter()],
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
) -> Redirect:
    """It is done."""
    form = await read_form(request, parts)
    await parts.work_task.done(principal.merchant_id, task_id, principal.user_id)
    return _back(form)


@post(f"{task_list.PATH}/{{task_id:uuid}}/reopen", name="tasks.reopen", status_code=303)
async def reopen(
    request: AnyRequest,
    task_id: Annotated[UUID, PathParameter()],
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
) -> Redirect:
    """It is not, after all."""
    form = await read_form(request, parts)
    await parts.work_task.reopen(principal.merchant_id, task_id, principal.user_id)
    return _back(form)


@post(f"{task_list.AT_RISK}/{{address:str}}/lift", name="tasks.lift", status_code=303)
async def lift(
    address: Annotated[str, PathParameter()],
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
) -> Redirect:
    """The address is right again."""
    if len(address) == HASH_CHARACTERS and set(address) <= set("0123456789abcdef"):
        await parts.lift_bounce(principal.merchant_id, bytes.fromhex(address), principal.user_id)
    return Redirect(task_list.AT_RISK, status_code=303)


async def reader_of(parts: WebParts, principal: Principal) -> task_list.Reader:
    """Who looks at tasks."""
    team = await parts.teams.of(principal.merchant_id)
    works = may(principal.role, Permission.WORK_CASES)
    return task_list.Reader(principal.user_id, team, parts.clock(), principal.timezone, works)


def _back(form: dict[str, str]) -> Redirect:
    """To where the form stood: the page of a case, or the list as it was narrowed."""
    is_case, case_id = _user(form.get("case"))
    if is_case and case_id is not None:
        return Redirect(f"/cases/{case_id}", status_code=303)
    show = form.get("show", "")
    wish = task_list.Wish(TaskFilter(show) if show in FILTERS else TaskFilter.ALL)
    return Redirect(wish.url(), status_code=303)


def _user(text: str | None) -> tuple[bool, UUID | None]:
    """Whether it can be read, and whom it names; an empty one names nobody."""
    if not text:
        return text is not None, None
    try:
        return True, UUID(text)
    except ValueError:
        return False, None


def _wish(request: AnyRequest) -> task_list.Wish:
    """What the address asks for; what cannot be read is as if it were not there."""
    show = request.query_params.get("show", "")
    return task_list.Wish(TaskFilter(show) if show in FILTERS else TaskFilter.ALL, _after(request))


def _after(request: AnyRequest) -> str | None:
    after = request.query_params.get("after")
    return after if after and len(after) <= LONGEST_CURSOR else None
