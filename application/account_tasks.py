"""Tasks about a whole Stripe account: a permission is missing, a key is not taken any more."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from application.ports.stripe_accounts import Permission
from application.ports.unit_of_work import TaskWork
from application.tasks import Cause, raise_task, settle
from domain.tasks import TaskKind

KIND: Final = TaskKind.CAPABILITY_MISSING
KEY_REFUSED: Final = "key_refused"


async def follow_permissions(
    uow: TaskWork,
    account: str,
    change: tuple[Sequence[Permission], Sequence[Permission]],
    actor: str,
    at: datetime,
) -> None:
    """What the key may not do, before and now. Whoever said that it may stay so is asked again
    only about what is newly missing."""
    before, now = (frozenset(each) for each in change)
    if before == now:
        return
    subject = f"account:{account}"
    was_asked = await uow.tasks.open_of(KIND, subject) is not None
    await settle(uow, KIND, subject, actor=actor, at=at)
    if now and (was_asked or now - before):
        await raise_task(uow, _cause(subject, " ".join(sorted(now))), actor=actor, at=at)


async def follow_key(
    uow: TaskWork, account: str, *, refused: bool, actor: str, at: datetime
) -> None:
    """Stripe does not let us in any more, or does again."""
    subject = _of_key(account)
    if refused:
        await raise_task(uow, _cause(subject, KEY_REFUSED), actor=actor, at=at)
    else:
        await settle(uow, KIND, subject, actor=actor, at=at)


async def account_left(uow: TaskWork, account: str, actor: str, at: datetime) -> None:
    """Nothing about it is anybody's task any more."""
    for subject in (f"account:{account}", _of_key(account)):
        await settle(uow, KIND, subject, actor=actor, at=at)


def _of_key(account: str) -> str:
    return f"key:{account}"


def _cause(subject: str, about: str) -> Cause:
    return Cause(kind=KIND, subject=subject, about=about)
