"""What the merchant's own app asks of us: keys, settings, the secret that signs customers' ids."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from adapters.postgres.migrate import run_scripts

ID = "2026-11-24T00:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "API keys, and what is shown in the merchant's own app"

SCRIPTS = [path.read_text() for path in sorted((Path(__file__).parent / "in_app").glob("*.sql"))]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="postgres", description=DESCRIPTION)

    async def create() -> None:
        await run_scripts(SCRIPTS)

    manager.add_raw(create)
    return manager
