"""One try to collect, handed from the deciding to the doing."""

from msgspec import Struct

from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import Cause


class Attempt(Struct):
    """The invoice, the payment method it goes to, who asked, and the open ledger line."""

    invoice: Document
    card: Document
    cause: Cause
    line: Document
