"""The merchant's cases: the list, and one of them."""

import re
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter
from litestar.response import Redirect

from application.change_case import CaseRef
from application.errors import Unavailable
from application.ports.accounts import Principal
from application.use_cases.answer_end import EndAnswer
from application.views import CaseView, Needs, filter_of
from domain.recovery.events import EndResult
from domain.recovery.transitions import Phase
from web import case_list, case_page, task_list
from web.forms import read_form
from web.parts import WebParts
from web.rendering import AnyRequest, Renderer
from web.tasks import reader_of

PAGE_SIZE: Final = 50
LONGEST_CURSOR: Final = 200
ANSWERS: Final = frozenset(EndAnswer)
CODE: Final = re.compile(r"[a-z_]{1,60}")
FILTERS: Final = frozenset({*Phase, Needs.YOU}) - {Phase.NEW}


@get("/", sync_to_thread=False)
def home() -> Redirect:
    """Until there is more to see, the cases are the home."""
    return Redirect("/cases", status_code=303)


@get("/cases", name="cases.list")
async def list_cases(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """Newest first, a page at a time; `phase` narrows it, `after` goes on to older ones."""
    wish, merchant_id = _wish(request), principal.merchant_id
    version = await parts.changes(merchant_id)
    page = await parts.pages.cases(merchant_id, wish.phase, wish.after, PAGE_SIZE)
    sums = await parts.pages.money(merchant_id)
    view = case_list.build(wish, page, sums, parts.clock(), principal.timezone)
    return renderer.page_or_fragment(
        request,
        principal,
        page="cases/list.html",
        fragment="cases/_list.html",
        view=view,
        version=version,
    )


@get("/cases/{case_id:uuid}", name="cases.show")
async def show_case(
    request: AnyRequest,
    case_id: Annotated[UUID, PathParameter()],
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """One case. Another merchant's is as absent as one that never was."""
    now = parts.clock()
    version = await parts.changes(principal.merchant_id)
    view = await parts.pages.case(principal.merchant_id, case_id, now)
    if view is None:
        raise NotFoundException
    return renderer.page_or_fragment(
        request,
        principal,
        page="cases/show.html",
        fragment="cases/_case.html",
        case=case_page.build(view, now, principal.timezone, _refused(request)),
        tasks=await _tasks(view, parts, principal),
        version=version,
    )


@post("/cases/{case_id:uuid}/end", name="cases.end", status_code=303)
async def answer_end(
    request: AnyRequest,
    case_id: Annotated[UUID, PathParameter()],
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
) -> Redirect:
    """What the merchant says about the end in Stripe, and back to the case's page."""
    answer = (await read_form(request, parts)).get("answer", "")
    view = await parts.pages.case(principal.merchant_id, case_id, parts.clock())
    if view is None or answer not in ANSWERS:
        raise NotFoundException
    ref = CaseRef(principal.merchant_id, case_id)
    reason = await _answered(parts, ref, EndAnswer(answer), principal.user_id)
    query = f"?{urlencode({'refused': reason})}" if reason else ""
    return Redirect(f"/cases/{case_id}{query}", status_code=303)


@post("/cases/{case_id:uuid}/report", name="cases.report", status_code=303)
async def answer_report(
    request: AnyRequest,
    case_id: Annotated[UUID, PathParameter()],
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
) -> Redirect:
    """What the merchant says to a customer's report, and back to the case's page."""
    answer = (await read_form(request, parts)).get("answer", "")
    view = await parts.pages.case(principal.merchant_id, case_id, parts.clock())
    if view is None or answer not in {"go_on", "leave"}:
        raise NotFoundException
    ref, problem = CaseRef(principal.merchant_id, case_id), parts.report_problem
    answered = problem.go_on if answer == "go_on" else problem.leave
    await answered(ref, principal.user_id)
    return Redirect(f"/cases/{case_id}", status_code=303)


async def _tasks(view: CaseView, parts: WebParts, principal: Principal) -> list[task_list.TaskLine]:
    """What of it is to do for the team."""
    if not view.tasks:
        return []
    reader = await reader_of(parts, principal)
    return [task_list.line(row, reader) for row in view.tasks]


async def _answered(parts: WebParts, ref: CaseRef, answer: EndAnswer, user_id: UUID) -> str | None:
    """Why it could not be carried out; None if it was."""
    try:
        ended = await parts.answer_end(ref, answer, user_id)
    except Unavailable:
        return "unavailable"
    return None if ended.result is EndResult.DONE else ended.reason or "changed_meanwhile"


@get("/mailbox")
async def mailbox(
    principal: NamedDependency[Principal],  # noqa: ARG001  (for members only)
    parts: NamedDependency[WebParts],
) -> Redirect:
    """The rehearsal's mailbox; outside a rehearsal there is none."""
    if parts.mailbox_url is None:
        raise NotFoundException
    return Redirect(parts.mailbox_url, status_code=303)


def _refused(request: AnyRequest) -> str | None:
    """A code as Stripe has them; nothing else from an address gets onto a page."""
    reason = request.query_params.get("refused", "")
    return reason if CODE.fullmatch(reason) else None


def _wish(request: AnyRequest) -> case_list.Wish:
    """What the address asks for; what cannot be read is as if it were not there."""
    phase, after = request.query_params.get("phase"), request.query_params.get("after")
    return case_list.Wish(
        filter_of(phase) if phase and phase in FILTERS else None,
        after if after and len(after) <= LONGEST_CURSOR else None,
    )
