"""Refusals get a word of ours: those that say nothing of the object asked for, but of who asks,
and those about the object that Stripe has a code for.

Stripe has codes for some of them; the rest only words, which are looked for in its message. The
exact words are to be checked on a real account (docs/stripe.md).
"""

from typing import Final

from adapters.stripe.documents import PaymentError

KEY_REVOKED: Final = "key_revoked"
PERMISSION_MISSING: Final = "permission_missing"
DEAUTHORISED: Final = "deauthorised"
WRONG_MODE: Final = "wrong_mode"
_BY_CODE: Final = {
    "account_invalid": DEAUTHORISED,
    "api_key_expired": KEY_REVOKED,
    "platform_api_key_expired": KEY_REVOKED,
    "livemode_mismatch": WRONG_MODE,
    "testmode_charges_only": WRONG_MODE,
}
# Of the object asked for: what Stripe's codes mean in our words.
_MEANING: Final = {"payment_intent_unexpected_state": "processing", "missing": "no_card"}
# In this order: an account that one has no access to is spoken of as a permission, too.
_BY_WORDS: Final = (
    ("a similar object exists in", WRONG_MODE),
    ("application access may have been revoked", DEAUTHORISED),
    ("does not have access to account", DEAUTHORISED),
    ("does not have the required permissions", PERMISSION_MISSING),
    ("required permission", PERMISSION_MISSING),
    ("was not created by your", PERMISSION_MISSING),
    ("did not create", PERMISSION_MISSING),
)


def word_for(error: PaymentError) -> str:
    """A refusal about the object asked for: a word of ours if there is one, else Stripe's code."""
    code = error.code or error.type or "refused"
    return _MEANING.get(code, code)


def refused_with(trouble: Exception) -> str | None:
    """Why whoever asked was refused, read from one of stripe's exceptions; None for any other."""
    status = getattr(trouble, "http_status", None)
    said = getattr(trouble, "json_body", None)
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(status, int) or not isinstance(error, dict):
        return None
    return not_allowed(status, PaymentError(code=error.get("code"), message=error.get("message")))


def not_allowed(status: int, error: PaymentError) -> str | None:
    """Why whoever asks is refused, whatever is asked; None if the refusal is about the object."""
    if status not in (400, 401, 403, 404):
        return None
    known = _BY_CODE.get(error.code or "")
    if known is not None:
        return known
    said = (error.message or "").lower()
    for words, reason in _BY_WORDS:
        if words in said:
            return reason
    return {401: KEY_REVOKED, 403: PERMISSION_MISSING}.get(status)
