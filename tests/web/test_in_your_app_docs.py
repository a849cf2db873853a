"""What docs/in-your-app.md tells people to copy is what the page shows, and works as it stands."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from application.customer_signature import signature_of
from domain.entitlement import Reason, State
from tests.browser.server import APP_SECRET, Served, served
from tests.web.site import ACME, form_token
from tests.web.site import EMAIL as MARA
from tests.web.site import PASSWORD as HER_PASSWORD
from tests.web.test_snippet import FROZEN
from web.rates import PER_API_KEY
from web.wording.in_app import FOLDER, SIGNING, example

DOC = (Path(__file__).parents[2] / "docs" / "in-your-app.md").read_text()
WRITTEN_AT = "https://chase.example.com"
# How each language that may be on this machine runs the example and prints the signature.
RUN = {
    "node": ("node", ["--input-type=module", "-e"], "\nconsole.log(JSON.stringify({}))"),
    "php": ("php", ["-r"], "\necho json_encode({});"),
    "ruby": ("ruby", ["-rjson", "-e"], "\nputs JSON.generate({})"),
}


def block(holding: str) -> str:
    """The one example in the document that holds this."""
    found = [text for text in re.findall(r"```\w+\n(.*?)```", DOC, re.DOTALL) if holding in text]
    assert len(found) == 1
    return str(found[0])


def functions(text: str) -> dict[str, Any]:
    """What a Python example defines."""
    made: dict[str, Any] = {}
    exec(text, made)
    return made


@pytest.fixture(scope="module")
def site() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture
def key(site: Served) -> str:
    """As Mara makes one on the page."""
    with httpx.Client(base_url=site.url) as mara:
        form = {"email": MARA, "password": HER_PASSWORD}
        token = form_token(mara.get("/sign-in").text)
        mara.post("/sign-in", data={**form, "form_token": token})
        page = mara.get("/settings/api-keys").text
        made = mara.post(
            "/settings/api-keys",
            data={
                "form_token": form_token(page),
                "key_id": re.findall(r'name="key_id" value="([^"]+)"', page)[-1],
                "name": "as documented",
            },
        )
    return made.text.split("<code>")[1].split("</code>")[0]


def test_the_document_holds_every_example_of_the_page() -> None:
    for path in FOLDER.glob("*.txt"):
        assert example(path.stem, WRITTEN_AT, str(ACME), FROZEN).strip() in DOC, path.name


def test_the_document_names_every_state_reason_and_limit() -> None:
    for word in (*State, *Reason):
        assert f"`{word.value}`" in DOC
    assert f"beyond {PER_API_KEY.per_second:.0f} questions a second" in DOC
    assert f"({PER_API_KEY.at_once:.0f} at once" in DOC


@pytest.mark.parametrize(
    ("customer", "may"), [("cus_in_0001", True), ("cus_in_0003", False), ("cus_nobody", True)]
)
def test_the_python_example_asks(
    site: Served, key: str, monkeypatch: pytest.MonkeyPatch, customer: str, may: bool
) -> None:
    monkeypatch.setenv("API_KEY", key)
    may_use = functions(block("def may_use").replace(WRITTEN_AT, site.url))["may_use"]
    assert may_use(customer) is may


def test_the_python_example_locks_nobody_out_when_we_do_not_answer_or_the_key_is_wrong(
    site: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY", "cc_live_wrong")
    for address in (site.url, "http://127.0.0.1:9"):
        may_use = functions(block("def may_use").replace(WRITTEN_AT, address))["may_use"]
        assert may_use("cus_in_0003") is True


def test_the_python_example_signs_what_the_snippet_believes(
    site: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IN_APP_SECRET", APP_SECRET)
    attributes = functions(block('def signed(customer):\n    """'))["signed"]("cus_in_0003")
    said = {name.removeprefix("data-"): value for name, value in attributes.items()}
    assert set(said) == {"customer", "expires", "signature"}
    answer = httpx.get(
        f"{site.url}/snippet/v1/standing",
        params={"merchant": str(ACME), **said},
        headers={"origin": site.app},
    )
    assert answer.json()["show"] == "hard"


def test_the_other_languages_sign_alike_as_far_as_this_machine_speaks_them() -> None:
    assert set(RUN) == set(SIGNING.values()) - {"python"}
    environment = {**os.environ, "IN_APP_SECRET": APP_SECRET}
    for name, (program, options, printing) in RUN.items():
        path = shutil.which(program)
        if path is None:
            continue
        code = (FOLDER / f"{name}.txt").read_text() + printing.format('signed("cus_1")')
        printed = subprocess.run(
            [path, *options, code], env=environment, capture_output=True, text=True, check=True
        ).stdout
        told = httpx.Response(200, text=printed).json()
        ends = told["data-expires"]
        assert abs(int(ends) - time.time() - 86_400) < 60
        assert told["data-signature"] == signature_of(APP_SECRET, "cus_1", ends)


def test_the_curl_example_asks(site: Served, key: str) -> None:
    line = block("curl -H").replace(WRITTEN_AT, site.url).replace("cus_…", "cus_in_0001")
    environment = {**os.environ, "API_KEY": key}
    printed = subprocess.run(
        ["sh", "-c", line], env=environment, capture_output=True, text=True, check=False
    )
    if shutil.which("curl"):
        assert '"state":"grace"' in printed.stdout
