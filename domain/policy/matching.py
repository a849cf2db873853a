"""Whether a case belongs to a segment."""

from datetime import datetime

from domain.invoice import Profile
from domain.policy.shapes import Match


def belongs(
    when: Match, profile: Profile, amount_minor: int, currency: str, at: datetime | None
) -> bool:
    """Whether all holds that `when` asks for; what is not known does not hold."""
    return (
        (not when.currencies or currency.lower() in when.currencies)
        and (not when.countries or profile.country in when.countries)
        and (not when.intervals or profile.interval in when.intervals)
        and (not when.prices or profile.price in when.prices)
        and (not when.collections or profile.collection in when.collections)
        and (when.at_least_minor is None or amount_minor >= when.at_least_minor)
        and (when.below_minor is None or amount_minor < when.below_minor)
        and _tenure_fits(when, profile, at)
    )


def _tenure_fits(when: Match, profile: Profile, at: datetime | None) -> bool:
    if when.tenure_at_least is None and when.tenure_below is None:
        return True
    if profile.subscribed_at is None or at is None:
        return False
    tenure = at - profile.subscribed_at
    return (when.tenure_at_least is None or tenure >= when.tenure_at_least) and (
        when.tenure_below is None or tenure < when.tenure_below
    )
