"""The table of fields is whole: what stands on a page, or is read from a request, is in it."""

import re

from tests.web.injected.asking import Browser
from tests.web.injected.house import House
from tests.web.injected.table import TABLE, How, fields
from tests.web.injected.walk import Forms, headers_of_code, queries_of_code
from tests.web.injections import ALL
from tests.web.site import Site

TEXT, UUID = re.compile(r"\{\w+:(?:str|path)\}"), re.compile(r"\{\w+:uuid\}")
# Taken like those of the forms beside it, though no page of ours sends it.
UNSHOWN = {("/tasks/{}/reopen", "case"), ("every form of the team", "form_token")}


async def _on_pages(house: House, somebody: Browser) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for page in house.pages:
        answer = await somebody.get(page)
        found |= Forms(answer.text, page).fields() if answer.body else set()
    return found


async def _on_pages_of_a_newcomer(pages: tuple[str, ...]) -> set[tuple[str, str]]:
    site = Site()
    await site.open_house()
    newcomer = Browser(site)
    await newcomer.sign_in()
    answers = {page: await newcomer.get(page) for page in pages}
    return {
        field
        for page, answer in answers.items()
        if answer.body
        for field in Forms(answer.text, page).fields()
    }


async def test_every_field_of_every_form_is_in_the_table_and_no_other() -> None:
    house = House()
    mara = await house.furnish()
    found = await _on_pages(house, mara) | await _on_pages(house, Browser(house))
    found |= await _on_pages_of_a_newcomer(house.pages)
    known = {(each.at, each.name) for each in fields(How.FORM)}
    named = {(at, name) for at, name in found if name not in ("", "form_token")}
    assert named - known == set(), "fields that nobody tries"
    assert known - named == UNSHOWN, "fields that are gone"


def test_every_parameter_of_an_address_is_in_the_table() -> None:
    assert queries_of_code() - {each.name for each in fields(How.QUERY)} == set()


def test_every_header_that_is_read_is_in_the_table() -> None:
    assert headers_of_code() - {each.name for each in fields(How.HEADER)} == set()


def test_every_part_of_a_path_that_is_a_text_is_in_the_table() -> None:
    routes = [route for route in House().app.routes if TEXT.search(route.path)]
    asked = {
        f"{method} {UUID.sub('{}', TEXT.sub('<>', route.path))}"
        for route in routes
        for method in getattr(route, "methods", ())
        if method != "OPTIONS"
    }
    assert asked - {each.at for each in fields(How.PATH)} == set()


def test_there_are_more_than_two_hundred_strings_and_each_field_is_there_once() -> None:
    assert len(ALL) == len(set(ALL)) > 200
    assert len(TABLE) == len({(each.how, each.at, each.name) for each in TABLE})
