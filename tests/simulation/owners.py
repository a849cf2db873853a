"""Whose an account is, or was before it took its agreement back: the audit log remembers."""

from uuid import UUID

from adapters.memory.world import MemoryWorld


def merchant_of(world: MemoryWorld, account: str) -> UUID | None:
    """Who registered it; None if nobody did."""
    registered = (
        merchant_id
        for (merchant_id, _), told in world.audit.items()
        if told.action == "register_merchant" and told.after["account"] == account
    )
    return next(registered, None)


def owner_of(world: MemoryWorld, account: str) -> UUID:
    """Raises KeyError."""
    merchant_id = merchant_of(world, account)
    if merchant_id is None:
        raise KeyError(account)
    return merchant_id
