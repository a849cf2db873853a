"""Bugs about the keys of attempts: whose they are, and how old one may be."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import application.charging
from application.change_case import CaseRef, Cases
from application.charging import KEY_LIFE, SENT_FOR, Charging
from application.ports.payments import Outcome, Payments
from domain.recovery.commands import Command
from domain.recovery.events import Event
from tests.simulation.chance import Weather
from tests.simulation.installation import Installation
from tests.simulation.laws import Law
from tests.simulation.plants.plant import Passing, instead


def _by(clock: Callable[[], datetime], right: Cases) -> Cases:
    """Cases that read another clock; what they change is changed by the right one."""

    class Elsewhen(Cases):
        async def change(self, ref: CaseRef, *commands: Command) -> tuple[Event, ...]:
            return await right.change(ref, *commands)

    return Elsewhen(open_uow=right.open_uow, clock=clock)


class KeysForgotten(Installation):
    """The bank charges anew under a key that it has seen."""

    def build(self) -> None:
        self.stripe.forgets_keys = True
        super().build()


class FreshKeys(Installation):
    """Each call of one attempt has a key of its own."""

    def a_way_to_stripe(self) -> Payments:
        class Fresh(Passing):
            calls = 0

            async def pay_invoice(self, account: str, invoice_id: str, **how: Any) -> Outcome:
                self.calls += 1
                how["idempotency_key"] += f".{self.calls}"
                return await self.inner.pay_invoice(account, invoice_id, **how)

        return Fresh(self.network)


class KeyPerInvoice(Installation):
    """All attempts of an invoice share one key."""

    @classmethod
    def patches(cls) -> Any:
        return (instead(application.charging, "attempt_key", lambda case_id, _: f"cc:{case_id}:1"),)


class KeysNeverTooOld(Installation):
    """A key is sent again however old it is."""

    def a_charging(self) -> Charging:
        start = self.schedule.start
        cases = _by(lambda: start, self.cases)
        return Charging(cases=cases, payments=self.payments, count=lambda _: None)


class OwnClock(Installation):
    """A key's age is measured by the worker's own clock, and that may be any."""

    @classmethod
    def weather(cls, drawn: Weather) -> Weather:
        return replace(drawn, jump_s=86_400.0, outages=8)

    def a_charging(self) -> Charging:
        cases = _by(self.machines.own_clock, self.cases)
        return Charging(cases=cases, payments=self.payments, count=lambda _: None)


class ShortLife(Installation):
    """No bug: keys that grow old soon, so that many calls leave just in time. The margin holds."""

    sent_for = timedelta(minutes=10, seconds=10)
    key_life = sent_for + (KEY_LIFE - SENT_FOR)

    @classmethod
    def weather(cls, drawn: Weather) -> Weather:
        return replace(drawn, charge=0.5, pause=0.05)

    @classmethod
    def patches(cls) -> Any:
        return (
            instead(application.charging, "SENT_FOR", cls.sent_for),
            instead(application.charging, "KEY_LIFE", cls.key_life),
        )


class NoMargin(ShortLife):
    """An attempt is given up at the very age until which its key is sent."""

    key_life = ShortLife.sent_for


PLANTS = {
    KeysForgotten: Law.I3,
    FreshKeys: Law.I3,
    KeyPerInvoice: Law.I3,
    KeysNeverTooOld: Law.I4,
    OwnClock: Law.I4,
    NoMargin: Law.I4,
}
