"""Where the customer agrees to another card of theirs on their page, and takes it back."""

from typing import Annotated, Any

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import PathParameter

from application.change_case import CaseRef
from application.ports.registry import MerchantProfile
from application.ports.stores import LinkTarget
from application.use_cases.backup_cards import BackupOffer, choice_of
from application.views import CaseRow
from web import money
from web.customer_pages import PRIVATE, gone, target_of
from web.forms import read_form
from web.parts import WebParts
from web.rendering import Renderer
from web.wording import backup
from web.wording.customer import Speech


@post("/r/{token:str}/backup", name="customer.backup", status_code=303)
async def answer(
    request: Request[Any, Any, Any],
    token: Annotated[str, PathParameter()],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
    speech: NamedDependency[Speech],
) -> Response[str]:
    """Agree to the card that the form names, or take back what was agreed to."""
    target = await target_of(token, parts)
    if not isinstance(target, LinkTarget):
        return gone(renderer, speech)
    form, ref = await read_form(request, parts), CaseRef(target.merchant_id, target.case_id)
    if "withdraw" in form:
        await parts.backup_cards.withdraw(ref)
    else:
        await parts.backup_cards.agree(ref, form.get("card", ""), backup.version(speech))
    return Response("", status_code=303, headers={**PRIVATE, "Location": f"/r/{token}"})


def shown(
    offer: BackupOffer, merchant: MerchantProfile, row: CaseRow, speech: Speech
) -> dict[str, Any]:
    """For the template: `backups` are choices and their sentences, `agreed` is the one that
    stands."""
    amount = money.plain(row.amount_minor, row.currency, speech.point)
    return {
        "backups": [
            (choice_of(card), backup.question(speech, merchant.name, amount, card))
            for card in offer.offered
        ],
        "agreed": backup.agreed(speech, offer.agreed) if offer.agreed else None,
    }
