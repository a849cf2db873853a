"""The places of the merchant's app. Here alone stands where one can go: the rail, the page of
settings and the mark on the page that is open are all made from these lists."""

from typing import Final, Self

from msgspec import Struct

from domain.access import Permission, may
from web.parts import WebParts


class Place(Struct, frozen=True, kw_only=True):
    """Somewhere to go."""

    url: str
    name: str
    icon: str = ""
    about: str = ""  # what is found there, on the page of settings
    needs: Permission = Permission.SEE_CASES


class Group(Struct, frozen=True):
    """Settings that belong together."""

    name: str
    places: tuple[Place, ...]


TASKS: Final = Place(url="/tasks", name="Tasks", icon="tasks")
DAILY: Final = (
    Place(url="/cases", name="Cases", icon="cases"),
    TASKS,
    Place(url="/tasks/at-risk", name="People at risk", icon="person"),
)
HOME: Final = Place(url="/settings", name="Settings", icon="settings")
STRIPE: Final = Place(
    url="/settings/stripe",
    name="Stripe",
    about="The account whose failed payments we chase.",
)
SENDING: Final = Place(
    url="/settings/sending", name="Sending", about="The address that letters come from."
)
SETTINGS: Final = (
    Group(
        "Customers",
        (
            Place(
                url="/settings/letters",
                name="Letters",
                about="What customers read, in nine languages. Every letter can be yours.",
            ),
            Place(
                url="/settings/brand",
                name="Brand",
                about="Your logo, colour and name in letters and on the customer\u2019s page.",
            ),
            SENDING,
            Place(
                url="/settings/links",
                name="Link address",
                about="Where the links in messages lead: to us, or to a host of yours.",
            ),
        ),
    ),
    Group(
        "Connections",
        (
            STRIPE,
            Place(
                url="/settings/in-your-app",
                name="In your app",
                about="What your own app shows while a payment is open.",
                needs=Permission.HOLD_SECRETS,
            ),
            Place(
                url="/settings/api-keys",
                name="API keys",
                about="With one, your backend asks how a customer stands.",
                needs=Permission.HOLD_SECRETS,
            ),
        ),
    ),
    Group(
        "Team",
        (
            Place(
                url="/settings/tasks",
                name="Task rules",
                about="What becomes a task, until when it is due, and who hears of it.",
            ),
        ),
    ),
)


class Guide(Struct, frozen=True):
    """What somebody sees of the places, from the page that they are on."""

    path: str
    daily: tuple[Place, ...]
    settings: tuple[Group, ...]
    home: Place = HOME
    tasks: Place = TASKS
    stripe: Place = STRIPE
    sending: Place = SENDING

    @classmethod
    def for_(cls, role: str, path: str, absent: frozenset[str]) -> Self:
        """`absent`: addresses that this installation does not have."""

        def seen(place: Place) -> bool:
            return place.url not in absent and may(role, place.needs)

        groups = (Group(each.name, tuple(filter(seen, each.places))) for each in SETTINGS)
        return cls(path, DAILY, tuple(each for each in groups if each.places))

    @property
    def in_settings(self) -> bool:
        """Whether this is a page of settings, their own included."""
        return _within(self.path, HOME)

    def opens(self, url: str) -> bool:
        """Whether that page of settings is one of theirs."""
        return any(place.url == url for group in self.settings for place in group.places)

    def mark(self, place: Place) -> str:
        """For `aria-current`: "page" for this very page, "true" where it belongs to, else empty."""
        if self.path == place.url:
            return "page"
        known = (*self.daily, *(each for group in self.settings for each in group.places))
        around = [each for each in known if _within(self.path, each)]
        nearest = max(around, key=lambda each: len(each.url), default=None)
        return "true" if place is nearest or (place is HOME and self.in_settings) else ""


def absent_from(parts: WebParts) -> frozenset[str]:
    """Addresses of places that this installation does not have."""
    missing = {STRIPE: parts.stripe_desk is None, SENDING: parts.sending_desk is None}
    return frozenset(place.url for place, is_missing in missing.items() if is_missing)


def _within(path: str, place: Place) -> bool:
    return path == place.url or path.startswith(f"{place.url}/")
