"""What a planted bug is made of."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from application.ports.payments import Ended, Ending, Outcome, Payments
from domain.invoice import Invoice


def there(owner: object, name: str) -> Any:
    """What `owner.name` is, whether or not its module means to give it away."""
    return getattr(owner, name)


@contextmanager
def instead(owner: object, name: str, other: Any) -> Iterator[None]:
    """While this lasts, `owner.name` is another."""
    right = there(owner, name)
    setattr(owner, name, other)
    try:
        yield
    finally:
        setattr(owner, name, right)


class Passing:
    """A way to Stripe to build a worse one upon."""

    def __init__(self, inner: Payments) -> None:
        self.inner = inner

    async def read_invoice(self, account: str, invoice_id: str) -> Invoice | None:
        return await self.inner.read_invoice(account, invoice_id)

    async def stop_stripe_retries(
        self, account: str, invoice_id: str, *, idempotency_key: str
    ) -> None:
        await self.inner.stop_stripe_retries(account, invoice_id, idempotency_key=idempotency_key)

    async def invoice_of(self, account: str, payment_intent_id: str) -> str | None:
        return await self.inner.invoice_of(account, payment_intent_id)

    async def read_object(self, account: str, kind: str, object_id: str) -> bytes | None:
        return await self.inner.read_object(account, kind, object_id)

    async def resume_stripe_retries(
        self, account: str, invoice_id: str, *, idempotency_key: str
    ) -> None:
        await self.inner.resume_stripe_retries(account, invoice_id, idempotency_key=idempotency_key)

    async def undo_end(self, account: str, ending: Ending, *, idempotency_key: str) -> Ended:
        return await self.inner.undo_end(account, ending, idempotency_key=idempotency_key)

    async def end(self, account: str, ending: Ending, *, idempotency_key: str) -> Ended:
        return await self.inner.end(account, ending, idempotency_key=idempotency_key)

    async def put_in_slot(self, account: str, invoice: Invoice, *, idempotency_key: str) -> bool:
        return await self.inner.put_in_slot(account, invoice, idempotency_key=idempotency_key)

    async def pay_invoice(
        self,
        account: str,
        invoice_id: str,
        *,
        idempotency_key: str,
        payment_method: str | None = None,
    ) -> Outcome:
        return await self.inner.pay_invoice(
            account, invoice_id, idempotency_key=idempotency_key, payment_method=payment_method
        )
