"""Who of a merchant's team may do what. This is the whole matrix: what is not in it is refused."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """What somebody can be allowed to do. Whoever may change a setting may see it, nobody else."""

    SEE_CASES = "see_cases"  # cases, tasks, people whom letters do not reach
    WORK_CASES = "work_cases"  # decide for a case, give tasks away, close them, lift a bounce
    EDIT_MESSAGES = "edit_messages"  # letters, brand, sender, address of links, rules of tasks
    CONNECT = "connect"  # whose payments are chased, and by which key of Stripe's
    HOLD_SECRETS = "hold_secrets"  # keys that open customers' data to programs


class Role(StrEnum):
    """What a member is in a team, as the database holds it."""

    OWNER = "owner"
    ADMIN = "admin"
    OPERATOR = "operator"
    ANALYST = "analyst"
    VIEWER = "viewer"


ALLOWED: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: frozenset(Permission) - {Permission.HOLD_SECRETS},
    Role.OPERATOR: frozenset({Permission.SEE_CASES, Permission.WORK_CASES}),
    Role.ANALYST: frozenset({Permission.SEE_CASES}),
    Role.VIEWER: frozenset({Permission.SEE_CASES}),
}


def may(role: str, wanted: Permission) -> bool:
    """A role that nobody knows may nothing."""
    return role in ALLOWED and wanted in ALLOWED[Role(role)]
