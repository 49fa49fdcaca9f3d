"""Many callers, one sync."""

import asyncio

from tests.support.road import Town, road_of


async def test_64_concurrent_posters_share_their_syncs(town: Town) -> None:
    async with road_of(town) as road:
        database = road.daemon.report.database
        before = database.commits

        async def poster(number: int) -> None:
            for call in range(10):
                status, answer = await road.post("name:Al", "first_blood", id=f"{number}/{call}")
                assert status == 202, answer

        await asyncio.gather(*(poster(number) for number in range(64)))
        await road.settled(held=640)
        commits = database.commits - before
        print(f"events=640 commits={commits}")

    assert commits < 640 / 5
