"""The settings of the hand-off: numbers, who is mailed, and Slack, tried out against a real one."""

from collections.abc import AsyncIterator

import httpx
import pytest

from adapters.slack.webhook import SlackWebhook
from domain.tasks import TO_BEGIN_WITH, HandOff, TaskKind
from tests.contract.test_hand_off import PATH as SLACK_PATH
from tests.slack_double import SlackDouble, slack_double
from tests.web.site import ACME, EMAIL, Site, form_token, running, sign_in, visitor

PATH = "/settings/tasks"
DAYS = {f"due_{kind}": str(days) for kind, days in TO_BEGIN_WITH.due_days.items()}
GOOD = {"amounts": "1000 EUR, 600.50 usd; 5000 JPY", **DAYS}


def rules(site: Site) -> HandOff | None:
    held = site.world.hand_offs.get(ACME)
    return held.rules if held else None


async def send(client: httpx.AsyncClient, path: str = PATH, **form: str) -> httpx.Response:
    token = form_token((await client.get(PATH)).text)
    return await client.post(path, data={"form_token": token, **form})


async def test_what_a_merchant_begins_with_stands_on_the_page(mara: httpx.AsyncClient) -> None:
    page = (await mara.get(PATH)).text
    assert 'value="1000 EUR, 1000 GBP, 1000 USD"' in page
    for kind, days in TO_BEGIN_WITH.due_days.items():
        assert f'name="due_{kind}"' in page
        assert f'value="{days}"' in page


async def test_other_numbers_are_kept_and_told_in_the_log(
    site: Site, mara: httpx.AsyncClient
) -> None:
    answer = await send(mara, **{**GOOD, "due_complaint": "9"})
    assert answer.headers["location"] == f"{PATH}?said=saved"
    kept = rules(site)
    assert kept is not None
    assert kept.large == {"eur": 1_000_00, "usd": 600_50, "jpy": 5_000}
    assert kept.due_days[TaskKind.COMPLAINT] == 9
    page = (await mara.get(answer.headers["location"])).text
    assert "Saved." in page
    assert 'value="1000 EUR, 5000 JPY, 600.50 USD"' in page
    (told,) = [each for each in site.world.audit.values() if each.action == "set_hand_off"]
    assert (told.before["due_complaint"], told.after["due_complaint"]) == (1, 9)
    await send(mara, amounts=" ", **DAYS)
    emptied = rules(site)
    assert emptied is not None
    assert emptied.large == {}


@pytest.mark.parametrize(
    "amounts",
    [
        "lots",
        "1000",
        "EUR 1000",
        "1000 EUR, 2000 EUR",
        "0 EUR",
        "-5 EUR",
        "1.234 EUR",
        "5.5 JPY",
        "1e9 EUR",
        "\u0661\u0662 EUR",
        "999999999999 EUR, 9999999999999 USD",
        "1 EUR," * 100,
        '"><script>alert(1)</script>',
    ],
)
async def test_amounts_that_cannot_be_read_come_back_as_they_were_entered(
    site: Site, mara: httpx.AsyncClient, amounts: str
) -> None:
    answer = await send(mara, **{**GOOD, "amounts": amounts})
    assert answer.status_code == 422
    assert "Nothing was saved" in answer.text
    assert "<script>alert" not in answer.text
    assert rules(site) is None


@pytest.mark.parametrize("days", ["", "0", "31", "1.5", "-1", "two", "9" * 500, "\u0661"])
async def test_so_do_days(site: Site, mara: httpx.AsyncClient, days: str) -> None:
    answer = await send(mara, **{**GOOD, "due_large_amount": days})
    assert answer.status_code == 422
    assert rules(site) is None


