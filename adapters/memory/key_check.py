"""Keys that a test knows, and the endpoints made with them."""

from application.ports.payments import StripeUnavailable
from application.ports.stripe_accounts import Holder, Permission, WrongKey


class MemoryKeyCheck:
    """KeyCheck in memory: `holders` says whose each key is, `lacking` what it may not do."""

    def __init__(self) -> None:
        self.holders: dict[str, Holder] = {}
        self.lacking: dict[str, tuple[Permission, ...]] = {}
        self.endpoints: dict[str, str] = {}  # Stripe's id -> address
        self.away = False
        self._made = 0

    async def holder(self, key: str) -> Holder:
        """Raises WrongKey, StripeUnavailable."""
        self._reach()
        if key.startswith("pk_"):
            raise WrongKey("publishable")
        if not key.startswith(("rk_", "sk_")):
            raise WrongKey("not_a_key")
        if key not in self.holders:
            raise WrongKey("refused")
        if Permission.ACCOUNT_READ in self.lacking.get(key, ()):
            raise WrongKey("account_hidden")
        return self.holders[key]

    async def missing(self, key: str) -> tuple[Permission, ...]:
        """Raises StripeUnavailable."""
        self._reach()
        return self.lacking.get(key, ())

    async def make_endpoint(self, key: str, url: str, known: str | None) -> tuple[str, str] | None:
        """The same address is the same endpoint."""
        self._reach()
        if Permission.WEBHOOK_ENDPOINTS_WRITE in self.lacking.get(key, ()):
            return None
        found = next((each for each, at in self.endpoints.items() if at == url), None)
        if found is None:
            self._made += 1
            found = f"we_{self._made}"
            self.endpoints[found] = url
        if known is not None:
            self.endpoints.pop(known, None)
        return found, f"whsec_{found}"

    async def drop_endpoint(self, key: str, stripe_id: str) -> None:
        """Raises StripeUnavailable."""
        self._reach()
        if Permission.WEBHOOK_ENDPOINTS_WRITE not in self.lacking.get(key, ()):
            self.endpoints.pop(stripe_id, None)

    def _reach(self) -> None:
        if self.away:
            raise StripeUnavailable("away")
