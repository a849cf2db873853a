"""A merchant's own sending domain: what its records must say, and what follows from what they do.

Sources: RFC 6376, 3.6.1 (DKIM keys), RFC 7489, 6.3 and 6.6.3 (DMARC records and where they stand).
"""

import re
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain.records import Looked, NameUnfit, State, found, name_of

LOCAL: Final = re.compile(r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*")
SELECTORS: Final = ("cc1", "cc2")


class AddressUnfit(ValueError):
    """Letters cannot be sent from there."""


class DkimKey(Struct, frozen=True, kw_only=True):
    """The public half of a key, and whether its record was there when we last looked."""

    selector: str
    public_key: str  # DER in base64, as the record has it
    made_at: datetime
    found: bool = False

    @property
    def record(self) -> str:
        """What the record must say."""
        return f"v=DKIM1; k=rsa; p={self.public_key}"


class SendingDomain(Looked, frozen=True, kw_only=True):
    """Where a merchant's letters are to come from. They do while it `stands`."""

    domain: str
    local_part: str
    keys: tuple[DkimKey, ...] = ()  # oldest first
    dkim: State = State.UNSEEN
    dmarc: State = State.UNSEEN

    @property
    def address(self) -> str:
        return f"{self.local_part}@{self.domain}"

    @property
    def newest(self) -> DkimKey:
        """The key whose record is to be set, or is."""
        return self.keys[-1]


class Records(Struct, frozen=True, kw_only=True):
    """What the name servers say; by selector, and of the nearest DMARC record there is."""

    dkim: dict[str, tuple[str, ...]]
    dmarc: tuple[str, ...] = ()


def address_of(text: str) -> tuple[str, str]:
    """Local part and domain, in ASCII and lower case. Raises AddressUnfit."""
    local, at, named = text.strip().lower().rpartition("@")
    if not at or not LOCAL.fullmatch(local) or len(local) > 64:
        raise AddressUnfit("address")
    try:
        return local, name_of(named)
    except NameUnfit:
        raise AddressUnfit("domain") from None


def next_selector(keys: tuple[DkimKey, ...]) -> str:
    """The one that the newest key has not got."""
    return SELECTORS[1] if keys and keys[-1].selector == SELECTORS[0] else SELECTORS[0]


def dmarc_places(domain: str) -> tuple[str, ...]:
    """Where a record for the domain may stand, the nearest first: its own, or a parent's."""
    labels = domain.split(".")
    return tuple(f"_dmarc.{'.'.join(labels[n:])}" for n in range(len(labels) - 1))


def judged(it: SendingDomain, records: Records, now: datetime) -> SendingDomain:
    """The domain with what was found."""
    keys = tuple(
        replace(key, found=_says(records.dkim.get(key.selector, ()), key) is State.RIGHT)
        for key in it.keys
    )
    states = [_says(records.dkim.get(key.selector, ()), key) for key in it.keys]
    dkim = next((state for state in (State.RIGHT, State.WRONG) if state in states), State.MISSING)
    dmarc = dmarc_state(records.dmarc)
    is_right = dkim is State.RIGHT and dmarc is State.RIGHT
    return found(replace(it, keys=keys, dkim=dkim, dmarc=dmarc), is_right=is_right, now=now)


def dmarc_state(texts: tuple[str, ...]) -> State:
    """Two records are as bad as none."""
    records = [tags for text in texts if (tags := _tags(text)).get("v") == "DMARC1"]
    if not records:
        return State.MISSING
    policy = records[0].get("p", "").lower()
    is_right = len(records) == 1 and policy in ("none", "quarantine", "reject")
    return State.RIGHT if is_right else State.WRONG


def _says(texts: tuple[str, ...], key: DkimKey) -> State:
    """A record in test mode (`t=y`) is treated by receivers as if there were none."""
    records = [tags for text in texts if "p" in (tags := _tags(text))]
    if not records:
        return State.MISSING
    tags = records[0]
    is_right = (
        len(records) == 1
        and tags.get("v", "DKIM1") == "DKIM1"
        and tags.get("k", "rsa") == "rsa"
        and "".join(tags["p"].split()) == key.public_key
        and "y" not in tags.get("t", "").split(":")
    )
    return State.RIGHT if is_right else State.WRONG


def _tags(text: str) -> dict[str, str]:
    """`v=DKIM1; p=…` as a table; what is no tag is passed over."""
    parts = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, equals, value in parts if equals}
