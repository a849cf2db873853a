"""`chargechase run`: everything on this machine, until Ctrl-C."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Final

from rehearsal.embedded import EmbeddedError, lock_folder
from wiring.run_children import environ_of, migration_of, product_of, servers_of, surroundings_of
from wiring.run_folder import RunFolder, RunRefused
from wiring.run_plan import RunPlan, data_folder, plan_run
from wiring.settings import Settings, load
from wiring.supervisor import Supervisor
from wiring.tending import RestartRules, RunEnded
from wiring.terminal import Terminal

if TYPE_CHECKING:
    from wiring.demo import Login

CLOCK_SAVED_EVERY_S: Final = 1.0


def run(environ: Mapping[str, str]) -> int:
    """Run until asked to stop: 0. What stands in the way is one line on stderr: 1."""
    terminal = Terminal()
    try:
        folder = RunFolder(data_folder(environ))
        lock = lock_folder(folder.path)
        try:
            asyncio.run(_run(plan_run(environ, folder), terminal))
        finally:
            lock.release()
    except (EmbeddedError, RunRefused, RunEnded, OSError) as reason:
        terminal.clear()
        print(f"chargechase: {reason}", file=sys.stderr)
        return 1
    return 0


async def _run(plan: RunPlan, terminal: Terminal) -> None:
    settings = load(environ_of(plan))
    plan.folder.clear_state()
    supervisor = Supervisor(
        logs=plan.folder.logs,
        say=terminal.say,
        on_pids=plan.folder.write_pids,
        rules=RestartRules(plan.max_deaths_per_minute),
    )
    _stop_on_signals(supervisor)
    keeping_time = asyncio.create_task(_keep_time(plan))
    try:
        if await _unless_asked(supervisor, _start(plan, settings, supervisor, terminal)):
            await supervisor.wait()
    finally:
        plan.folder.clear_state()
        terminal.say("Stopping …")
        await supervisor.stop()
        keeping_time.cancel()
        if plan.clock is not None:
            plan.clock.save()
    terminal.say(f"Stopped. The data is kept in {plan.folder.path}")


async def _start(
    plan: RunPlan, settings: Settings, supervisor: Supervisor, terminal: Terminal
) -> None:
    """Everything in its order; RunEnded or EmbeddedError if something will not start."""
    began = time.monotonic()
    terminal.step("Starting Postgres and Redis")
    for server in servers_of(plan):
        await asyncio.to_thread(server.prepare)  # here a refusal is told; later it is a death
        await supervisor.start(server)
    terminal.step("Bringing the tables up to date")
    login, *_ = await _together(
        _prepare_database(plan, settings, supervisor),
        *(supervisor.start(child) for child in surroundings_of(plan)),
    )
    terminal.step("Starting web, worker and dispatcher")
    await _together(*(supervisor.start(child) for child in product_of(plan)))
    plan.folder.write_settings(environ_of(plan))
    plan.folder.write_state(_state(plan, login))
    _welcome(plan, login, terminal, time.monotonic() - began)


async def _prepare_database(plan: RunPlan, settings: Settings, supervisor: Supervisor) -> "Login":
    await supervisor.run_to_end(migration_of(plan))
    from wiring.demo import seed  # noqa: PLC0415 - the whole product: a refusal need not wait

    return await seed(settings)


async def _together(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """At once, as imports take most of a start; the first that fails ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
    return [task.result() for task in tasks]


def _state(plan: RunPlan, login: "Login") -> dict[str, object]:
    """What other programs hold on to; null where the run has no such thing."""
    return {
        "web": plan.web_url,
        "stripe_double": plan.double_url if plan.rehearsal else None,
        "mailbox": plan.mailbox_url if plan.mailbox else None,
        "login": {"email": login.email, "password": login.password},
        "database_url": plan.postgres.url(),
        "redis_url": plan.redis.url(),
    }


def _welcome(plan: RunPlan, login: "Login", terminal: Terminal, took_s: float) -> None:
    facts = {"Open": plan.web_url, "Sign in": f"{login.email}   {login.password}"}
    if plan.mailbox:
        facts["Mailbox"] = plan.mailbox_url
    facts["Stripe"] = (
        f"rehearsed on this machine, no money moves: {plan.double_url}"
        if plan.rehearsal
        else "your account, with the key you gave"
    )
    if plan.clock is not None:
        now = plan.clock.clock.now()
        facts["Time"] = f"rehearsed too: it is {now:%A} {now.day} {now:%B %Y}, and time flies"
    facts["Data"] = str(plan.folder.path)
    title = f"ChargeChase is ready (it took {took_s:.1f} s)"
    terminal.banner(title, facts, "Ctrl-C stops everything.")


async def _unless_asked(supervisor: Supervisor, starting: Coroutine[Any, Any, None]) -> bool:
    """Whether the start came to its end; Ctrl-C may come at any moment of it."""
    start = asyncio.create_task(starting)
    asked = asyncio.create_task(supervisor.asked_to_stop())
    await asyncio.wait({start, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if start.done():
        start.result()
        return True
    start.cancel()
    await asyncio.wait({start})
    return False


async def _keep_time(plan: RunPlan) -> None:
    """Virtual time never goes backwards, not even over a kill: the next second is kept."""
    while plan.clock is not None:
        with contextlib.suppress(OSError):  # a full disk is told by those who need it more
            plan.clock.save(ahead_s=2 * CLOCK_SAVED_EVERY_S)
        await asyncio.sleep(CLOCK_SAVED_EVERY_S)


def _stop_on_signals(supervisor: Supervisor) -> None:
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, supervisor.ask_to_stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # `nohup` means what it says
        loop.add_signal_handler(signal.SIGHUP, supervisor.ask_to_stop)
