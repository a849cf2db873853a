"""The roles that a member can have."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from adapters.postgres.migrate import run_scripts

ID = "2026-11-24T17:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "roles of members"

SCRIPTS = [path.read_text() for path in sorted((Path(__file__).parent / "access").glob("*.sql"))]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="postgres", description=DESCRIPTION)

    async def create() -> None:
        await run_scripts(SCRIPTS)

    manager.add_raw(create)
    return manager
