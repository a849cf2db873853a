"""The whole product as a stranger meets it: real processes, real HTTP, real mail, no touch."""

import os
import re
import signal
from pathlib import Path

import httpx
import psutil

from tests.running import Running, running, wait_until

# Four weeks in 48 seconds: a whole chase fits into a test.
QUICK = "[[50000, null]]"
FEW = "30"  # customers


def test_it_wins_back_loses_and_writes_without_a_touch_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    with running(tmp_path / "data", CHARGECHASE_REHEARSAL_LEGS=QUICK) as installation:
        children = psutil.Process(installation.pid).children(recursive=True)
        wait_until(
            lambda: _outcomes(installation) >= {"open", "recovered", "lost"},
            seconds=150,
            told=lambda: f"{installation.status()}\n{installation.terminal()}",
        )
        standing = installation.status()
        assert standing["dead"] == 0, standing
        assert standing["open_without_next_action"] == 0, standing
        assert _mails(installation), "nobody was written to"
        _sign_in_and_see_a_case(installation)
        verdict = installation.double("verdict")
        assert verdict["ok"], verdict
        assert installation.stop() == 0
    assert not [child for child in children if child.is_running()]


def test_a_second_run_finds_its_data_and_its_login_again(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with running(folder, CHARGECHASE_REHEARSAL_LEGS=QUICK, CHARGECHASE_REHEARSAL_SIZE=FEW) as first:
        wait_until(lambda: _outcomes(first) >= {"open"}, seconds=60)
        before, login = first.status()["cases"], first.facts["login"]
    with running(folder, CHARGECHASE_REHEARSAL_LEGS="[[1, null]]") as second:
        assert second.facts["login"] == login
        after = second.status()["cases"]
        assert sum(after.values()) >= sum(before.values())


def test_a_killed_worker_is_started_anew_and_said_so_in_a_line(tmp_path: Path) -> None:
    with running(tmp_path / "data", CHARGECHASE_REHEARSAL_SIZE=FEW) as installation:
        old = installation.pids()["worker"]
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: installation.pids().get("worker", old) != old, seconds=20, every=0.1)
        assert "worker" in installation.terminal()


def _outcomes(installation: Running) -> set[str]:
    return {name for name, count in installation.status()["cases"].items() if count}


def _mails(installation: Running) -> list[object]:
    answer = httpx.get(f"{installation.facts['mailbox']}/api/messages")
    answer.raise_for_status()
    found = answer.json()
    return list(found["messages"] if isinstance(found, dict) else found)


def _sign_in_and_see_a_case(installation: Running) -> None:
    web, login = installation.facts["web"], installation.facts["login"]
    with httpx.Client(base_url=web, follow_redirects=True) as browser:
        page = browser.get("/sign-in").text
        token = re.search(r'name="form_token" value="([^"]+)"', page)
        assert token is not None, page
        browser.post("/sign-in", data={**login, "form_token": token[1]})
        listed = browser.get("/cases")
        assert listed.status_code == 200
        link = re.search(r'href="(/cases/[0-9a-f-]{36})', listed.text)
        assert link is not None, listed.text
        shown = browser.get(link[1])
        assert shown.status_code == 200
        assert "<svg" in shown.text
