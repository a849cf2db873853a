"""The read side of one merchant, in memory."""

from datetime import datetime
from uuid import UUID

from adapters.memory.task_pages import MemoryHandOffPages
from adapters.memory.world import HeldCase, MemoryWorld
from application.views import CaseFilter, CasePage, CaseRow, CaseView, MoneyOfPhase, Needs
from domain.network import MONTH, monthly_limit
from domain.recovery.state import RecoveryCase


class MemoryPages:
    """A cursor is the index of the next row: enough where nothing is written between two pages."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def cases(
        self, merchant_id: UUID, phase: CaseFilter | None, after: str | None, limit: int
    ) -> CasePage:
        mine = [
            (held.state.opened_at, case_id)
            for (owner, case_id), held in self._world.cases.items()
            if owner == merchant_id and phase in (None, *_filters(held.state))
        ]
        newest = [case_id for _, case_id in sorted(mine, reverse=True)]
        start = int(after) if after and after.isdecimal() else 0
        rows = [self._row(merchant_id, case_id) for case_id in newest[start : start + limit]]
        end = start + limit
        return CasePage(rows=tuple(rows), after=str(end) if end < len(newest) else None)

    async def case(self, merchant_id: UUID, case_id: UUID, now: datetime) -> CaseView | None:
        held = self._world.cases.get((merchant_id, case_id))
        if held is None:
            return None
        case = held.state
        action = self._world.actions.get((merchant_id, case_id))
        return CaseView(
            row=self._row(merchant_id, case_id),
            history=held.events,
            next_attempt_at=case.next_attempt_at,
            reminder_at=case.reminder.due_at if case.reminder else None,
            declines_on_card=self._declines(merchant_id, case, now),
            card_limit=self._world.policies[merchant_id, case.policy_version].month_limit(
                case.card.brand if case.card else None
            ),
            network_limit=monthly_limit(case.card.brand if case.card else None),
            dead=action.turn.error if action and action.turn.dead_at else None,
            reports=self._world.reports.get((merchant_id, case_id), ()),
            tasks=MemoryHandOffPages(self._world).of_case(merchant_id, case_id),
        )

    async def money(self, merchant_id: UUID) -> tuple[MoneyOfPhase, ...]:
        sums: dict[tuple[CaseFilter, str], list[RecoveryCase]] = {}
        for (owner, _), held in self._world.cases.items():
            for each in _filters(held.state) if owner == merchant_id else ():
                sums.setdefault((each, held.state.currency), []).append(held.state)
        return tuple(
            MoneyOfPhase(
                phase=phase,
                currency=currency,
                cases=len(cases),
                amount_minor=sum(case.amount_minor for case in cases),
                recovered_minor=sum(case.recovered_minor for case in cases),
            )
            for (phase, currency), cases in sorted(sums.items())
        )

    def _declines(self, merchant_id: UUID, case: RecoveryCase, now: datetime) -> int:
        if case.card is None:
            return 0
        seen = self._world.declines.get((merchant_id, case.card.fingerprint), ())
        return sum(one.at > now - MONTH and one.amount_minor == case.amount_minor for one in seen)

    def _row(self, merchant_id: UUID, case_id: UUID) -> CaseRow:
        held: HeldCase = self._world.cases[merchant_id, case_id]
        case = held.state
        customer = self._world.customers.get((merchant_id, case.account, case.customer_id or ""))
        action = self._world.actions.get((merchant_id, case_id))
        assert case.opened_at is not None
        assert case.closes_at is not None
        return CaseRow(
            case_id=case_id,
            invoice_id=case.invoice_id,
            number=case.number,
            customer_name=customer.name if customer else None,
            customer_email=customer.email if customer else None,
            amount_minor=case.amount_minor,
            currency=case.currency,
            recovered_minor=case.recovered_minor,
            phase=case.phase,
            ask=case.ask,
            family=case.family,
            card=case.card,
            opened_at=case.opened_at,
            closes_at=case.closes_at,
            closed_at=case.closed_at,
            changed_at=held.events[-1].at,
            next=action.action if action else None,
            marks=case.marks,
            held_out=case.held_out,
            needs_you=case.needs_merchant,
        )


def _filters(case: RecoveryCase) -> tuple[CaseFilter, ...]:
    return (case.phase, Needs.YOU) if case.needs_merchant else (case.phase,)
