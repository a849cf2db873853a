"""Postgres and Redis from Python wheels, as direct children of whoever starts them."""

from rehearsal.embedded.account import EmbeddedError
from rehearsal.embedded.folder import FolderLock, lock_folder
from rehearsal.embedded.postgres import (
    EmbeddedPostgres,
    PostgresHome,
    postgres_binary,
    start_postgres,
)
from rehearsal.embedded.redis import EmbeddedRedis, RedisHome, start_redis

__all__ = [
    "EmbeddedError",
    "EmbeddedPostgres",
    "EmbeddedRedis",
    "FolderLock",
    "PostgresHome",
    "RedisHome",
    "lock_folder",
    "postgres_binary",
    "start_postgres",
    "start_redis",
]
