"""Where Piccolo finds the migrations. They are written by hand: no table is compared with them."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

APP_CONFIG = AppConfig(
    app_name="postgres",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=[],
)
