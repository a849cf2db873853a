"""The policy itself: what a case asks of it. Shapes are in `shapes`, rules in `faults`."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import accumulate
from typing import Final

from msgspec import Struct

from domain.decline import DeclineFamily
from domain.invoice import Profile
from domain.policy.bounds import PolicyInvalid
from domain.policy.faults import faults_of
from domain.policy.matching import belongs
from domain.policy.shapes import (
    Arm,
    Channel,
    ContactBudget,
    Economics,
    EndAction,
    Plans,
    Rules,
    Segment,
    StripeRetries,
)

# A draw is eight bytes of a digest: a whole number in [0, DRAWS).
DRAWS: Final = 1 << 64


class Assignment(Struct, frozen=True):
    """Where chance has put a person, for as long as the policy's name stays."""

    arm: str | None
    held_out: bool


class Policy(Struct, frozen=True, kw_only=True):
    """A merchant's rules, one immutable version. A case keeps the version it was opened with.

    Raises PolicyInvalid, with all that is wrong, for one that breaks rules of its own.
    """

    version: int
    name: str
    plans: Plans
    window: timedelta  # from the first decline to the end of the case
    timezone: str  # IANA name; whose hours count where the customer's zone is not known
    charge_hour: int  # local hour at which fixed and pay-day charges run
    first_mail_hour: int  # messages go out from this local hour on ...
    last_mail_hour: int  # ... and before this one
    contacts: ContactBudget
    card_month_limit: int  # declines of one card and amount in 30 days
    brand_month_limits: Mapping[str, int] = {}  # the same, stricter for cards of a brand
    card_day_limit: int  # declines of one card in 24 hours
    stripe_retries: StripeRetries
    economics: Economics
    end: EndAction = EndAction.KEEP
    confirm_end: bool = True  # an end that nothing brings back waits for the merchant's word
    segments: tuple[Segment, ...] = ()
    arms: tuple[Arm, ...] = ()
    hold_out_percent: int = 0
    receipt: bool = False  # whoever was written to is thanked when it is paid
    use_backup: bool = False  # charge another card of theirs, where they have agreed to it
    expiry_notice: timedelta = timedelta()  # before a renewal that finds the card expired; 0: none
    most_texts: int = 1  # text messages in one case, whatever its campaigns ask for
    first_text_hour: int = 9  # they keep to the hours for messages, and to these as well
    last_text_hour: int = 20
    families: Mapping[str, DeclineFamily] = {}  # decline codes that this merchant sorts otherwise

    def __post_init__(self) -> None:
        faults = tuple(faults_of(self))
        if faults:
            raise PolicyInvalid(faults)

    def hours_for(self, channel: Channel) -> tuple[int, int]:
        """The local hours from and before which a message may go: those for texts are stricter."""
        if channel is Channel.SMS:
            first = max(self.first_mail_hour, self.first_text_hour)
            return first, min(self.last_mail_hour, self.last_text_hour)
        return self.first_mail_hour, self.last_mail_hour

    def month_limit(self, brand: str | None) -> int:
        """Declines of one card and amount in 30 days, of a card of this brand."""
        limit = self.card_month_limit
        return min(limit, self.brand_month_limits.get(brand or "", limit))

    def segment_of(
        self,
        profile: Profile | None,
        amount_minor: int,
        currency: str,
        at: datetime | None = None,
    ) -> str | None:
        """The first segment that a case belongs to; None if it is treated like most.

        `at` is when the case opened: what a segment asks of tenure is counted to it. What nobody
        knows (no profile, no `at`) matches no segment that asks for it.
        """
        facts = profile or Profile(collection="")
        for segment in self.segments:
            if belongs(segment.when, facts, amount_minor, currency, at):
                return segment.name
        return None

    def rules(self, segment: str | None, arm: str | None) -> Rules:
        """What holds for a case of this segment and arm: base, then segment's, then arm's.

        Plans are taken family by family. A name that the policy does not know changes nothing.
        """
        plans, window = self.plans, self.window
        named: tuple[Segment | Arm | None, ...] = (
            next((one for one in self.segments if one.name == segment), None),
            next((one for one in self.arms if one.name == arm), None),
        )
        for one in named:
            if one is not None:
                plans = {**plans, **one.plans}
                window = one.window or window
        return Rules(plans=plans, window=window)

    def assign(self, person: str) -> Assignment:
        """Where `person` (any stable key) falls: the same at every call, random across people.

        Drawn from the policy's name and the person, not from the version: an edit does not
        reshuffle people, a new name does. The hold-out comes first and has a draw of its own, so a
        change of its share, or of the arms' weights, moves only people at a boundary.
        """
        digest = sha256(f"{len(self.name)}:{self.name}{person}".encode()).digest()
        if int.from_bytes(digest[:8]) * 100 < self.hold_out_percent * DRAWS:
            return Assignment(arm=None, held_out=True)
        return Assignment(arm=self._arm_at(int.from_bytes(digest[8:16])), held_out=False)

    def _arm_at(self, draw: int) -> str | None:
        borders = list(accumulate(arm.weight for arm in self.arms))
        for arm, border in zip(self.arms, borders, strict=True):
            if draw * borders[-1] < border * DRAWS:
                return arm.name
        return None
