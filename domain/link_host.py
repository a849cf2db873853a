"""A merchant's own host name for the links in its messages: what shows that it may be used.

A record that only the domain's owner can set names the merchant, and the host itself leads to this
installation, by a certificate that holds: a link that a customer cannot open is worse than none.
"""

from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain.records import Looked, NameUnfit, State, found, name_of

PREFIX: Final = "chargechase="


class HostUnfit(ValueError):
    """No links can lead there."""


class LinkHost(Looked, frozen=True, kw_only=True):
    """Where a merchant's links are to lead. They do while it `stands`."""

    host: str  # "pay.shop.example"
    proof: str  # what its record must hold; random
    record: State = State.UNSEEN
    page: State = State.UNSEEN  # what answers there
    taken: bool = False  # another merchant's links lead there

    @property
    def record_name(self) -> str:
        return f"_chargechase.{self.host}"

    @property
    def record_value(self) -> str:
        return f"{PREFIX}{self.proof}"


class Found(Struct, frozen=True, kw_only=True):
    """What was found: the texts of the record's name, and whether the host is ours (None: nothing
    answers)."""

    texts: tuple[str, ...] = ()
    is_ours: bool | None = None


def host_of(text: str, own: str) -> str:
    """The host in ASCII and lower case. `own` is the installation's: neither it nor what it is a
    part of can be a merchant's. Raises HostUnfit."""
    try:
        host = name_of(text)
    except NameUnfit:
        raise HostUnfit("name") from None
    if host == own or own.endswith(f".{host}"):
        raise HostUnfit("ours")
    return host


def judged(it: LinkHost, what: Found, now: datetime) -> LinkHost:
    """The host with what was found."""
    told = [text.strip() for text in what.texts if text.strip().startswith(PREFIX)]
    record = State.MISSING
    if told:
        record = State.RIGHT if it.record_value in told else State.WRONG
    page = State.MISSING
    if what.is_ours is not None:
        page = State.RIGHT if what.is_ours else State.WRONG
    is_right = record is State.RIGHT and page is State.RIGHT
    return found(replace(it, record=record, page=page, taken=False), is_right=is_right, now=now)


def taken(before: LinkHost, after: LinkHost) -> LinkHost:
    """All is as it should be, and another merchant's links lead there already."""
    return replace(after, verified_at=before.verified_at, lost_at=before.lost_at, taken=True)
