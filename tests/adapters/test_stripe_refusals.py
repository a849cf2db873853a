"""Why whoever asks is refused: told by Stripe's code, else by its words, else by the status."""

import pytest

from adapters.stripe.documents import PaymentError
from adapters.stripe.refusals import not_allowed
from web.reasons import WHY_NOT

CASES = [
    (401, PaymentError(message="Invalid API Key provided: sk_live_***"), "key_revoked"),
    (401, PaymentError(code="api_key_expired"), "key_revoked"),
    (401, PaymentError(code="platform_api_key_expired"), "key_revoked"),
    (403, PaymentError(), "permission_missing"),
    (
        403,
        PaymentError(message="The provided key does not have the required permissions for this."),
        "permission_missing",
    ),
    (400, PaymentError(message="You cannot cancel what you did not create."), "permission_missing"),
    (
        403,
        PaymentError(message="It does not have access to account 'acct_1' (or it is gone)."),
        "deauthorised",
    ),
    (403, PaymentError(message="Application access may have been revoked."), "deauthorised"),
    (400, PaymentError(code="account_invalid"), "deauthorised"),
    (
        404,
        PaymentError(
            code="resource_missing",
            message="No such invoice: 'in_1'; a similar object exists in live mode, but a test "
            "mode key was used to make this request.",
        ),
        "wrong_mode",
    ),
    (400, PaymentError(code="livemode_mismatch"), "wrong_mode"),
    (404, PaymentError(code="resource_missing", message="No such invoice: 'in_1'"), None),
    (400, PaymentError(message="Invoice is already paid"), None),
    (402, PaymentError(code="card_declined"), None),
    (500, PaymentError(message="did not create"), None),
]


@pytest.mark.parametrize(("status", "error", "reason"), CASES)
def test_each_kind_of_refusal_is_told_from_the_others(
    status: int, error: PaymentError, reason: str | None
) -> None:
    assert not_allowed(status, error) == reason


def test_every_reason_has_a_sentence() -> None:
    assert {reason for *_, reason in CASES if reason} <= set(WHY_NOT)
