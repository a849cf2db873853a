"""Where the customer says that something is wrong, and takes it back."""

from typing import Annotated, Any

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import PathParameter

from application.change_case import CaseRef
from application.ports.reports import LONGEST
from application.ports.stores import LinkTarget
from domain.recovery.events import Problem
from web.customer_pages import PRIVATE, gone, target_of
from web.forms import read_form
from web.parts import WebParts
from web.rendering import Renderer
from web.wording.customer import Speech


@post("/r/{token:str}/problem", name="customer.problem", status_code=303)
async def report(
    request: Request[Any, Any, Any],
    token: Annotated[str, PathParameter()],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
    speech: NamedDependency[Speech],
) -> Response[str]:
    """Let all rest, by what the form says is wrong, or let it go on; the page tells what holds."""
    target = await target_of(token, parts)
    if not isinstance(target, LinkTarget):
        return gone(renderer, speech)
    form, ref = await read_form(request, parts), CaseRef(target.merchant_id, target.case_id)
    if "back" in form:
        await parts.report_problem.take_back(ref)
    else:
        await parts.report_problem(ref, _about(form.get("about", "")), form.get("words", ""))
    return Response("", status_code=303, headers={**PRIVATE, "Location": f"/r/{token}"})


def shown(speech: Speech, merchant: str) -> dict[str, Any]:
    """For the template: `problems` are choices and their words, `problem_words` its sentences."""
    return {
        "problems": [(each.value, speech.problem[each.value]) for each in Problem],
        "problem_words": {
            name: words.format(merchant=merchant) for name, words in speech.problem.items()
        },
        "longest": LONGEST,
    }


def _about(choice: str) -> Problem:
    """Whatever a form says: that something is wrong has been said by sending it."""
    return Problem(choice) if choice in set(Problem) else Problem.OTHER
