"""What a database holds, in a few bytes a table: enough to tell whether two hold the same."""

from typing import Any, Final

import asyncpg
from msgspec import Struct

from wiring.postgres_tools import BackupFailed

# Text forms depend on these; both databases are read with the same.
READABLY: Final = """
    SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL intervalstyle = 'postgres';
    SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'
"""
SIGHT: Final = """
    SELECT rolsuper OR rolbypassrls AS bypasses,
           EXISTS (
               SELECT FROM pg_roles AS owner
               WHERE owner.rolname = 'chargechase_owner'
                 AND pg_has_role(current_user, owner.oid, 'usage')
           ) AS owns
    FROM pg_roles WHERE rolname = current_user
"""
TABLES: Final = """
    SELECT format('%I.%I', n.nspname, c.relname)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence = 'p'
      AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    ORDER BY 1
"""
# The sum does not depend on the order of rows, and a row that is there twice counts twice.
DIGEST: Final = """
    SELECT count(*) AS rows,
           coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint::numeric), 0)::text
               AS digest
    FROM ONLY {table} AS t
"""


class TableDigest(Struct, frozen=True):
    """How many rows a table has, and a checksum over what stands in them."""

    rows: int
    digest: str


async def bypasses_row_security(connection: "asyncpg.Connection[Any]") -> bool:
    """False for the owner, who sees all rows by a policy. Raises BackupFailed for anybody else:
    half a database would look like a whole one."""
    login = await connection.fetchrow(SIGHT)
    if not (login["bypasses"] or login["owns"]):
        raise BackupFailed("This login may not see every row; use the one that migrates.")
    return bool(login["bypasses"])


async def table_names(connection: "asyncpg.Connection[Any]") -> tuple[str, ...]:
    """Every permanent table outside the system's schemas, quoted and with its schema."""
    return tuple(row[0] for row in await connection.fetch(TABLES))


async def read_digests(connection: "asyncpg.Connection[Any]") -> dict[str, TableDigest]:
    """One digest a table. Call it inside a transaction, so that all are of one moment."""
    await bypasses_row_security(connection)
    await connection.execute(READABLY)
    digests = {}
    for table in await table_names(connection):
        row = await connection.fetchrow(DIGEST.format(table=table))
        digests[table] = TableDigest(row["rows"], row["digest"])
    return digests


def differences(wanted: dict[str, TableDigest], found: dict[str, TableDigest]) -> tuple[str, ...]:
    """One line for each table that is not the same; empty if all are."""
    lines = []
    for table in sorted(wanted.keys() | found.keys()):
        here, there = wanted.get(table), found.get(table)
        if there is None:
            lines.append(f"{table} is missing")
        elif here is None:
            lines.append(f"{table} is not in the backup")
        elif here.rows != there.rows:
            lines.append(f"{table} has {there.rows} rows instead of {here.rows}")
        elif here != there:
            lines.append(f"{table} has other content in its {here.rows} rows")
    return tuple(lines)
