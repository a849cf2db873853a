"""What Stripe says when it refuses: one exception that carries the status and the error body."""

from typing import Any, Final

DOC_URL: Final = "https://stripe.com/docs/error-codes/"


class StripeError(Exception):
    """A refusal with Stripe's HTTP status; `stored` tells whether an idempotency key keeps it."""

    def __init__(self, status: int, kind: str, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.stored = bool(fields.pop("stored", False))
        self.fields: dict[str, Any] = {"type": kind, "message": message, **fields}

    def body(self, request_id: str) -> dict[str, Any]:
        """The error object as the API answers it."""
        error = {k: v for k, v in self.fields.items() if v is not None}
        if "code" in error:
            error.setdefault("doc_url", doc_url(str(error["code"])))
        error["request_log_url"] = (
            f"https://dashboard.stripe.com/test/workbench/logs?object={request_id}"
        )
        return {"error": error}


def doc_url(code: str) -> str:
    """Where Stripe explains an error code."""
    return DOC_URL + code.replace("_", "-")


def invalid(message: str, code: str | None = None, param: str | None = None) -> StripeError:
    """400: the request itself is wrong; never kept under an idempotency key."""
    return StripeError(400, "invalid_request_error", message, code=code, param=param)


def refused(message: str, code: str | None = None, param: str | None = None) -> StripeError:
    """400 decided while executing (an invoice that is paid already): kept under the key."""
    return StripeError(400, "invalid_request_error", message, code=code, param=param, stored=True)


def missing(noun: str, key: str, param: str = "id") -> StripeError:
    """404: no such object, or one of another account, which must look the same."""
    return StripeError(
        404,
        "invalid_request_error",
        f"No such {noun}: '{key}'",
        code="resource_missing",
        param=param,
    )


def unauthorized(message: str) -> StripeError:
    """401: the key is absent, unknown or revoked."""
    return StripeError(401, "invalid_request_error", message)


def account_invalid(account: str) -> StripeError:
    """403: the account is unknown, was disconnected, or is not reachable with this key."""
    return StripeError(
        403,
        "invalid_request_error",
        f"The provided key does not have access to account '{account}' (or that account does "
        "not exist). Application access may have been revoked.",
        code="account_invalid",
    )


def not_created_by_platform(noun: str) -> StripeError:
    """403: a platform asks for something that belongs to the account alone. Stripe's own words are
    not published."""
    return StripeError(
        403, "invalid_request_error", f"This {noun} was not created by your application."
    )


def rate_limited(message: str = "Request rate limit exceeded.") -> StripeError:
    """429: too many requests of this account."""
    return StripeError(429, "invalid_request_error", message, code="rate_limit")


def lock_timeout() -> StripeError:
    """429: another request holds the object (docs.stripe.com/rate-limits#object-lock-timeouts)."""
    return StripeError(
        429,
        "invalid_request_error",
        "This object cannot be accessed right now because another API request or Stripe process "
        "is currently accessing it.",
        code="lock_timeout",
    )
