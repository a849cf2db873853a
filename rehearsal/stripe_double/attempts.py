"""One try to collect, handed from the deciding to the doing."""

from msgspec import Struct

from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import Cause


class Asking(Struct, frozen=True):
    """The customer is there to answer their bank: on `page`, and led to `back` afterwards; without
    a page the program shows the question itself."""

    page: str | None = None
    back: str | None = None


class Attempt(Struct):
    """The invoice, the payment method it goes to, who asked, and the open ledger line.

    `asking` where the customer is there; without it a bank that asks them is a refusal.
    """

    invoice: Document
    card: Document
    cause: Cause
    line: Document
    asking: Asking | None = None
