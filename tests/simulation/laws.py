"""The laws that every history is held to, by number. Where each is judged stands in `watch.py`."""

from enum import StrEnum


class Law(StrEnum):
    """What must hold at every step (I1 to I14, I17 to I25), and what at the end (I15, I16)."""

    I1 = "I1"  # one charge of an invoice on its way at most
    I2 = "I2"  # never more is taken than is due, and once
    I3 = "I3"  # each charge has its committed attempt; one key, one request
    I4 = "I4"  # an unknown outcome is resolved by evidence; no key is sent after its day
    I5 = "I5"  # a card's refusals stay within its network's month and day, Stripe's included
    I6 = "I6"  # a card that said never is not charged again
    I7 = "I7"  # nothing is charged and nobody is written to after the end
    I8 = "I8"  # an end is an end; no step but those of the published table
    I9 = "I9"  # our sums are the bank's; a case's currency never changes
    I10 = "I10"  # a payment belongs to one case, and not to one that opened after it
    I11 = "I11"  # what was acknowledged is kept, handled once, and has its effect
    I12 = "I12"  # order, delay and repetition of the news change nothing in the end
    I13 = "I13"  # a step is one letter; nobody hears from us more often than their budget
    I14 = "I14"  # letters keep to local hours, over changes of the clock too
    I15 = "I15"  # an open case has exactly one next action, within its horizon
    I16 = "I16"  # every case ends
    I17 = "I17"  # no row and no call crosses merchants
    I18 = "I18"  # a change has one audit row, and no audit row is without its change
    I19 = "I19"  # roles: judged by tests of the web, not here
    I20 = "I20"  # a decision is made of its inputs alone
    I21 = "I21"  # an effect has its committed intent, and each intent comes to an end
    I22 = "I22"  # told twice is told once
    I23 = "I23"  # who is paused is neither charged nor written to
    I24 = "I24"  # a case keeps the policy that it was opened with
    I25 = "I25"  # no name and no address where they do not belong
