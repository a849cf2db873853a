"""`chargechase policy`: look at presets, check a file, bring one in and take one out."""

import asyncio
import io
from collections.abc import Callable
from contextvars import Context
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from msgspec.structs import replace

from adapters.policy_files import from_toml, to_toml
from adapters.postgres.intake import open_intake
from adapters.postgres.pools import Pools
from domain.decline import FINAL, DeclineFamily, may_sort
from domain.decline.codes import DECLINE_CODES
from domain.decline.disputed import DISPUTED
from domain.policy import PRESETS, balanced
from domain.recovery import events as e
from tests.builders import DAY, MONDAY, a_policy
from tests.contract.worlds import World, in_postgres, opened, refused, tell
from wiring.cli import FAILED, MISUSED, OK, main

Typed = Callable[..., Any]
WAITING = """
select count(*) from pg_locks
join pg_stat_activity using (pid)
where not granted and datname = current_database()
"""
SAID = pytest.CaptureFixture[str]


@pytest.fixture
async def world(database_url: str, postgres_pools: Pools) -> Any:
    """An installation without merchants that can be found."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("truncate stripe_accounts cascade")
    await connection.close()
    async with open_intake(database_url) as intake:
        yield in_postgres(postgres_pools, intake)


@pytest.fixture
def typed(database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: SAID) -> Typed:
    """Types a command, in this process, and reads what it printed."""
    monkeypatch.setenv("CHARGECHASE_DATABASE_URL", database_url)

    async def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = await asyncio.to_thread(main, ("policy", *arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A policy that a merchant has edited."""
    path = tmp_path / "policy.toml"
    path.write_text(to_toml(a_policy(window=20 * DAY, version=9)))
    return path


@pytest.fixture
def bad_file(tmp_path: Path) -> Path:
    """A file that is no policy."""
    path = tmp_path / "bad.toml"
    path.write_text("colour = 'blue'")
    return path


def test_presets_are_listed_with_what_they_are_for(capsys: SAID) -> None:
    assert main(["policy", "presets"]) == OK
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(PRESETS)
    assert all(line.endswith(".") for line in lines)


def test_a_preset_is_shown_as_a_file(capsys: SAID) -> None:
    assert main(["policy", "show", "balanced", "--timezone", "Europe/Berlin"]) == OK
    assert from_toml(capsys.readouterr().out) == balanced("Europe/Berlin")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "bold"], "presets are gentle, balanced"),
        (["show", "gentle", "--timezone", "Mars/Olympus"], "Choose a time zone"),
    ],
)
def test_what_cannot_be_shown_is_a_command_line_that_makes_no_sense(
    arguments: list[str], told: str, capsys: SAID
) -> None:
    assert main(["policy", *arguments]) == MISUSED
    said = capsys.readouterr()
    assert told in said.err
    assert not said.out


def test_without_a_verb_the_command_line_makes_no_sense() -> None:
    with pytest.raises(SystemExit) as left:
        main(["policy"])
    assert left.value.code == MISUSED


def test_a_good_file_can_be_used(file: Path, capsys: SAID) -> None:
    assert main(["policy", "check", str(file)]) == OK
    assert capsys.readouterr().out == '"berlin" can be used.\n'


def test_a_bad_file_is_told_of_all_its_faults(file: Path, capsys: SAID) -> None:
    wrong = file.read_text().replace("card_day_limit = 1", "card_day_limit = 11")
    file.write_text(wrong.replace('"2 d"', '"2 days"', 1))
    assert main(["policy", "check", str(file)]) == FAILED
    said = capsys.readouterr()
    assert not said.out
    told = [line.partition(": ")[0] for line in said.err.splitlines()]
    assert len(told) == 2
    assert "card_day_limit" in told


def test_a_file_is_read_from_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: SAID) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(to_toml(a_policy()).encode())))
    assert main(["policy", "check", "-"]) == OK
    assert "berlin" in capsys.readouterr().out


@pytest.mark.parametrize("raw", [None, b"name = '\xff'"])
def test_a_file_that_cannot_be_read_is_told_in_one_line(
    raw: bytes | None, tmp_path: Path, capsys: SAID
) -> None:
    path = tmp_path / "policy.toml"
    if raw is not None:
        path.write_bytes(raw)
    assert main(["policy", "check", str(path)]) == FAILED
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be read" in line


def test_every_code_is_printed_with_its_family_and_the_disputed_ones_as_such(capsys: SAID) -> None:
    assert main(["policy", "declines"]) == OK
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("decline code")
    told = {line.split()[0]: line for line in lines[at + 1 : at + 1 + len(DECLINE_CODES)]}
    assert {code: line.split()[1] for code, line in told.items()} == {
        code: family.value for code, family in DECLINE_CODES.items()
    }
    disputed = {code for code, line in told.items() if "disputed: " in line}
    assert disputed == {one.code for one in DISPUTED}
    assert "Stripe does not stop, Polar stops" in told["do_not_honor"]


