"""What a merchant ought to look at in Stripe: written into its case, or else into the audit log."""

from application.case_ids import case_id_for
from application.event_effects import EventEffects
from application.ports.stores import AuditEntry, EventRef
from application.ports.unit_of_work import UnitOfWork
from domain.recovery.commands import RecordOverpayment
from domain.recovery.signals import Notice, NoticeKind
from domain.recovery.transitions import Phase


async def note(effects: EventEffects, ref: EventRef, notice: Notice) -> None:
    """Tell of it where the merchant looks: in the case of the invoice, if there is one."""
    case_id = case_id_for(ref.account, notice.invoice_id)
    case = await effects.case(ref, case_id)
    if notice.kind is NoticeKind.OVERPAID and case.phase is not Phase.NEW:
        overpaid = RecordOverpayment(amount_minor=notice.amount_minor)
        await effects.apply(ref, case_id, (overpaid,), last=True)
        return
    entry = AuditEntry(
        at=effects.cases.clock(),
        actor=f"stripe:{ref.event_id}",
        action=f"invoice_{notice.kind.value}",
        subject=f"invoice:{notice.invoice_id}",
        before={},
        after={"amount_minor": notice.amount_minor, "detail": notice.detail},
    )

    async def write(uow: UnitOfWork) -> None:
        await uow.audit.add(entry)

    await effects.done(ref, write)
