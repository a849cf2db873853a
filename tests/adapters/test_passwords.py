"""argon2id, off the event loop."""

import asyncio

from adapters.secrets.passwords import Argon2Cost, Argon2Passwords

CHEAP = Argon2Cost(memory_kib=8, passes=1)


async def test_a_password_matches_its_own_hash_only() -> None:
    passwords = Argon2Passwords(CHEAP)
    kept = await passwords.hash("correct horse")
    assert kept.startswith("$argon2id$")
    assert await passwords.matches(kept, "correct horse")
    assert not await passwords.matches(kept, "wrong horse")
    assert kept != await passwords.hash("correct horse")


async def test_what_is_no_hash_matches_nothing() -> None:
    assert not await Argon2Passwords(CHEAP).matches("not a hash", "anything")


async def test_the_default_cost_is_what_owasp_asks_for() -> None:
    assert "m=19456,t=2,p=1" in await Argon2Passwords().hash("correct horse")


async def test_the_loop_goes_on_while_passwords_are_hashed() -> None:
    passwords = Argon2Passwords()
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    clock = asyncio.create_task(tick())
    await asyncio.gather(*(passwords.hash("correct horse") for _ in range(6)))
    clock.cancel()
    assert ticks > 5
