"""Why a merchant who went to Stripe to agree came back without being connected."""

from typing import Final

from domain.policy import EndAction
from web.wording.ends import TO_DO

NOT_AGREED: Final = {
    "agreement_stale": (
        "This way back from Stripe is not valid any more.",
        "It is good once, for ten minutes, and in the browser that you left with. Begin again.",
    ),
    "agreement_denied": ("You did not agree in Stripe.", "Nothing was connected."),
    "agreement_code": (
        "Stripe did not confirm the agreement.",
        "It may have taken too long. Nothing was connected; begin again.",
    ),
    "agreement_setup": (
        "This installation is not set up for agreements.",
        "Its operator must look at the Connect settings. You can connect with a key instead.",
    ),
    "agreement_refused": (
        "Stripe refused the agreement.",
        "Nothing was connected. You can connect with a key instead.",
    ),
    "agreement_read_only": (
        "You agreed to reading alone.",
        "Charging a failed payment again takes writing, too. Nothing was connected; begin again.",
    ),
    "agreement_wrong_mode": (
        "This account agreed in the other mode.",
        "Test and live are kept apart. Nothing was connected.",
    ),
}
"""What went wrong, and what to do about it."""


def not_allowed(denied: tuple[str, ...]) -> tuple[str, ...]:
    """What Stripe said that it will not let us do, in the words of the case page."""
    return tuple(TO_DO[EndAction(name)] for name in denied)
