"""The pages "In your app" and "API keys": for owners, with every change told in the audit log."""

from uuid import uuid4

import httpx
import pytest

from application.customer_signature import signature_of
from application.ports.api_keys import MOST_KEYS, is_spelled_right
from domain.entitlement import Wall
from tests.web.site import ACME, NOW, OTHER, STRANGER, Site, form_token, sign_in, visitor

PAGE, KEYS = "/settings/in-your-app", "/settings/api-keys"
FORM = {"shown": "on", "grace_days": "5", "wall": "hard", "origins": "https://app.acme.example"}


def field(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="')[1].split('"', maxsplit=1)[0]


async def send(
    client: httpx.AsyncClient, path: str, page: str = PAGE, **form: str
) -> httpx.Response:
    token = form_token((await client.get(page)).text)
    return await client.post(path, data={"form_token": token, **form})


def actions(site: Site) -> list[str]:
    return [entry.action for (owner, _), entry in site.world.audit.items() if owner == ACME]


async def a_key(mara: httpx.AsyncClient, name: str = "Billing") -> httpx.Response:
    page = (await mara.get(KEYS)).text
    key_id = field(page[page.index("What it is for") - 200 :], "key_id")
    return await send(mara, KEYS, KEYS, key_id=key_id, name=name)


async def test_wishes_are_saved_and_shown_again(site: Site, mara: httpx.AsyncClient) -> None:
    answer = await send(mara, PAGE, **FORM)
    assert answer.status_code == 303
    saved = await site.parts.set_up_in_app.settings(ACME)
    assert saved.origins == ("https://app.acme.example",)
    assert (saved.wanted.grace_days, saved.wanted.wall) == (5, Wall.HARD)
    assert saved.wanted.shown
    assert not saved.wanted.banner
    page = (await mara.get(PAGE)).text
    assert 'value="5"' in page
    assert "https://app.acme.example</textarea>" in page
    assert actions(site) == ["change_in_app"]
    await send(mara, PAGE, **FORM)
    assert actions(site) == ["change_in_app"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"grace_days": "91"}, "from 0 to 90"),
        ({"grace_days": "-1"}, "from 0 to 90"),
        ({"grace_days": ""}, "from 0 to 90"),
        ({"grace_days": "²"}, "from 0 to 90"),
        ({"grace_days": "9" * 5_000}, "from 0 to 90"),
        ({"origins": "https://*.acme.example"}, "https://*.acme.example is not an address"),
        ({"origins": "http://acme.example"}, "http://acme.example is not an address"),
        ({"origins": "<script>alert(1)</script>"}, "&lt;script&gt;alert(1)&lt;/script&gt; is not"),
        ({"origins": "\n".join(f"https://{n}.example" for n in range(21))}, "At most 20"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_saved(
    site: Site, mara: httpx.AsyncClient, changes: dict[str, str], said: str
) -> None:
    answer = await send(mara, PAGE, **{**FORM, **changes})
    assert answer.status_code == 422
    assert said in answer.text
    assert "Nothing was saved." in answer.text
    assert "<script>alert" not in answer.text
    assert site.world.in_app == {}
    assert actions(site) == []


async def test_origins_are_kept_as_browsers_name_them_each_once(
    site: Site, mara: httpx.AsyncClient
) -> None:
    typed = "https://App.Example.com/\r\n\r\n https://app.example.com:443 \nhttp://localhost:3000"
    await send(mara, PAGE, **{**FORM, "origins": typed})
    saved = await site.parts.set_up_in_app.settings(ACME)
    assert saved.origins == ("https://app.example.com", "http://localhost:3000")


async def test_a_secret_is_shown_once_and_signs(site: Site, mara: httpx.AsyncClient) -> None:
    page = await send(mara, f"{PAGE}/secret", before="")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    (secret,) = site.world.in_app[ACME].secrets
    assert page.text.count(secret) == 1
    assert secret not in (await mara.get(PAGE)).text
    assert actions(site) == ["make_signing_secret"]
    assert all(secret not in str(entry) for entry in site.world.audit.values())
    for signature, verdict in ((signature_of(secret, "cus_1"), "is right"), ("0", "is not right")):
        said = {"customer": "cus_1", "signature": signature, "expires": ""}
        assert verdict in (await send(mara, f"{PAGE}/check", **said)).text


async def test_a_form_for_a_secret_works_once(site: Site, mara: httpx.AsyncClient) -> None:
    await send(mara, f"{PAGE}/secret", before="")
    assert field((await mara.get(PAGE)).text, "before") == NOW.isoformat()
    known = site.world.in_app[ACME].secrets
    for stale in ("", "nonsense", "\x00", "2020-01-01T00:00:00+00:00"):
        again = await send(mara, f"{PAGE}/secret", before=stale)
        assert (again.status_code, again.headers["location"]) == (303, f"{PAGE}?refused")
    assert site.world.in_app[ACME].secrets == known
    assert "had been sent already" in (await mara.get(f"{PAGE}?refused")).text


async def test_the_page_holds_what_can_be_copied(site: Site, mara: httpx.AsyncClient) -> None:
    page = (await mara.get(PAGE)).text
    assert f"data-merchant=&#34;{ACME}&#34;" in page
    assert "integrity=&#34;sha384-" in page
    assert f"{site.parts.base_url}/snippet/v1.js" in page
    for language in ("hmac.new(", "createHmac(", "hash_hmac(", "OpenSSL::HMAC"):
        assert language in page


@pytest.mark.parametrize("kind", ["banner", "soft", "hard"])
async def test_each_notice_can_be_seen(mara: httpx.AsyncClient, kind: str) -> None:
    page = await mara.get(f"{PAGE}/preview/{kind}")
    assert page.status_code == 200
    assert f'data-preview="{kind}"' in page.text
    assert (await mara.get(f"{PAGE}/preview/none")).status_code == 404


async def test_a_key_is_shown_once_and_then_known_by_its_ends(
    site: Site, mara: httpx.AsyncClient
) -> None:
    made = await a_key(mara, "Billing <service>")
    key = made.text.split("<code>")[1].split("</code>")[0]
    assert is_spelled_right(key)
    assert key.startswith("cc_test_")
    assert made.headers["cache-control"] == "no-store"
    page = (await mara.get(KEYS)).text
    assert key not in page
    assert "Billing &lt;service&gt;" in page
    assert "Last used: never." in page
    assert actions(site) == ["make_api_key"]
    assert all(key not in str(entry) for entry in site.world.audit.values())


async def test_a_key_is_revoked_and_stays_told_of(site: Site, mara: httpx.AsyncClient) -> None:
    await a_key(mara)
    key_id = field((await mara.get(KEYS)).text, "key_id")
    for _ in range(2):
        answer = await send(mara, f"{KEYS}/revoke", KEYS, key_id=key_id)
        assert answer.status_code == 303
    assert "1 revoked" in (await mara.get(KEYS)).text
    assert actions(site) == ["make_api_key", "revoke_api_key"]


async def test_one_form_makes_one_key_and_there_are_only_so_many(
    site: Site, mara: httpx.AsyncClient
) -> None:
    key_id = str(uuid4())
    await send(mara, KEYS, KEYS, key_id=key_id, name="x")
    again = await send(mara, KEYS, KEYS, key_id=key_id, name="x")
    assert "No key was made." in again.text
    for _ in range(MOST_KEYS + 2):
        await send(mara, KEYS, KEYS, key_id=str(uuid4()), name="x")
    assert len(site.world.api_keys) == MOST_KEYS
    assert (await send(mara, KEYS, KEYS, key_id="x", name="x")).status_code == 404


async def test_one_merchants_keys_are_nobody_elses(site: Site, mara: httpx.AsyncClient) -> None:
    await a_key(mara)
    ((_, key_id),) = site.world.api_keys
    async with visitor(site) as otto:
        await sign_in(otto, STRANGER)
        assert "There is no key yet." in (await otto.get(KEYS)).text
        absent = await send(otto, f"{KEYS}/revoke", KEYS, key_id=str(uuid4()))
        foreign = await send(otto, f"{KEYS}/revoke", KEYS, key_id=str(key_id))
    assert (absent.status_code, absent.headers["location"]) == (303, KEYS)
    assert (foreign.status_code, foreign.headers["location"]) == (303, KEYS)
    assert site.world.api_keys[ACME, key_id].key.revoked_at is None
    assert not [entry for (owner, _), entry in site.world.audit.items() if owner == OTHER]


async def test_who_is_no_owner_sees_and_changes_nothing(
    site: Site, mara: httpx.AsyncClient
) -> None:
    token = form_token((await mara.get(PAGE)).text)
    for place in site.world.roles:
        site.world.roles[place] = "admin"
    for path in (PAGE, KEYS, f"{PAGE}/preview/hard"):
        answer = await mara.get(path)
        assert answer.status_code == 403
        assert "Your role in the team does not reach that far" in answer.text
    for path in (PAGE, f"{PAGE}/secret", f"{PAGE}/check", KEYS, f"{KEYS}/revoke"):
        form = {"form_token": token, "key_id": str(uuid4()), "name": "x", **FORM}
        assert (await mara.post(path, data=form)).status_code == 403
    assert PAGE not in (await mara.get("/cases")).text
    assert site.world.in_app == {}
    assert site.world.api_keys == {}


async def test_who_is_not_signed_in_is_sent_to_sign_in(stranger: httpx.AsyncClient) -> None:
    for path in (PAGE, KEYS):
        assert (await stranger.get(path)).headers["location"].startswith("/sign-in")


async def test_a_use_is_told_of(site: Site, mara: httpx.AsyncClient) -> None:
    made = await a_key(mara)
    key = made.text.split("<code>")[1].split("</code>")[0]
    async with visitor(site) as program:
        address = "/api/v1/customers/cus_1/entitlement"
        answer = await program.get(address, headers={"authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    assert "Last used: just now." in (await mara.get(KEYS)).text
