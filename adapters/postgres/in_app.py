"""What is shown in the merchants' own apps: settings of one, secrets of all.

The app's role writes what is sealed and cannot read it; the system's reads it.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from adapters.postgres.pools import acquired
from application.ports.in_app import (
    BEGINNING,
    OLD_SECRET_FOR,
    InAppSettings,
    Signer,
)
from application.ports.sealing import Place, Sealing
from domain.entitlement import InApp, Wall

SECRETS: Final = "secrets_sealed"

COLUMNS: Final = "grace_days, shown, banner, wall, origins, secret_made_at"
READ: Final = f"select {COLUMNS} from in_app_settings where merchant_id = $1"  # noqa: S608
SAVE: Final = """
insert into in_app_settings (merchant_id, grace_days, shown, banner, wall, origins)
values ($1, $2, $3, $4, $5, $6)
on conflict (merchant_id) do update set
    grace_days = $2, shown = $3, banner = $4, wall = $5, origins = $6
"""
BEGIN: Final = """
insert into in_app_settings (merchant_id, grace_days, shown, banner, wall, origins)
values ($1, $2, $3, $4, $5, '{}') on conflict do nothing
"""
PUT_NEWEST: Final = """
update in_app_settings set secrets_sealed = $2, secret_made_at = $3
where merchant_id = $1 and secret_made_at is not distinct from $4
"""
FIND: Final = f"""
select merchant_id, {SECRETS}, {COLUMNS} from in_app_settings
where merchant_id = $1 and {SECRETS} is not null
"""  # noqa: S608 - names from above

_as_secrets: Final = msgspec.json.Decoder(tuple[str, ...]).decode


def place_of(merchant_id: UUID) -> Place:
    """Where a merchant's signing secrets are stored."""
    return Place(merchant_id, f"in_app_settings.{SECRETS}")


class PostgresInAppStore:
    """Settings of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID, box: Sealing) -> None:
        self._connection = connection
        self._merchant_id = merchant_id
        self._box = box

    async def read(self) -> InAppSettings:
        row = await self._connection.fetchrow(READ, self._merchant_id)
        return InAppSettings() if row is None else _settings(row)

    async def save(self, wanted: InApp, origins: tuple[str, ...]) -> None:
        row = (wanted.grace_days, wanted.shown, wanted.banner, wanted.wall.value)
        await self._connection.execute(SAVE, self._merchant_id, *row, list(origins))

    async def keep_secret(
        self, secret: str, before: datetime | None, at: datetime, old: str | None
    ) -> bool:
        """Raises CannotSeal."""
        several = (secret,) if old is None else (secret, old)
        text = msgspec.json.encode(several).decode()
        sealed = self._box.seal(place_of(self._merchant_id), text)
        begun = (BEGINNING.grace_days, BEGINNING.shown, BEGINNING.banner, BEGINNING.wall.value)
        await self._connection.execute(BEGIN, self._merchant_id, *begun)
        done = await self._connection.execute(PUT_NEWEST, self._merchant_id, sealed, at, before)
        return bool(done == "UPDATE 1")


class PostgresSigners:
    """Merchants by the id in their pages, with their secrets opened; nothing is remembered, so what
    is saved holds from then on."""

    def __init__(self, system_pool: Any, box: Sealing) -> None:
        self._pool = system_pool
        self._box = box

    async def find(self, merchant_id: UUID, now: datetime) -> Signer | None:
        """Raises CannotOpen, Unavailable."""
        async with acquired(self._pool) as connection:
            row = await connection.fetchrow(FIND, merchant_id)
        if row is None:
            return None
        secrets = _as_secrets(self._box.open(place_of(merchant_id), row[SECRETS]))
        is_new = now < row["secret_made_at"] + OLD_SECRET_FOR
        return Signer(settings=_settings(row), secrets=secrets if is_new else secrets[:1])


def wanted_of(row: Any) -> InApp:
    return InApp(
        grace_days=row["grace_days"],
        shown=row["shown"],
        banner=row["banner"],
        wall=Wall(row["wall"]),
    )


def _settings(row: Any) -> InAppSettings:
    return InAppSettings(
        wanted=wanted_of(row), origins=tuple(row["origins"]), secret_made_at=row["secret_made_at"]
    )
