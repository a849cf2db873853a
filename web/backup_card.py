"""Where the customer agrees to another card of theirs on their page, and takes it back."""

from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency

from application.ports.registry import MerchantProfile
from application.use_cases.backup_cards import BackupOffer, choice_of
from application.views import CaseRow
from web import money
from web.customer_pages import Visit
from web.forms import read_form
from web.rendering import AnyRequest
from web.wording import backup
from web.wording.customer import Speech


@post("/r/{token:str}/backup", name="customer.backup", status_code=303)
async def answer(request: AnyRequest, visit: NamedDependency[Visit]) -> Response[str]:
    """Agree to the card that the form names, or take back what was agreed to."""
    if visit.case is None:
        return visit.back()
    form, backup_cards = await read_form(request, visit.parts), visit.parts.backup_cards
    if "withdraw" in form:
        await backup_cards.withdraw(visit.case)
    else:
        wording = backup.version(visit.speech)
        await backup_cards.agree(visit.case, form.get("card", ""), wording)
    return visit.back()


def shown(
    offer: BackupOffer, merchant: MerchantProfile, row: CaseRow, speech: Speech
) -> dict[str, Any]:
    """For the template: `backups` are choices and their sentences, `agreed` is the one that
    stands."""
    amount = money.plain(row.amount_minor, row.currency, speech.point)
    return {
        "backups": [
            (choice_of(card), backup.question(speech, merchant.known_as, amount, card))
            for card in offer.offered
        ],
        "agreed": backup.agreed(speech, offer.agreed) if offer.agreed else None,
    }