async def test_members_choose_to_be_mailed_and_strangers_do_not(
    site: Site, mara: httpx.AsyncClient
) -> None:
    me = site.world.users[EMAIL].user_id
    other = next(user for owner, user in site.world.roles if owner != ACME)
    await send(mara, **GOOD, **{f"hears_{me}": "yes", f"hears_{other}": "yes"})
    assert site.world.hearers == {(ACME, me): True}
    assert "checked" in (await mara.get(PATH)).text
    await send(mara, **GOOD)
    assert site.world.hearers == {(ACME, me): False}
    told = [each.after for each in site.world.audit.values() if each.action == "hear_of_tasks"]
    assert [after["hears"] for after in told] == [1, 0]


@pytest.fixture
async def slack() -> AsyncIterator[tuple[SlackDouble, Site, httpx.AsyncClient]]:
    """A site whose Slack is a real server on this machine, and Mara on it."""
    with slack_double() as double:
        site = Site(slack=SlackWebhook(double.base))
        await site.open_house()
        async with running(site), visitor(site) as client:
            await sign_in(client)
            yield double, site, client


Slacked = tuple[SlackDouble, Site, httpx.AsyncClient]


async def test_slack_is_connected_tried_and_let_go(slack: Slacked) -> None:
    double, site, mara = slack
    answer = await send(mara, f"{PATH}/slack", url=f" {double.base}/{SLACK_PATH} ")
    assert answer.headers["location"] == f"{PATH}?said=connected"
    page = (await mara.get(PATH)).text
    assert "s3cret" not in page
    assert "Send a test post" in page
    answer = await send(mara, f"{PATH}/slack/test")
    assert answer.headers["location"] == f"{PATH}?said=posted"
    assert double.posts[0][0] == f"/{SLACK_PATH}"
    assert "ChargeChase posts your tasks here." in double.texts()[0]
    await send(mara, f"{PATH}/slack/drop")
    assert site.world.hand_offs[ACME].slack is None
    answer = await send(mara, f"{PATH}/slack/test")
    assert answer.headers["location"] == f"{PATH}?refused=slack_off"
    assert len(double.posts) == 1
    actions = [entry.action for entry in site.world.audit.values()]
    assert actions == ["connect_slack", "drop_slack"]
    assert "s3cret" not in str(list(site.world.audit.values()))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://evil.example/services/T000/B000/s3cret",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ],
)
async def test_no_other_host_is_ever_taken(site: Site, mara: httpx.AsyncClient, url: str) -> None:
    answer = await send(mara, f"{PATH}/slack", url=url)
    assert answer.headers["location"] == f"{PATH}?refused=slack_url"
    assert ACME not in site.world.hand_offs
    assert "incoming webhook" in (await mara.get(answer.headers["location"])).text


async def test_a_webhook_that_is_no_more_is_told_of_on_the_page(slack: Slacked) -> None:
    double, site, mara = slack
    await send(mara, f"{PATH}/slack", url=f"{double.base}/{SLACK_PATH}")
    double.answer = 410
    answer = await send(mara, f"{PATH}/slack/test")
    assert answer.headers["location"] == f"{PATH}?refused=slack_gone"
    assert site.world.hand_offs[ACME].slack is None
    page = (await mara.get(PATH)).text
    assert "Nothing is posted to Slack since Friday 10 July" in page
    assert "Send a test post" not in page


@pytest.mark.parametrize(
    ("status", "said"), [(403, "slack_refused"), (503, "slack_deferred"), (301, "slack_refused")]
)
async def test_what_slack_answers_is_told(slack: Slacked, status: int, said: str) -> None:
    double, site, mara = slack
    await send(mara, f"{PATH}/slack", url=f"{double.base}/{SLACK_PATH}")
    double.answer, double.leads_to = status, "http://127.0.0.1:1/"
    answer = await send(mara, f"{PATH}/slack/test")
    assert answer.headers["location"] == f"{PATH}?refused={said}"
    assert site.world.hand_offs[ACME].slack == SLACK_PATH


async def test_nothing_from_the_address_gets_onto_the_page(mara: httpx.AsyncClient) -> None:
    page = (await mara.get(f"{PATH}?said=%3Cb%3Ex&refused=%3Cb%3Ey")).text
    assert "<b>x" not in page
    assert 'role="alert"' not in page
