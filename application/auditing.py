"""Audit rows that stores write for what they do by themselves."""

from datetime import datetime

from application.ports.stores import AuditEntry
from domain.policy import Policy


def activation(before: int, policy: Policy, actor: str, at: datetime) -> AuditEntry:
    """A policy came into force; `before` is the version until then, 0 for none."""
    return AuditEntry(
        at=at,
        actor=actor,
        action="activate_policy",
        subject=f"policy:{policy.version}",
        before={"version": before or None},
        after={"version": policy.version, "name": policy.name},
    )
