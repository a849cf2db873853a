"""What somebody typed as their mobile number, as one number of the world."""

from typing import Final

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberType,
    format_number,
    is_valid_number,
    number_type,
    parse,
)

LONGEST: Final = 40  # as people write it, with spaces and brackets
# Of some countries nobody can tell a mobile from another line by its number.
MOBILE: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


def read_mobile(typed: str, country: str | None) -> str | None:
    """As E.164; a number without its country's code is taken for one of `country`. None for what is
    no number, or none that a text reaches."""
    if len(typed) > LONGEST:
        return None
    try:
        number = parse(typed, country)
    except NumberParseException:
        return None
    if number.extension or not is_valid_number(number) or number_type(number) not in MOBILE:
        return None
    return str(format_number(number, PhoneNumberFormat.E164))
