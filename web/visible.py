"""Texts of other people's without what nobody sees in them."""

import re
from typing import Any, Final

# Control characters but tab and line ends; marks, overrides and isolates of direction; separators
# and joiners of no width but those that emoji and Persian are written with; tags; half letters.
INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(value: Any) -> Any:
    """A text as it may stand on a page: a name must not turn the rest of its line round, nor look
    like another name. What is no text, or HTML that is ready, stays as it is."""
    if type(value) is not str or value.isprintable():
        return value
    return INVISIBLE.sub("", value)
