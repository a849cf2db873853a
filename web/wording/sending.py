"""What the page about the sender of letters says."""

from typing import Final

TROUBLES: Final = {
    "address": (
        "Nothing was changed.",
        "An address looks like billing@your-shop.com, in plain letters before the @.",
    ),
    "domain": ("Nothing was changed.", "That is not a domain that records can be set for."),
    "sealed": (
        "Nothing was changed.",
        "This installation has no secret key to keep a signing key with; ask whoever runs it.",
    ),
}
DKIM_FOR: Final = "Signs your letters (DKIM)"
NEXT_DKIM_FOR: Final = "The new key (DKIM)"
DMARC_FOR: Final = "Says what becomes of forgeries (DMARC)"
DMARC_VALUE: Final = "v=DMARC1; p=none"
DMARC_ANY: Final = "A record that you have already will do, whatever its policy."


def lost_since(domain: str, sender: str, day: str) -> str:
    """Letters do not go out from the domain any more."""
    return (
        f"Since {day} the records of {domain} are not as they must be. Letters go on, from "
        f"{sender} in your name; they come from your domain again as soon as the records are back."
    )


def went(count: int) -> str:
    """Letters of the last hour."""
    return f"{count:,} letter{'' if count == 1 else 's'}"


def came_back(dead: int, complained: int) -> str:
    """What became of some."""
    if not dead and not complained:
        return "None"
    told = (
        f"{dead} to nobody" if dead else "",
        f"{complained} called spam" if complained else "",
    )
    return ", ".join(filter(None, told))
