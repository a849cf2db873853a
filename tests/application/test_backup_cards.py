"""The customer's word on another card: given on their page, used once, taken back in time."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.memory.payments import Charge
from application.ports.payments import StripeUnavailable
from application.use_cases.backup_cards import BackupCards, BackupOffer, choice_of
from domain.decline import DeclineFamily
from domain.invoice import Card
from domain.policy import FixedWaits, Plan
from domain.recovery import events as e
from tests.application.bakery import Bakery
from tests.builders import DAY, HOUR, OLD_VISA, a_policy, declined

BACKUP = Card(payment_method="pm_backup", fingerprint="fp_backup", brand="mastercard", last4="4444")
EXPIRED = replace(BACKUP, payment_method="pm_gone", fingerprint="fp_gone", expires="2025-01")
TWIN = replace(OLD_VISA, payment_method="pm_twin")
POLICY = a_policy(
    use_backup=True,
    plans={
        DeclineFamily.FUNDS: Plan(retries=FixedWaits(waits=(2 * DAY,))),
        DeclineFamily.NEVER: Plan(),
    },
)
WORDING = "backup/1/de"


class Counter(Bakery):
    """A bakery whose customer has another card, and their page."""

    def __init__(self, policy: Any = POLICY) -> None:
        super().__init__(policy)
        self.payments.wallets["cus_anna"] = (OLD_VISA, TWIN, EXPIRED, BACKUP)
        self.payments.cards["pm_backup"] = BACKUP
        self.page = BackupCards(cases=self.cases, payments=self.payments)

    async def agrees(self) -> bool:
        return await self.page.agree(self.ref, choice_of(BACKUP), WORDING)

    def charged(self) -> list[Charge]:
        return self.payments.charges


async def stolen(policy: Any = POLICY) -> Counter:
    """The card on file was stolen: it is the customer's turn."""
    counter = Counter(policy)
    await counter.opens(last_failure=declined("stolen_card", "ch_theirs"))
    return counter


async def test_cards_with_other_numbers_that_have_not_expired_are_offered() -> None:
    counter = await stolen()
    assert await counter.page.offer(counter.ref) == BackupOffer(offered=(BACKUP,))
    counter.payments.is_down = True
    assert await counter.page.offer(counter.ref) == BackupOffer()


async def test_where_the_policy_uses_none_none_is_offered_nor_taken() -> None:
    counter = await stolen(replace(POLICY, use_backup=False))
    assert await counter.page.offer(counter.ref) == BackupOffer()
    assert not await counter.agrees()
    assert not counter.world.consents


async def test_who_agrees_while_it_is_their_turn_is_charged_on_that_card_once() -> None:
    counter = await stolen()
    assert await counter.agrees()
    (held,) = counter.world.consents.values()
    assert (held.consent.card, held.consent.wording) == (BACKUP, WORDING)
    await counter.runs_until(counter.now + 2 * DAY)
    (charge,) = counter.charged()
    assert charge.paid
    started = [event for event in counter.history() if isinstance(event, e.AttemptStarted)]
    assert [event.card for event in started] == [BACKUP]
    assert counter.case().phase.value == "recovered"
    shown = await counter.shown()
    assert shown.card == OLD_VISA  # no slot was changed


async def test_a_word_given_early_waits_until_the_card_on_file_has_no_more_chance() -> None:
    counter = Counter()
    await counter.opens()
    assert await counter.agrees()
    assert await counter.page.offer(counter.ref) == BackupOffer(agreed=BACKUP)
    counter.payments.will_decline("in_1")
    await counter.runs_until(counter.now + 6 * DAY)
    started = [event for event in counter.history() if isinstance(event, e.AttemptStarted)]
    assert [event.card for event in started] == [OLD_VISA, BACKUP]
    assert counter.case().phase.value == "recovered"


async def test_a_word_that_is_taken_back_before_the_charge_is_no_word() -> None:
    counter = await stolen()
    await counter.agrees()
    await counter.page.withdraw(counter.ref)
    await counter.runs_until(counter.now + 3 * DAY)
    assert counter.charged() == []
    asked = [event for event in counter.history() if isinstance(event, e.CustomerAsked)]
    assert asked[-1].rule == "backup_gone"
    log = [entry.action for entry in counter.world.audit.values()]
    assert "agree_to_backup" in log
    assert "withdraw_backup" in log


async def test_a_card_that_is_theirs_no_more_is_not_charged() -> None:
    counter = await stolen()
    await counter.agrees()
    counter.payments.wallets["cus_anna"] = (OLD_VISA,)
    await counter.runs_until(counter.now + 3 * DAY)
    assert counter.charged() == []


@pytest.mark.parametrize("choice", ["", "pm_backup", choice_of(TWIN), choice_of(EXPIRED)])
async def test_what_was_not_offered_cannot_be_agreed_to(choice: str) -> None:
    counter = await stolen()
    assert not await counter.page.agree(counter.ref, choice, WORDING)
    assert not counter.world.consents


async def test_while_stripe_is_away_nothing_is_agreed_to() -> None:
    counter = await stolen()
    counter.payments.is_down = True
    with pytest.raises(StripeUnavailable):
        await counter.agrees()
    assert not counter.world.consents


async def test_a_backup_that_was_refused_is_neither_charged_again_nor_offered() -> None:
    counter = await stolen()
    await counter.agrees()
    counter.payments.will_decline("in_1")
    await counter.runs_until(counter.now + 13 * DAY)
    assert len(counter.charged()) == 1
    assert await counter.page.offer(counter.ref) == BackupOffer()


happenings = st.sampled_from(["agrees", "withdraws", "detaches", "attaches", "declines", "waits"])


@settings(max_examples=120, deadline=None)
@given(
    code=st.sampled_from(["stolen_card", "insufficient_funds"]),
    story=st.lists(st.tuples(happenings, st.integers(1, 40)), max_size=12),
)
async def test_nothing_is_ever_charged_but_the_card_on_file_and_what_they_agreed_to(
    code: str, story: list[tuple[str, int]]
) -> None:
    """Whatever happens in whatever order; and the backup is refused once at most."""
    counter = Counter()
    await counter.opens(last_failure=declined(code, "ch_theirs"))
    agreed: list[bool] = []
    pay = counter.payments.pay_invoice

    async def watched(*where: Any, payment_method: str | None = None, **more: Any) -> Any:
        standing = any(held.withdrawn_at is None for held in counter.world.consents.values())
        assert payment_method == "pm_old" or (payment_method == "pm_backup" and standing)
        agreed.append(payment_method == "pm_backup")
        return await pay(*where, payment_method=payment_method, **more)

    counter.payments.pay_invoice = watched  # type: ignore[method-assign]
    for what, hours in story:
        match what:
            case "agrees":
                await counter.agrees()
            case "withdraws":
                await counter.page.withdraw(counter.ref)
            case "detaches":
                counter.payments.wallets["cus_anna"] = (OLD_VISA,)
            case "attaches":
                counter.payments.wallets["cus_anna"] = (OLD_VISA, BACKUP)
            case "declines":
                counter.payments.will_decline("in_1")
        await counter.runs_until(counter.now + hours * HOUR)
    assert sum(agreed) <= 1
