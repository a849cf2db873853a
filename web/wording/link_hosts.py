"""What the page about the address of customers' links says."""

from typing import Final

TROUBLES: Final = {
    "name": (
        "Nothing was changed.",
        "A host name looks like pay.your-shop.com, without https:// and without a path.",
    ),
    "ours": ("Nothing was changed.", "That is the name of this installation itself."),
}
PROVES: Final = "Says that the name is yours"
LEADS: Final = "Leads your customers here"
LEADS_NOTE: Final = (
    "Whoever runs this installation must also let it answer to the name, with a certificate. "
    "Where that does not happen by itself, send them the name."
)
ELSEWHERE: Final = "Something else answers there"
WAITS: Final = "Asked once the other record is there"


def lost_since(host: str, own: str, day: str) -> str:
    """New links do not lead to the host any more."""
    return (
        f"Since {day} {host} has not been as it must be. New links lead to {own}; they lead to "
        f"your own address again as soon as it is. Links that were sent stay good while the name "
        f"leads here."
    )


def taken(host: str) -> str:
    """Another merchant's links lead there."""
    return f"The links of another account lead to {host} already. It must be given up there first."
