"""argon2id: slow on purpose, so off the event loop and a few at a time."""

import asyncio
from typing import Final

import argon2
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct

AT_ONCE: Final = 4  # 19 MiB each; more sign-ins than that wait their turn


class Argon2Cost(Struct, frozen=True, kw_only=True):
    """What one guess costs. Source: OWASP Password Storage Cheat Sheet, argon2id minimum."""

    memory_kib: int = 19_456
    passes: int = 2
    lanes: int = 1


class Argon2Passwords:
    """A new hash with a fresh salt, and the check of one."""

    def __init__(self, cost: Argon2Cost | None = None) -> None:
        cost = cost or Argon2Cost()
        self._hasher = argon2.PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes
        )
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, password_hash: str, password: str) -> bool:
        async with self._turns:
            return await asyncio.to_thread(self._matches, password_hash, password)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
