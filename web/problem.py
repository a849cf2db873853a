"""Where the customer says that something is wrong, and takes it back."""

from typing import Any, Final

from litestar import Response, post
from litestar.di import NamedDependency

from application.ports.reports import LONGEST
from domain.recovery.events import Problem
from web.customer_pages import Visit
from web.forms import read_form
from web.rendering import AnyRequest
from web.wording.customer import Speech

# The page's choices; that somebody has answered a letter is not theirs to choose here.
OFFERED: Final = tuple(each for each in Problem if each is not Problem.ANSWERED)


@post("/r/{token:str}/problem", name="customer.problem", status_code=303)
async def report(request: AnyRequest, visit: NamedDependency[Visit]) -> Response[str]:
    """Let all rest, by what the form says is wrong, or let it go on; the page tells what holds."""
    if visit.case is None:
        return visit.back()
    form, report_problem = await read_form(request, visit.parts), visit.parts.report_problem
    if "back" in form:
        await report_problem.take_back(visit.case)
    else:
        await report_problem(visit.case, _about(form.get("about", "")), form.get("words", ""))
    return visit.back()


def shown(speech: Speech, merchant: str) -> dict[str, Any]:
    """For the template: `problems` are choices and their words, `problem_words` its sentences."""
    return {
        "problems": [(each.value, speech.problem[each.value]) for each in OFFERED],
        "problem_words": {
            name: words.format(merchant=merchant) for name, words in speech.problem.items()
        },
        "longest": LONGEST,
    }


def _about(choice: str) -> Problem:
    """Whatever a form says: that something is wrong has been said by sending it."""
    return Problem(choice) if choice in set(OFFERED) else Problem.OTHER
