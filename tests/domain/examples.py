"""One of each event, with every field filled as it would be."""

from domain.decline import DeclineFamily
from domain.recovery import events as e
from tests.builders import ACCOUNT, DAY, HOUR, MONDAY, NEW_VISA, OLD_VISA, declined

ONE_OF_EACH: tuple[e.Event, ...] = (
    e.CaseOpened(
        at=MONDAY,
        account=ACCOUNT,
        invoice_id="in_1",
        customer_id="cus_anna",
        subscription_id="sub_bread",
        amount_minor=29_00,
        currency="eur",
        policy_version=1,
        closes_at=MONDAY + 14 * DAY,
        stripe_retry_at=MONDAY + 3 * DAY,
        number="BREAD-0001",
    ),
    e.RetriesTakenOver(at=MONDAY),
    e.ChargeDeclined(at=MONDAY, failure=declined(), family=DeclineFamily.FUNDS, by=e.Payer.STRIPE),
    e.AttemptDeclined(
        at=MONDAY, number=1, failure=declined(charge="ch_2"), family=DeclineFamily.FUNDS
    ),
    e.AmountChanged(at=MONDAY, amount_minor=19_00),
    e.AttemptPlanned(at=MONDAY, number=1, due_at=MONDAY + 2 * DAY, rule="plan:funds"),
    e.AttemptStarted(at=MONDAY, number=1, amount_minor=29_00, card=OLD_VISA),
    e.AttemptUnclear(at=MONDAY, number=1, check_at=MONDAY + HOUR),
    e.AttemptAbandoned(at=MONDAY, number=1, evidence="no_charge"),
    e.CustomerAsked(at=MONDAY, ask=e.Ask.CARD, rule="needs_new_card"),
    e.ReminderPlanned(at=MONDAY, step=1, due_at=MONDAY + DAY),
    e.ReminderStarted(at=MONDAY, step=1, message_id="1@mail.example.com"),
    e.ReminderSkipped(at=MONDAY, step=2, reason="no_address"),
    e.ReminderFailed(at=MONDAY, step=1, reason="550 no such user"),
    e.CardReplaced(at=MONDAY, card=NEW_VISA),
    e.CaseRecovered(at=MONDAY, amount_minor=29_00, by=e.Payer.CHARGECHASE, attempt=1),
    e.CaseLost(at=MONDAY, reason=e.LossReason.WINDOW_OVER),
    e.CaseStopped(at=MONDAY, reason=e.StopReason.VOIDED),
    e.MoneyCameLate(at=MONDAY, amount_minor=29_00, by=e.Payer.CUSTOMER),
)
