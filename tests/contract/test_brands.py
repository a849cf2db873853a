"""A merchant's brand is kept whole, is nobody else's, and the system can show it."""

import hashlib
from datetime import timedelta
from uuid import uuid4

from application.ports.brands import MOST_LOGOS, MadeLogo
from domain.brand import Brand, Logo
from tests.builders import MONDAY
from tests.contract.worlds import Shop, World

WHOLE = Brand(
    colour="#0a6a45",
    display_name="Nordlicht",
    sender_name="Anna of Nordlicht",
    reply_to="hello@nordlicht.example",
    footer="Books {{merchant}} <b>since</b> 1987",
    legal_address="Hafenstr. 1\n20457 Hamburg",
    support_email="help@nordlicht.example",
    support_url="https://nordlicht.example/help",
)


def a_logo(number: int = 0) -> MadeLogo:
    picture = f"picture {number}".encode()
    digest = hashlib.sha256(picture).hexdigest()
    return MadeLogo(logo=Logo(digest=digest, width=240, height=80), picture=picture)


async def test_who_said_nothing_has_the_plain_brand(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.brands.current() == Brand()
    merchant = await world.registry.merchant(shop.merchant_id)
    assert merchant.brand == Brand()
    assert merchant.known_as == merchant.name


async def test_a_brand_is_kept_and_shown_to_whoever_asks_for_the_merchant(
    world: World, shop: Shop
) -> None:
    made = a_logo()
    brand = Brand(
        **{name: getattr(WHOLE, name) for name in WHOLE.__struct_fields__ if name != "logo"},
        logo=made.logo,
    )
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.brands.keep_logo(made, MONDAY)
        await uow.brands.put(brand, MONDAY)
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.brands.current() == brand
        assert await uow.brands.picture(made.logo.digest) == made.picture
    merchant = await world.registry.merchant(shop.merchant_id)
    assert (merchant.brand, merchant.known_as) == (brand, "Nordlicht")
    assert await world.registry.logo(shop.merchant_id, made.logo.digest) == made.picture


async def test_the_last_word_counts(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.brands.put(WHOLE, MONDAY)
        await uow.brands.put(Brand(colour="#ff0000"), MONDAY)
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.brands.current() == Brand(colour="#ff0000")


async def test_one_merchants_brand_and_logo_are_nobody_elses(world: World, shop: Shop) -> None:
    made, other = a_logo(), await world.shop()
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.brands.keep_logo(made, MONDAY)
        await uow.brands.put(WHOLE, MONDAY)
    async with world.open_uow(other.merchant_id) as uow:
        assert await uow.brands.current() == Brand()
        assert await uow.brands.picture(made.logo.digest) is None
    assert await world.registry.logo(other.merchant_id, made.logo.digest) is None
    assert await world.registry.logo(uuid4(), made.logo.digest) is None
    assert await world.registry.logo(shop.merchant_id, "no digest at all") is None


async def test_a_few_pictures_stay_and_the_one_that_is_shown_always(
    world: World, shop: Shop
) -> None:
    made = [a_logo(number) for number in range(MOST_LOGOS + 4)]
    async with world.open_uow(shop.merchant_id) as uow:
        for number, each in enumerate(made):
            await uow.brands.keep_logo(each, MONDAY + timedelta(minutes=number))
            if number == 0:
                await uow.brands.put(Brand(logo=each.logo), MONDAY)
    async with world.open_uow(shop.merchant_id) as uow:
        kept = [await uow.brands.picture(each.logo.digest) is not None for each in made]
    assert kept == [True, *[False] * 3, *[True] * MOST_LOGOS]


async def test_the_same_picture_twice_is_one(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.brands.keep_logo(a_logo(), MONDAY)
        await uow.brands.keep_logo(a_logo(), MONDAY)
        assert await uow.brands.picture(a_logo().logo.digest) == a_logo().picture