def test_of_the_forbidding_codes_those_that_may_be_changed_are_marked_and_no_others(
    capsys: SAID,
) -> None:
    assert main(["policy", "declines"]) == OK
    lines = capsys.readouterr().out.splitlines()
    marked = {line.split()[0] for line in lines if "may be changed" in line}
    forbidding = {code for code, family in DECLINE_CODES.items() if family in FINAL}
    assert marked == {code for code in forbidding if may_sort(code, DeclineFamily.UNKNOWN)}
    told = next(line for line in lines if line.split()[:1] == ["security_violation"])
    assert "may be changed. disputed: Stripe does not stop, Polar stops" in told


async def test_the_only_merchants_policy_is_brought_in_and_taken_out_again(
    world: World, typed: Typed, file: Path
) -> None:
    shop = await world.shop()
    code, said, _ = await typed("import", str(file))
    assert (code, said) == (OK, '"berlin" is in force as version 2.\n')
    code, said, _ = await typed("export")
    assert code == OK
    assert from_toml(said) == a_policy(window=20 * DAY, version=2)
    assert (await typed("import", str(file)))[1] == '"berlin" is in force as version 2.\n'
    async with world.open_uow(shop.merchant_id) as uow:
        assert (await uow.policies.active()).version == 2
        assert await uow.policies.version(1) == a_policy()


async def test_of_several_merchants_one_must_be_named(
    world: World, typed: Typed, file: Path
) -> None:
    first, second = await world.shop(), await world.shop()
    for arguments in (("export",), ("import", str(file))):
        code, said, told = await typed(*arguments)
        assert (code, said) == (MISUSED, "")
        assert str(first.merchant_id) in told
        assert str(second.merchant_id) in told
    code, _, _ = await typed("import", str(file), "--merchant", str(second.merchant_id))
    assert code == OK
    _, said, _ = await typed("export", "--merchant", str(first.merchant_id))
    assert from_toml(said) == a_policy()
    _, said, _ = await typed("export", "--merchant", str(second.merchant_id))
    assert from_toml(said) == replace(a_policy(window=20 * DAY), version=2)


async def test_a_merchant_that_is_not_there_has_no_policy(
    world: World, typed: Typed, file: Path
) -> None:
    await world.shop()
    stranger = str(uuid4())
    for arguments in (("export",), ("import", str(file))):
        code, said, told = await typed(*arguments, "--merchant", stranger)
        assert (code, said) == (FAILED, "")
        assert f"there is no merchant {stranger}" in told


async def test_a_bad_file_is_not_brought_in(world: World, typed: Typed, bad_file: Path) -> None:
    shop = await world.shop()
    code, _, told = await typed("import", str(bad_file))
    assert code == FAILED
    assert "colour: There is no such field" in told
    async with world.open_uow(shop.merchant_id) as uow:
        assert (await uow.policies.active()).version == 1


async def test_of_two_at_once_the_later_is_told_to_look_again(
    world: World, database_url: str, typed: Typed, file: Path
) -> None:
    shop = await world.shop()
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.policies.activate(a_policy(window=30 * DAY), "user:ada", MONDAY)
        # A context of its own: another process is not inside this one's unit of work.
        later = asyncio.create_task(typed("import", str(file)), context=Context())
        await _until_it_waits(database_url, later)
    code, _, told = await later
    assert code == FAILED
    assert "try again" in told
    async with world.open_uow(shop.merchant_id) as uow:
        assert (await uow.policies.active()).window == 30 * DAY


async def _until_it_waits(database_url: str, later: asyncio.Future[Any]) -> None:
    """Until a transaction stands behind another's in this test's database, or it is over."""
    connection = await asyncpg.connect(database_url)
    try:
        while not (later.done() or await connection.fetchval(WAITING)):
            await asyncio.wait([later], timeout=0.01)
    finally:
        await connection.close()


async def test_a_merchants_own_past_is_read_from_the_database(typed: Typed, world: World) -> None:
    shop = await world.shop()
    for number in range(3):
        case_id = uuid4()
        await tell(
            world,
            shop,
            case_id,
            opened(shop, f"in_{number}"),
            refused(f"ch_{number}"),
            e.CaseLost(at=MONDAY + 14 * DAY, reason=e.LossReason.WINDOW_OVER),
        )
    named = ("backtest", "--from-database", "--policy-b", "gentle")
    code, out, err = await typed(*named, "--merchant", str(shop.merchant_id))
    assert code == OK, err
    assert "3 failed payments, worth" in out
    assert (await typed(*named))[0] == OK
    assert (await typed(*named, "--merchant", str(uuid4())))[0] == FAILED
    await world.shop()
    code, _, err = await typed(*named)
    assert code == MISUSED
    assert "--merchant" in err
    assert (await typed("backtest"))[0] == MISUSED
