"""A Stripe with a will of its own, around the bank in memory: it forgets keys after a day, retries
by its own schedule, lets customers pay on its page, and tells of everything by events.

`book` is the truth that invariants are counted on.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec.structs import replace

from adapters.memory.payments import PAYABLE, STATUS_AFTER, MemoryPayments
from application.ports.payments import ActionNeeded, Declined, Ending, Outcome, Paid, Unknown
from domain.invoice import Card, Invoice, InvoiceStatus, Slot
from domain.policy import EndAction
from domain.recovery.events import CardSource, DisputeState
from domain.recovery.signals import (
    CustomerSignal,
    DisputeSignal,
    InvoiceNews,
    InvoiceSignal,
    Notice,
    NoticeKind,
    RefundSignal,
    Signal,
    SubscriptionEnded,
)
from tests.simulation.chance import Chance
from tests.simulation.debts import AUTHENTICATION, KEY_LIFE, Booked, Debt, Issuer
from tests.simulation.schedule import Schedule, finish

Tell = Callable[[str, Signal], None]


class Stripe:
    """All accounts. Everything here happens at one instant; the network is elsewhere."""

    def __init__(self, schedule: Schedule, tell: Tell, chance: Chance) -> None:
        self.debts: dict[tuple[str, str], Debt] = {}
        self.issuers: dict[str, Issuer] = {}
        self.book: list[Booked] = []
        self.ended: list[str] = []  # invoices whose end action was carried out
        self.forgets_keys = False  # a planted bug: charges anew whatever the key
        self.charges_paid_ones = False  # another: what is paid is charged once more
        self.on_charge: Callable[[Booked, Debt], None] = lambda booked, debt: None
        self._schedule, self._tell, self._chance = schedule, tell, chance
        self._bank = MemoryPayments(lambda: schedule.now.replace(microsecond=0))
        self._keys: dict[tuple[str, str], tuple[datetime, Outcome]] = {}

    # What stands there.
    def show(self, account: str, invoice_id: str) -> Invoice | None:
        """The invoice as it is now."""
        shown: Invoice | None = finish(self._bank.read_invoice(account, invoice_id))
        return shown

    def open_invoice(self, account: str, invoice_id: str) -> Invoice | None:
        """The invoice if it can be acted on."""
        invoice = self.show(account, invoice_id)
        return invoice if invoice is not None and invoice.status is InvoiceStatus.OPEN else None

    def charges_by(self, account: str, key: str) -> list[Booked]:
        """What one key has done."""
        return [one for one in self.book if (one.account, one.key) == (account, key)]

    # What merchants and their subscriptions do.
    def bill(self, account: str, invoice: Invoice, retries: int) -> None:
        """An invoice whose first charge is made now, and fails."""
        debt = Debt(account, invoice.invoice_id, invoice.amount_remaining_minor, retries)
        self.debts[account, invoice.invoice_id] = debt
        assert invoice.card is not None
        issuer = self.issuers[invoice.card.fingerprint]
        self._bank.put(account, invoice)
        first = self._refuse(debt, invoice, issuer.code, key=f"first:{invoice.invoice_id}")
        self._plan_retry(debt)
        self._news(account, invoice.invoice_id, _news_of(first), key=None)

    def settle(self, account: str, invoice_id: str, status: InvoiceStatus) -> None:
        """Voided or written off by the merchant, if it is open."""
        invoice = self.open_invoice(account, invoice_id)
        if invoice is None or invoice.processing:
            return
        voided = status is InvoiceStatus.VOID
        # Of an invoice that cannot be charged any more no refusal is read.
        failure = None if voided else invoice.last_failure
        settled = replace(invoice, status=status, stripe_retry_at=None, last_failure=failure)
        self._bank.put(account, settled)
        news = InvoiceNews.VOIDED if voided else InvoiceNews.WRITTEN_OFF
        self._news(account, invoice_id, news, key=None, requested=True)

    def credit(self, account: str, invoice_id: str, amount_minor: int) -> None:
        """A credit note: less is owed."""
        invoice = self.open_invoice(account, invoice_id)
        if invoice is None or invoice.amount_remaining_minor <= amount_minor:
            return
        owed = invoice.amount_remaining_minor - amount_minor
        self._bank.put(account, replace(invoice, amount_remaining_minor=owed))
        self.debts[account, invoice_id].due_minor -= amount_minor
        self._news(account, invoice_id, InvoiceNews.CHANGED, key=None, requested=True)

    def tell(self, account: str, signal: Signal) -> None:
        """An event about something else than an invoice."""
        self._tell(account, signal)

    # What customers do.
    def change_card(
        self,
        account: str,
        customer_id: str,
        card: Card,
        by: CardSource = CardSource.CUSTOMER,
    ) -> None:
        """Another card for all that a customer owes; or the same, renewed by its network."""
        for account_of, invoice_id in list(self.debts):
            invoice = self.open_invoice(account_of, invoice_id)
            if invoice is None or account_of != account or invoice.customer is None:
                continue
            if invoice.customer.customer_id == customer_id:
                slot = Slot.SUBSCRIPTION if by is CardSource.CUSTOMER else None
                changed = replace(invoice, card=card, belongs_in=slot, needs_authentication=False)
                self._bank.put(account, changed)
        self._tell(account, CustomerSignal(customer_id=customer_id, by=by))

    def pay_by_page(self, account: str, invoice_id: str, key: str) -> None:
        """The hosted page: the customer is there, so the bank has nothing to ask."""
        invoice = self.show(account, invoice_id)
        if invoice is None or invoice.status not in PAYABLE or invoice.processing:
            return
        self.charge(account, invoice_id, key, requested=True)

    def begin_debit(self, account: str, invoice_id: str, key: str, hours: float) -> None:
        """A bank debit: on its way for hours, then it pays or bounces."""
        invoice = self.open_invoice(account, invoice_id)
        if invoice is None or invoice.processing:
            return
        self._bank.put(account, replace(invoice, processing=True))

        def arrive() -> None:
            shown = self.show(account, invoice_id)
            assert shown is not None
            self._bank.put(account, replace(shown, processing=False))
            self.pay_by_page(account, invoice_id, key)

        self._schedule.after(hours * 3600, arrive)

    def pay_part(self, account: str, invoice_id: str, amount_minor: int) -> None:
        """A part of the debt, by a transfer."""
        invoice = self.open_invoice(account, invoice_id)
        if invoice is None or invoice.processing or invoice.card is None:
            return
        if invoice.amount_remaining_minor <= amount_minor:
            return
        booked = Booked(
            at=self._schedule.now,
            account=account,
            invoice_id=invoice_id,
            key=f"part:{invoice_id}:{len(self.book)}",
            card=invoice.card,
            amount_minor=amount_minor,
            decline_code=None,
            charge_id=None,
            is_part=True,
        )
        left = invoice.amount_remaining_minor - amount_minor
        paid = invoice.amount_paid_minor + amount_minor
        changed = replace(invoice, amount_remaining_minor=left, amount_paid_minor=paid)
        self._bank.put(account, changed)
        self._enter(booked, self.debts[account, invoice_id])
        self._news(account, invoice_id, InvoiceNews.CHANGED, key=None, requested=True)

    def refund(self, account: str, invoice_id: str, percent: int) -> None:
        """The merchant gives money of a paid invoice back."""
        debt = self._settled(account, invoice_id)
        if debt is None:
            return
        left = debt.taken_minor - debt.refunded_minor - debt.disputed_minor
        debt.refunded_minor += left * percent // 100
        by_intent = percent % 2 == 0  # newer shapes name no invoice
        signal = RefundSignal(
            charge_id=f"ch_{invoice_id}",
            refunded_minor=debt.refunded_minor,
            invoice_id=None if by_intent else invoice_id,
            payment_intent_id=f"pi_{invoice_id}",
        )
        self._tell(account, signal)

    def overpay(self, account: str, invoice_id: str, amount_minor: int) -> None:
        """A transfer comes on top of a payment. It stands beside the invoice: nobody's recovery."""
        if self._settled(account, invoice_id) is not None:
            kind = NoticeKind.OVERPAID
            notice = Notice(kind=kind, invoice_id=invoice_id, amount_minor=amount_minor)
            self._tell(account, notice)

    def dispute(self, account: str, invoice_id: str, decided: DisputeState, days: float) -> None:
        """The bank takes the money of a paid invoice back, and decides some days later."""
        debt = self._settled(account, invoice_id)
        if debt is None or debt.refunded_minor or debt.disputed_minor:
            return
        debt.disputed_minor = debt.taken_minor
        self._tell(account, _dispute(debt, DisputeState.OPEN))

        def decide() -> None:
            if decided is DisputeState.WON:
                debt.disputed_minor = 0
            self._tell(account, _dispute(debt, decided))

        self._schedule.after(days * 86_400, decide)

    def _settled(self, account: str, invoice_id: str) -> Debt | None:
        """The debt, if it was paid."""
        debt = self.debts[account, invoice_id]
        invoice = self.show(account, invoice_id)
        if invoice is None or invoice.status is not InvoiceStatus.PAID:
            return None
        return debt

    # What is asked over the API.
    def invoice_of(self, payment_intent_id: str) -> str | None:
        """Which invoice a payment was for."""
        return payment_intent_id.removeprefix("pi_")

    def end(self, account: str, ending: Ending) -> bool:
        """The end action of a lost case."""
        self.ended.append(ending.invoice_id)
        if ending.action is EndAction.CANCEL_SUBSCRIPTION:
            if ending.subscription_id is None:
                return False
            self._tell(account, SubscriptionEnded(subscription_id=ending.subscription_id))
            return True
        status = STATUS_AFTER.get(ending.action)
        if status is None:
            return True
        if self.open_invoice(account, ending.invoice_id) is None:
            return False
        self.settle(account, ending.invoice_id, status)
        return True

    def stop_retries(self, account: str, invoice_id: str) -> None:
        """auto_advance off."""
        finish(self._bank.stop_stripe_retries(account, invoice_id, idempotency_key="-"))

    def put_in_slot(self, account: str, invoice: Invoice) -> bool:
        """The new card lies where the refused one lay."""
        done: bool = finish(self._bank.put_in_slot(account, invoice, idempotency_key="-"))
        return done

    def stumble(self, account: str, key: str) -> None:
        """An inner error under this key: Stripe repeats that answer as long as it knows the key."""
        self._keys.setdefault((account, key), (self._schedule.now, Unknown(reason="http_500")))

    def charge(
        self,
        account: str,
        invoice_id: str,
        key: str,
        *,
        requested: bool,
        method: str | None = None,
    ) -> Outcome:
        """`invoices.pay`, with the idempotency that Stripe promises and no more."""
        debt, shown = self.debts[account, invoice_id], self.show(account, invoice_id)
        if self.charges_paid_ones and debt.captured and shown is not None:
            self._pay(debt, shown, key)
        known = self._keys.get((account, key))
        fresh = known is None or self._schedule.now - known[0] >= KEY_LIFE or self.forgets_keys
        if known is not None and not fresh:
            return known[1]
        invoice = self.show(account, invoice_id)
        can = invoice is not None and invoice.status in PAYABLE and not invoice.processing
        outcome = (
            self._made(self.debts[account, invoice_id], self._by(invoice, method), key)
            if can and invoice is not None
            else finish(self._bank.pay_invoice(account, invoice_id, idempotency_key="-"))
        )
        if can:
            self._keys[account, key] = (self._schedule.now, outcome)
            news = _news_of(outcome)
            self._news(account, invoice_id, news, key=key, requested=requested)
        assert isinstance(outcome, Outcome)
        return outcome

    def _by(self, invoice: Invoice, method: str | None) -> Invoice:
        """As if the named payment method lay in the slot."""
        return replace(invoice, card=self._bank.cards.get(method or "", invoice.card))

    def _made(self, debt: Debt, invoice: Invoice, key: str) -> Outcome:
        assert invoice.card is not None
        code = self.issuers[invoice.card.fingerprint].verdict()
        if code == AUTHENTICATION and key.startswith(("page", "late")):
            code = None
        return self._refuse(debt, invoice, code, key) if code else self._pay(debt, invoice, key)

    def _pay(self, debt: Debt, invoice: Invoice, key: str) -> Outcome:
        self._bank.will_pay(invoice.invoice_id)
        return self._book(debt, invoice, key, None)

    def _refuse(self, debt: Debt, invoice: Invoice, code: str, key: str) -> Outcome:
        if code == AUTHENTICATION:
            self._bank.will_ask_for_customer(invoice.invoice_id)
        else:
            self._bank.will_decline(invoice.invoice_id, code)
        return self._book(debt, invoice, key, code)

    def _book(self, debt: Debt, invoice: Invoice, key: str, code: str | None) -> Outcome:
        call = f"{key}/{len(self.book)}"  # ours to keep keys: the bank within never repeats itself
        assert invoice.card is not None
        outcome: Outcome = finish(
            self._bank.pay_invoice(
                debt.account,
                debt.invoice_id,
                idempotency_key=call,
                payment_method=invoice.card.payment_method,
            )
        )
        booked = Booked(
            at=self._schedule.now,
            account=debt.account,
            invoice_id=debt.invoice_id,
            key=key,
            card=invoice.card,
            amount_minor=invoice.amount_remaining_minor,
            decline_code=code,
            charge_id=outcome.failure.charge_id if isinstance(outcome, Declined) else None,
        )
        self._enter(booked, debt)
        return outcome

    def _enter(self, booked: Booked, debt: Debt) -> None:
        self.book.append(booked)
        if booked.paid:
            debt.captured.append(booked)
        how = booked.decline_code or "paid"
        self._schedule.note(f"bank {debt.invoice_id} {booked.key} {how}")
        self.on_charge(booked, debt)

    def _plan_retry(self, debt: Debt) -> None:
        invoice = self.open_invoice(debt.account, debt.invoice_id)
        if invoice is None or debt.retries_left == 0:
            return
        debt.retries_left -= 1
        draw = self._chance.of(f"retrier {debt.invoice_id} {debt.retries_left}")
        when = self._schedule.now + timedelta(hours=draw.uniform(6, 72))
        retry_at = when.replace(microsecond=0)
        self._bank.put(debt.account, replace(invoice, stripe_retry_at=retry_at))
        self._schedule.at(when, lambda: self._retry(debt))

    def _retry(self, debt: Debt) -> None:
        invoice = self.open_invoice(debt.account, debt.invoice_id)
        if invoice is None or invoice.stripe_retry_at is None:
            return
        counted = invoice.attempt_count + 1
        self._bank.put(debt.account, replace(invoice, stripe_retry_at=None, attempt_count=counted))
        key = f"retrier:{debt.invoice_id}:{debt.retries_left}"
        self.charge(debt.account, debt.invoice_id, key, requested=False)
        self._plan_retry(debt)

    def _news(
        self,
        account: str,
        invoice_id: str,
        news: InvoiceNews,
        *,
        key: str | None,
        requested: bool = False,
    ) -> None:
        invoice = self.show(account, invoice_id)
        assert invoice is not None
        signal = InvoiceSignal(
            invoice_id=invoice_id,
            news=news,
            idempotency_key=key if requested else None,
            requested=requested,
            paid_minor=invoice.amount_paid_minor if news is InvoiceNews.PAID else 0,
        )
        self._tell(account, signal)


def _dispute(debt: Debt, state: DisputeState) -> DisputeSignal:
    return DisputeSignal(
        charge_id=f"ch_{debt.invoice_id}",
        amount_minor=debt.taken_minor,
        state=state,
        invoice_id=debt.invoice_id,
    )


def _news_of(outcome: Outcome) -> InvoiceNews:
    match outcome:
        case Paid():
            return InvoiceNews.PAID
        case ActionNeeded():
            return InvoiceNews.NEEDS_AUTHENTICATION
        case _:
            return InvoiceNews.FAILED
