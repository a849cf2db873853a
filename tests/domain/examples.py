"""One of each event, with every field filled as it would be."""

from domain.decline import DeclineFamily
from domain.invoice import Profile
from domain.network import Budget
from domain.policy import Channel, EndAction, StripeRetries, Template
from domain.recovery import events as e
from domain.recovery.why import Rejected, Why
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
        profile=Profile(country="DE", timezone="Europe/Berlin", interval="month"),
        timezone="Europe/Berlin",
        segment="yearly",
        arm="patient",
        held_out=False,
        stripe_retries=StripeRetries.TAKE_OVER,
        outstanding=True,
        due_at=MONDAY + DAY,
        attempt_count=1,
    ),
    e.RetriesTakenOver(at=MONDAY),
    e.StripeCounted(at=MONDAY, attempt_count=2),
    e.ChargeDeclined(at=MONDAY, failure=declined(), family=DeclineFamily.FUNDS, by=e.Payer.STRIPE),
    e.AttemptDeclined(
        at=MONDAY, number=1, failure=declined(charge="ch_2"), family=DeclineFamily.FUNDS
    ),
    e.AmountChanged(at=MONDAY, amount_minor=19_00, paid_minor=10_00),
    e.AttemptPlanned(
        at=MONDAY,
        number=1,
        due_at=MONDAY + 2 * DAY,
        rule="plan:funds",
        later_percent=61,
        why=Why(
            inputs={"family": "funds", "retries_on_card": 0},
            evidence=(("days since a pay day", "0 to 1", 310, 121),),
            rejected=(Rejected(what="charge", rule="less_likely", at=MONDAY + DAY, percent=31),),
            budget=Budget(used=1, allowed=8, network=20, frees_at=MONDAY + 30 * DAY),
            percent=39,
        ),
    ),
    e.AttemptStarted(at=MONDAY, number=1, amount_minor=29_00, card=OLD_VISA, month_tries=1),
    e.AttemptUnclear(at=MONDAY, number=1, check_at=MONDAY + HOUR),
    e.AttemptAbandoned(at=MONDAY, number=1, evidence="no_charge"),
    e.CustomerAsked(at=MONDAY, ask=e.Ask.CARD, rule="needs_new_card"),
    e.ReminderPlanned(
        at=MONDAY,
        step=1,
        due_at=MONDAY + DAY,
        template=Template.UPDATE_CARD,
        channel=Channel.SMS,
        why=Why(inputs={"template": "update_card", "since": "opened"}),
    ),
    e.ReminderStarted(at=MONDAY, step=1, message_id="1@mail.example.com", channel=Channel.SMS),
    e.ReminderSkipped(at=MONDAY, step=2, reason="no_address", why=Why(inputs={"brings_cents": 3})),
    e.ReminderFailed(at=MONDAY, step=1, reason="550 no such user"),
    e.CardReplaced(at=MONDAY, card=NEW_VISA, by=e.CardSource.NETWORK),
    e.DatePicked(at=MONDAY, charge_at=MONDAY + 2 * DAY),
    e.PaymentPromised(at=MONDAY, until=MONDAY + 2 * DAY),
    e.CasePaused(at=MONDAY, by=e.Pauser.MERCHANT, until=MONDAY + 2 * DAY),
    e.CaseResumed(at=MONDAY, by=e.Pauser.SCHEDULE),
    e.CaseRecovered(at=MONDAY, amount_minor=29_00, by=e.Payer.CHARGECHASE, attempt=1),
    e.CaseLost(at=MONDAY, reason=e.LossReason.WINDOW_OVER, then=EndAction.CANCEL_SUBSCRIPTION),
    e.CaseStopped(at=MONDAY, reason=e.StopReason.VOIDED),
    e.MoneyCameLate(at=MONDAY, amount_minor=29_00, by=e.Payer.CUSTOMER),
    e.EndActionDone(at=MONDAY, result=e.EndResult.DONE),
    e.EndConfirmed(at=MONDAY),
    e.EndActionUndone(at=MONDAY, in_stripe=False),
    e.MoneyReturned(at=MONDAY, amount_minor=29_00, reason=e.Return.DISPUTE),
    e.MoneyReinstated(at=MONDAY, amount_minor=29_00),
    e.MoneyOverpaid(at=MONDAY, amount_minor=29_00),
)
