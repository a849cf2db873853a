"""Where the customer agrees to text messages on their page, and takes it back."""

from typing import Any, Final

from litestar import Response, post
from litestar.di import NamedDependency

from application.use_cases.agree_to_texts import TextsOffer
from web.customer_pages import PRIVATE, Visit
from web.forms import read_form
from web.rendering import AnyRequest
from web.wording import texts
from web.wording.customer import Speech

# What the address says when the number could not be read: never the number.
UNREAD: Final = "unread"


@post("/r/{token:str}/texts", name="customer.texts", status_code=303)
async def answer(request: AnyRequest, visit: NamedDependency[Visit]) -> Response[str]:
    """Agree to be texted at a number, by a tick of one's own, or take that back."""
    if visit.case is None:
        return visit.back()
    form, agree_to_texts = await read_form(request, visit.parts), visit.parts.agree_to_texts
    if "withdraw" in form:
        await agree_to_texts.withdraw(visit.case)
    elif form.get("agree") == "yes":
        wording = texts.version(visit.speech)
        if not await agree_to_texts.agree(visit.case, form.get("number", ""), wording):
            where = f"{visit.here}?number={UNREAD}#texts"
            return Response("", status_code=303, headers={**PRIVATE, "Location": where})
    return visit.back()


def shown(offer: TextsOffer, merchant: str, speech: Speech, *, unread: bool) -> dict[str, Any]:
    """For the template: `texts` are its sentences; `texts_asked` whether there is a form;
    `texted_at` the sentence of the word that stands."""
    return {
        "texts": texts.sentences(speech, merchant),
        "texts_asked": offer.is_asked and offer.number is None,
        "texted_at": texts.agreed(speech, merchant, offer.number) if offer.number else None,
        "number_unread": unread,
    }
