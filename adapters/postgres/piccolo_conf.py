"""What Piccolo's migration runner reads. `DB` is set by `migrate`, which knows the address."""

from piccolo.conf.apps import AppRegistry
from piccolo.engine.postgres import PostgresEngine

from adapters.postgres.tables import DIALECT

DB: PostgresEngine = DIALECT
APP_REGISTRY = AppRegistry(apps=["adapters.postgres.piccolo_app"])
